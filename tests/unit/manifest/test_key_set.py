from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.manifest.key_set import KeySet, hash_texts

TEXTS = st.text("ab\0é", max_size=20) | st.text(max_size=40)


@given(st.lists(TEXTS, unique=True, max_size=30))
def test_different_texts_have_different_hashes_whatever_is_beside_them(texts):
    hashes = hash_texts(pa.array(texts, pa.string())).tolist()
    assert len(set(hashes)) == len(texts)
    assert [hash_texts(pa.array([text]))[0] for text in texts] == hashes
    assert hash_texts(pa.array(["before", *texts, "after"]).slice(1, len(texts))).tolist() == hashes


@given(st.lists(st.lists(st.sampled_from([f"{number}" for number in range(40)]), max_size=6), max_size=30))
def test_a_key_is_known_from_its_second_time_on(batches):
    keys, seen = KeySet(), set()
    for batch in batches:
        expected = []
        for key in batch:
            expected.append(key in seen)
            seen.add(key)
        assert keys.add(pa.array(batch, pa.string())).tolist() == expected
