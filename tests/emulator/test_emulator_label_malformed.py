from __future__ import annotations

import copy
from itertools import product
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from encord.exceptions import EncordException
from encord.http.query_methods import QueryMethods
from encord.orm.base_dto import BaseDTO
from encord.orm.label_row import LabelRow, LabelRowMetadata
from encord.orm.labeling_algorithm import LabelingAlgorithm
from encord.orm.workflow import LabelWorkflowGraphNode
from hypothesis import given, settings
from hypothesis import strategies as st

from include.encord_emulator.errors import ApiError
from include.encord_emulator.labels import accept_part, whole_blob
from include.encord_emulator.labels.features import read_features
from include.encord_emulator.labels.selection import keep_features
from include.encord_emulator.labels.validation import find_problems
from tests.emulator.emulator_support import Control
from tests.emulator.label_support import every_shape

if TYPE_CHECKING:
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

NOW = "2026-01-02T03:04:05.000006+00:00"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "1", "x", "\x00", "bounding_box", "objects", "classifications"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["0", "a", "x", "objects"]), inner),
    max_leaves=6,
)  # fmt: skip


def unit_of(data_type: str, item_type: str) -> dict[str, Any]:
    media = {
        "mime": "video/mp4", "width": 64, "height": 48, "fps": 10, "duration": 3.0, "frames": 30, "audio": None,
    }  # fmt: skip
    return {
        "data_hash": "unit", "item_uuid": "item", "data_type": data_type, "item_type": item_type, "title": "a unit",
        "url": "https://bucket/a", "media": media, "dataset_hash": "dataset", "dataset_title": "Dataset",
    }  # fmt: skip


VIDEO = unit_of("video", "video")
MEMBER = VIDEO | {"uuid": "film", "name": "film", "layout_key": "film", "frames": []}
GROUP = unit_of("group", "group")


