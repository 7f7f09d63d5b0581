from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import CorruptedLabelError
from encord.objects import LabelRowV2, Object
from encord.objects.classification import Classification
from encord.objects.frames import Range
from encord.objects.html_node import HtmlNode, HtmlRange
from encord.objects.options import NestableOption
from encord.orm.dataset import StorageLocation
from encord.orm.storage import DataGroupCustom

from tests.emulator.emulator_support import BUCKET_URL, ESTABLISHING, MANAGER, upload
from tests.emulator.label_support import DRAWINGS, every_shape, initialised, without_stamps
from tests.emulator.storage_support import EVERY_TYPE

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project

pytestmark = pytest.mark.emulator
KEYS = {
    "a video": "film", "/b/c.png": "photo", "a sequence": "frames", "a series": "scan", "a sound": "sound",
    "a volume": "volume", "a text": "text", "a page": "page", "a document": "paper",
}  # fmt: skip


@pytest.fixture
def group_project(client: EncordUserClient) -> Project:
    """Return a project over one data group with an item of nearly every type."""
    folder = client.create_storage_folder("Files")
    page = {"objectUrl": f"{BUCKET_URL}/page.html", "title": "a page"}
    upload(client, folder, EVERY_TYPE | {"text": [*EVERY_TYPE["text"], page]})
    items = {item.name: item.uuid for item in folder.list_items()}
    contents = {key: items[name] for name, key in KEYS.items()}
    group = folder.create_data_group(DataGroupCustom(name="a group", layout_contents=contents))
    dataset = client.create_dataset("Dataset", StorageLocation.S3_COMPATIBLE, create_backing_folder=False)
    client.get_dataset(dataset.dataset_hash).link_items([group])
    ontology = client.create_ontology("Ontology", structure=every_shape())
    arguments = {"ontology_hash": ontology.ontology_hash, "workflow_template_hash": ESTABLISHING}
    return client.get_project(client.create_project("Project", [dataset.dataset_hash], **arguments))


def drawn(row: LabelRowV2, name: str) -> Any:
    return row.ontology_structure.get_child_by_title(name, type_=Object).create_instance()


def test_labels_in_every_space_survive_the_round_trip(group_project: Project) -> None:
    row = initialised(group_project, "a group")
    assert {space.metadata.layout_key for space in row.get_spaces()} == set(KEYS.values())
    box = DRAWINGS["box"][1]
    row.get_space(layout_key="film", type_="video").put_object_instance(
        drawn(row, "box"), frames=[0, 29], coordinates=box
    )
    row.get_space(layout_key="photo", type_="image").put_object_instance(drawn(row, "box"), coordinates=box)
    frames = row.get_space(layout_key="frames", type_="image_sequence")
    frames.put_object_instance(drawn(row, "polygon"), frames=[0], coordinates=DRAWINGS["polygon"][1])
    for key in ("scan", "volume"):
        medical = row.get_space(layout_key=key, type_="medical")
        medical.put_object_instance(drawn(row, "box"), frames=[1], coordinates=box)
    paper = row.get_space(layout_key="paper", type_="pdf")
    paper.put_object_instance(drawn(row, "box"), pages=[0], coordinates=box)
    row.get_space(layout_key="sound", type_="audio").put_object_instance(drawn(row, "utterance"), ranges=Range(5, 900))
    row.get_space(layout_key="text", type_="text").put_object_instance(drawn(row, "passage"), ranges=Range(2, 8))
    nodes = HtmlRange(start=HtmlNode(xpath="/html[1]/p[1]", offset=2), end=HtmlNode(xpath="/html[1]/p[2]", offset=9))
    row.get_space(layout_key="page", type_="html").put_object_instance(drawn(row, "passage"), ranges=[nodes])
    weather = row.ontology_structure.get_child_by_title("Weather", type_=Classification)
    instance = weather.create_instance()
    instance.set_answer(weather.attributes[0].get_child_by_title("Rainy", type_=NestableOption))
    row.get_space(layout_key="film", type_="video").put_classification_instance(instance, frames=[3, 4])
    sent = json.loads(json.dumps(row.to_encord_dict()))
    row.save()
    again = initialised(group_project, "a group")
    assert without_stamps(json.loads(json.dumps(again.to_encord_dict()))) == without_stamps(sent)
    assert again.is_valid
    film = again.get_space(layout_key="film", type_="video")
    [seen] = film.get_object_instances()
    assert [one.frame for one in film.get_annotations(type_="object")] == [0, 29]
    assert {one.created_by for one in film.get_annotations(type_="object")} == {MANAGER}
    assert len(film.get_classification_instances()) == 1
    [heard] = again.get_space(layout_key="sound", type_="audio").get_annotations(type_="object")
    assert heard.ranges == [Range(5, 900)]
    assert seen.object_name == "box"


def test_spaces_are_told_in_the_listing_and_children_when_asked_for(group_project: Project) -> None:
    [row] = group_project.list_label_rows_v2()
    assert (row.data_type.value, row.data_link) == ("group", None)
    [metadata] = group_project.list_label_rows(include_uninitialised_labels=True)
    [film] = [space for space in metadata.spaces.values() if space["child_info"]["layout_key"] == "film"]
    assert film == {
        "space_type": "video", "number_of_frames": 30, "width": 64, "height": 48, "data_duration": 3, "data_fps": 10,
        "child_info": {"layout_key": "film", "file_name": "a video", "data_link": f"{BUCKET_URL}/a.mp4"}, "labels": {},
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        rows = group_project.list_label_rows_v2(include_children=True)
    children = {one.data_title: one for one in rows if one.group_hash == row.data_hash}
    assert set(children) == set(KEYS)
    assert children["a video"].number_of_frames == 30


def test_labels_of_a_strange_space_are_refused(group_project: Project) -> None:
    row = initialised(group_project, "a group")
    document = row.to_encord_dict()
    space = next(iter(document["spaces"].values()))
    document["spaces"]["nowhere"] = space | {"labels": {"0": {"objects": [], "classifications": []}}}
    with pytest.raises(CorruptedLabelError, match="nowhere"):
        group_project._client.save_label_rows([row.label_hash], [document])
