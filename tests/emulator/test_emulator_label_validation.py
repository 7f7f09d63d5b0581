"""What is found wrong with labels: by the ontology, the media, the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import (
    AnswerDictionaryError,
    CorruptedLabelError,
)
from encord.objects import OntologyStructure, Shape
from encord.objects.attributes import RadioAttribute

from tests.emulator.emulator_support import ESTABLISHING, Control, image_manifest
from tests.emulator.label_support import every_shape, first_row, initialised, objects_of, project_of, put_box
from tests.emulator.storage_support import EVERY_TYPE

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"featureHash": "elsewhere"}, "feature elsewhere is not in the ontology"),
        ({"shape": "polygon"}, "shape polygon instead of bounding_box"),
        ({"boundingBox": None}, "no boundingBox"),
        ({"boundingBox": {"x": 0.75, "y": 0.1, "w": 0.5, "h": 0.1}}, "boundingBox reaches beyond the media"),
    ],
)
def test_labels_that_do_not_fit_are_kept_as_invalid_or_refused(
    make_project: MakeProject, control: Control, change: dict[str, Any], error: str
) -> None:
    project = make_project(ESTABLISHING, images=1)
    row = first_row(project)
    put_box(row)
    document = row.to_encord_dict()
    objects_of(document)[0].update(change)
    client = project._client
    with pytest.raises(CorruptedLabelError, match=error):
        client.save_label_rows([row.label_hash], [document], validate_before_saving=True)
    with pytest.raises(CorruptedLabelError, match=error):
        client.save_label_row(row.label_hash, document, validate_before_saving=True)
    control.switch(invalid_labels="refused")
    with pytest.raises(CorruptedLabelError, match=error):
        client.save_label_rows([row.label_hash], [document])
    assert objects_of(client.get_label_row(row.label_hash)) == []
    control.switch(invalid_labels="stored")
    client.save_label_rows([row.label_hash], [document])
    [listed] = project.list_label_rows_v2()
    assert listed.is_valid is False
    [found] = listed.get_validation_errors() or []
    assert error in found


def test_required_attributes_must_be_answered_unless_the_switch_says_otherwise(
    client: EncordUserClient, control: Control
) -> None:
    structure = OntologyStructure()
    colour = structure.add_object("Car", Shape.BOUNDING_BOX).add_attribute(RadioAttribute, "Colour", required=True)
    colour.add_option("Red").add_nested_attribute(RadioAttribute, "Shade", required=True).add_option("Dark")
    project = project_of(client, image_manifest(1), structure)
    row = first_row(project)
    put_box(row)
    with pytest.raises(CorruptedLabelError, match="required attribute 'Colour'"):
        row.save(validate_before_saving=True)
    [drawn] = row.get_object_instances()
    drawn.set_answer(row.ontology_structure.objects[0].attributes[0].options[0])
    with pytest.raises(CorruptedLabelError, match="required attribute 'Shade'"):
        row.save(validate_before_saving=True)
    control.switch(required_attributes_checked=False)
    row.save(validate_before_saving=True)
    assert project.list_label_rows_v2()[0].is_valid


def test_validation_follows_the_ontology_of_today(make_project: MakeProject, client: EncordUserClient) -> None:
    project = make_project(ESTABLISHING, images=1)
    row = first_row(project)
    put_box(row)
    row.save()
    assert project._client.get_label_validation_errors(row.label_hash) == []
    ontology = client.get_ontology(project.ontology_hash)
    ontology.structure.objects[0].shape = Shape.POLYGON
    ontology.save()
    errors = project._client.get_label_validation_errors(row.label_hash)
    assert any("shape bounding_box instead of polygon" in error for error in errors)


def test_labels_beyond_the_media_or_without_answers_are_refused(client: EncordUserClient) -> None:
    project = project_of(client, EVERY_TYPE, every_shape())
    row = initialised(project, "a video")
    put_box(row, [29], "box")
    document = row.to_encord_dict()
    labels = document["data_units"][row.data_hash]["labels"]
    labels["30"] = labels.pop("29")
    with pytest.raises(CorruptedLabelError, match="30 frames"):
        project._client.save_label_rows([row.label_hash], [document])
    labels["29"] = labels.pop("30")
    document["object_answers"] = {}
    with pytest.raises(AnswerDictionaryError):
        project._client.save_label_rows([row.label_hash], [document])
    assert initialised(project, "a video").get_object_instances() == []
