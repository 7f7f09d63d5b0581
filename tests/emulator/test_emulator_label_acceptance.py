"""What the server makes of labels that it is sent, by documents rather than over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from include.encord_emulator.labels import accept_part
from tests.emulator.test_emulator_label_malformed import NOW, VIDEO, unit_of

FRAMES = [{"uuid": key, "name": key, "url": None, "media": VIDEO["media"]} for key in ("first", "second", "third")]
STAMP = "Fri, 02 Jan 2026 03:04:05 GMT"


def answer(**more: Any) -> dict[str, Any]:
    return {"classificationHash": "c", "classifications": [], **more}


def seen(feature: str | None = "feature") -> dict[str, Any]:
    return {"objects": [], "classifications": [{"classificationHash": "c", "featureHash": feature}]}


@pytest.mark.parametrize(
    ("data_type", "labels", "expected"),
    [
        ("image", {"unit": seen()}, [[0, 0]]),
        ("video", {"unit": {"7": seen(), "3": seen(), "4": seen()}}, [[3, 3], [4, 4], [7, 7]]),
        ("img_group", {"third": seen(), "first": seen()}, [[0, 0], [2, 2]]),
    ],
)
def test_answers_of_older_clients_get_their_range_from_the_frames(
    data_type: str, labels: dict[str, Any], expected: list[list[int]]
) -> None:
    units = {key: {"labels": one} for key, one in labels.items()}
    given = {"data_units": units, "classification_answers": {"c": answer()}}
    part = accept_part(given, unit_of(data_type, "any"), FRAMES, "a@b.test", NOW)
    found = part["classification_answers"]["c"]
    assert (found["featureHash"], found["range"]) == ("feature", expected)


@pytest.mark.parametrize(
    ("data_type", "given", "expected"),
    [
        ("image", answer(featureHash="f"), [[0, 0]]),
        ("video", answer(featureHash="f"), []),
        ("image", answer(featureHash="f", range=[]), []),
        ("video", answer(featureHash="f", range=[[2, 9]]), [[2, 9]]),
        ("audio", answer(featureHash="f", range=None), []),
        ("video", answer(featureHash="f", spaces={"film": {"type": "frame", "range": [[0, 3]]}}), []),
    ],
)
def test_an_answer_always_has_a_range_and_an_empty_one_is_kept(
    data_type: str, given: dict[str, Any], expected: list[list[int]]
) -> None:
    part = accept_part({"classification_answers": {"c": given}}, unit_of(data_type, "any"), None, "a@b.test", NOW)
    assert part["classification_answers"]["c"]["range"] == expected


def test_the_server_says_who_and_when_only_where_nobody_did() -> None:
    old = {"createdBy": "old@b.test", "createdAt": "Thu, 01 Jan 2026 00:00:00 GMT", "lastEditedBy": None}
    given = {"classification_answers": {"c": answer(featureHash="f", **old)}}
    found = accept_part(given, VIDEO, None, "new@b.test", NOW)["classification_answers"]["c"]
    assert (found["createdBy"], found["createdAt"]) == (old["createdBy"], old["createdAt"])
    assert (found["lastEditedBy"], found["lastEditedAt"]) == ("new@b.test", STAMP)


def test_numbers_that_are_taken_are_not_given_again() -> None:
    objects = [{"objectHash": name, "featureHash": "f"} for name in ("a", "b", "c")]
    answers: dict[str, Any] = {name: {"objectHash": name} for name in ("a", "b", "c", "gone")}
    answers["b"]["objectNumber"] = 5
    given = {"data_units": {"unit": {"labels": {"0": {"objects": objects}}}}, "object_answers": answers}
    part = accept_part(given, VIDEO, None, "a@b.test", NOW)
    assert [part["object_answers"][name].get("objectNumber") for name in answers] == [6, 5, 7, None]
    fresh: dict[str, Any] = {"object_answers": {"a": {"objectHash": "a", "featureHash": "f"}}}
    kept = accept_part(fresh, VIDEO, None, "a@b.test", NOW, number_objects=False)
    assert "objectNumber" not in kept["object_answers"]["a"]