def document(structure: Any) -> dict[str, Any]:
    """Return a document with objects, attributes and classifications, in a data unit and in a space."""
    car = next(one for one in structure["objects"] if one["name"] == "car")
    kind = car["attributes"][0]
    weather = structure["classifications"][0]
    chosen = {"featureHash": kind["options"][0]["featureNodeHash"], "name": "Van", "value": "van"}
    answer = {"featureHash": kind["featureNodeHash"], "name": "Kind", "value": "kind", "answers": [chosen]}
    lights = {
        "featureHash": car["attributes"][-1]["featureNodeHash"],
        "answers": [],
        "dynamic": True,
        "range": [[0, 3]],
    }
    drawn = {
        "objectHash": "car00001", "featureHash": car["featureNodeHash"], "shape": "bounding_box", "createdBy": None,
        "name": "car", "boundingBox": {"x": 0.1, "y": 0.1, "w": 0.1, "h": 0.1}, "polygon": {"0": {"x": 1, "y": 0.5}},
    }  # fmt: skip
    frame = {"objects": [drawn], "classifications": [{"classificationHash": "weather1", "featureHash": "f"}]}
    raining = {"featureHash": weather["attributes"][0]["featureNodeHash"], "answers": []}
    return {
        "data_hash": "unit",
        "data_units": {"unit": {"labels": {"3": frame, "4": frame}}},
        "spaces": {"film": {"labels": {"0": frame}}},
        "object_answers": {"car00001": {"objectHash": "car00001", "objectNumber": 1, "classifications": [answer]}},
        "object_actions": {"car00001": {"objectHash": "car00001", "actions": [lights]}},
        "classification_answers": {
            "weather1": {
                "classificationHash": "weather1", "featureHash": weather["featureNodeHash"], "range": [[3, 4]],
                "classifications": [raining], "spaces": {"film": {"type": "frame", "range": [[0, 0]]}},
            }
        },
    }  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a document with another value at a place."""
    if not path:
        return new
    changed = copy.deepcopy(value)
    spot = changed
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = new
    return changed


STRUCTURE = every_shape().to_dict()
FEATURES = read_features(STRUCTURE)
PLACES = places(document(STRUCTURE))


@settings(max_examples=400, deadline=None)
@given(where=st.sampled_from(PLACES), new=JSON, grouped=st.booleans())
def test_any_json_at_any_place_is_refused_or_can_be_read_again(where: tuple[Any, ...], new: Any, grouped: bool) -> None:
    given_document = put(document(STRUCTURE), where, new)
    unit, children = (GROUP, [MEMBER]) if grouped else (VIDEO, None)
    holders, strange = ("data_units", "unit") if grouped else ("spaces", "film")
    if isinstance(given_document, dict) and isinstance(given_document.get(holders), dict):
        given_document[holders].pop(strange, None)
    try:
        part = accept_part(orjson.loads(orjson.dumps(given_document)), unit, children, "a@b.test", NOW)
    except ApiError:
        return
    label = {"label_hash": "l", "branch": "main", "labels": orjson.loads(orjson.dumps(part))}
    problems = find_problems(part, unit, FEATURES)
    blob = whole_blob(unit, children, label | {"created_at": NOW, "edited_at": NOW, "problems": problems})
    keep_features(blob, ["car"], None, {"x"})
    orjson.dumps(blob)


@settings(max_examples=100, deadline=None)
@given(editor=JSON, where=st.sampled_from(places(STRUCTURE)))
def test_any_ontology_can_be_read_for_its_features(editor: Any, where: tuple[Any, ...]) -> None:
    part = accept_part(document(STRUCTURE) | {"spaces": {}}, VIDEO, None, "a@b.test", NOW)
    find_problems(part, VIDEO, read_features(put(STRUCTURE, where, editor)))


def test_the_document_that_is_broken_above_is_right_itself() -> None:
    part = accept_part(document(STRUCTURE) | {"spaces": {}}, VIDEO, None, "a@b.test", NOW)
    assert find_problems(part, VIDEO, FEATURES) == []
    assert accept_part(document(STRUCTURE) | {"data_units": {}}, GROUP, [MEMBER], "a@b.test", NOW)["spaces"]


def test_labels_nested_too_deeply_to_be_answered_are_refused() -> None:
    deep: Any = "x"
    for _ in range(240):
        deep = [deep]
    with pytest.raises(ApiError, match="too deeply"):
        accept_part(put(document(STRUCTURE), ("data_units", "unit", "labels", "3", "metadata"), deep) | {"spaces": {}},
                    VIDEO, None, "a@b.test", NOW)  # fmt: skip


UIDS: list[Any] = [None, 7, "", [], [None], [["x"]], {"a": 1}, "\x00", "nowhere", ["nowhere", 3], "x" * 100_000]
BODIES: list[Any] = [
    None, 7, "x", [], [1], {"multi_request": 7}, {"multi_request": True}, {"multi_request": True, "labels": None},
    {"multi_request": True, "labels": [None]}, {"multi_request": True, "labels": [{}, {}]}, {"unknown": 1},
    {"branch_name": ""}, {"branch_name": 7}, {"include_object_feature_hashes": "x"}, {"get_signed_url": "perhaps"},
    {"label_hashes": [None]}, {"data_hashes": "x"}, {"edited_before": "yesterday"}, {"label_statuses": ["x"]},
    {"shadow_data_state": 1}, {"data_title_like": ["%"]}, {"action": None}, {"action": "explode"},
    {"algorithm_name": "magic"}, {"algorithm_name": "interpolation", "algorithm_parameters": {}},
    {
        "algorithm_name": "interpolation",
        "algorithm_parameters": {
            "key_frames": {
                "0": {"objects": [{"objectHash": "a", "point": {"0": {"x": 1, "y": "z"}}}]},
                "999999999": {"objects": [{"objectHash": "a", "point": {"0": {"x": None, "y": [1]}}}]},
            },
            "objects_to_interpolate": ["a"],
        },
    },
]  # fmt: skip
QUERIES = [
    ("PUT", LabelRow), ("GET", LabelRow), ("POST", LabelRow), ("GET", LabelRowMetadata),
    ("POST", LabelWorkflowGraphNode), ("POST", LabelingAlgorithm),
]  # fmt: skip


@pytest.mark.emulator
@pytest.mark.parametrize(("method", "kind"), QUERIES, ids=[f"{method}-{kind.__name__}" for method, kind in QUERIES])
def test_malformed_queries_are_refused_and_change_nothing(
    make_project: MakeProject, control: Control, method: str, kind: Any
) -> None:
    project = make_project(images=1)
    [row] = project.list_label_rows_v2()
    row.initialise_labels()
    before = row.to_encord_dict()
    known = [row.label_hash, [row.label_hash], row.data_hash]
    for uid, body in [*product(UIDS, [None, {"action": "complete"}]), *product(known, BODIES)]:
        ask(project, method, kind, uid, body)
    journal = control.requests()
    assert {entry["status"] for entry in journal} <= {200, 400, 404, 409, 413, 422}
    [again] = project.list_label_rows_v2()
    again.initialise_labels()
    assert again.to_encord_dict()["data_units"] == before["data_units"]


def ask(project: Project, method: str, kind: Any, uid: Any, body: Any) -> None:
    querier = project._client._querier
    request = querier._request(QueryMethods(method), kind.__name__.lower(), uid, 10, payload=body)
    try:
        querier._execute(request)
    except EncordException:
        return


class Raw(BaseDTO):
    """A payload that is sent as it is."""

    document: Any

    def to_dict(self, *_: Any, **__: Any) -> Any:
        return self.document


V2 = [
    ("label-rows/classifications", None), ("label-rows/classifications", {"labelUuids": "x"}),
    ("label-rows/classifications", {"labelUuids": ["x"]}), ("label-rows/classifications", {"labelUuids": [], "b": 1}),
    ("label-rows/classifications", {"labelUuids": ["2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1c01"] * 1001}),
    ("labels/copy-branch", None), ("labels/copy-branch", {"sourceBranchName": "main"}),
    ("labels/copy-branch", {"sourceBranchName": "main", "targetBranchName": "main"}),
    ("labels/copy-branch", {"sourceBranchName": 7, "targetBranchName": "x"}),
    ("labels/copy-branch", {"sourceBranchName": "main", "targetBranchName": "x", "dataUuids": "all"}),
]  # fmt: skip


@pytest.mark.emulator
def test_malformed_v2_requests_are_refused(make_project: MakeProject, control: Control) -> None:
    project = make_project(images=1)
    api = project._client._api_client
    start = f"projects/{project.project_hash}"
    for path, body in V2:
        with pytest.raises(EncordException):
            api.post(f"{start}/{path}", params=None, payload=Raw(document=body), result_type=None)
    queries: list[tuple[str, dict[str, str]]] = [
        ("labels/nonsense/validation-state", {}), (f"labels/{project.project_hash}/validation-state", {}),
        ("branches", {"limit": "0"}), ("branches", {"limit": "x"}), ("branches", {"pageToken": "x"}),
        ("branches", {"unknown": "1"}),
    ]  # fmt: skip
    for path, query in queries:
        with pytest.raises(EncordException):
            api.get(f"{start}/{path}", params=Raw(document=query), result_type=None)
    statuses = [entry["status"] for entry in control.requests()]
    assert 500 not in statuses
    assert [statuses.count(status) for status in (400, 404, 422)] == [2, 1, 13]
