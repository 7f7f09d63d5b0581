"""The comparison of the emulator's answers with the SDK's data classes can itself fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from encord.http.v2.payloads import Page
from encord.orm.base_dto import BaseDTO
from encord.orm.project import ProjectDataset

from tests.support.dto_check import problems, watched_answers

if TYPE_CHECKING:
    from encord import EncordUserClient

DATASET = {"datasetHash": "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1c01", "title": "Roads", "description": ""}


def test_an_exact_answer_passes() -> None:
    assert problems(Page[ProjectDataset], {"results": [DATASET], "nextPageToken": None}) == []


def test_an_invented_key_is_found_inside_a_page() -> None:
    page = {"results": [DATASET | {"colour": "red"}], "nextPageToken": None}
    assert problems(Page[ProjectDataset], page) == [".results[] (ProjectDataset) has colour"]


def test_a_forgotten_key_is_found_although_the_sdk_has_a_default_for_it() -> None:
    assert problems(Page[ProjectDataset], {"results": []}) == [
        f"the answer ({Page[ProjectDataset].__name__}) lacks nextPageToken"
    ]


def test_snake_case_is_not_what_the_platform_sends() -> None:
    spelled = {"dataset_hash": DATASET["datasetHash"], "title": "Roads", "description": ""}
    assert problems(ProjectDataset, spelled) == [
        "the answer (ProjectDataset) has dataset_hash",
        "the answer (ProjectDataset) lacks datasetHash",
    ]


def test_the_member_of_a_union_that_fits_best_is_the_one_to_be_judged_by() -> None:
    assert problems(ProjectDataset | Page[ProjectDataset] | None, DATASET | {"colour": 1}) == [
        "the answer (ProjectDataset) has colour"
    ]
    assert problems(ProjectDataset | None, None) == []


class Narrow(BaseDTO):
    """What the SDK would declare if it knew nothing of an answer's one key."""

    other: int = 0


def test_answers_are_watched_where_the_sdk_parses_them(client: EncordUserClient) -> None:
    with watched_answers() as found:
        client.get_cloud_integrations()
        assert found == []
        client._api_client.get("cloud-integrations", params=None, result_type=Narrow)
    assert found == [
        "GET /v2/public/cloud-integrations: the answer (Narrow) has result",
        "GET /v2/public/cloud-integrations: the answer (Narrow) lacks other",
    ]
