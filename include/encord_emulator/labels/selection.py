"""Leaving labels out of a document that is read: those of other features, and those of archived ones."""

from __future__ import annotations

from collections.abc import Collection

from include.encord_emulator.labels.documents import Blob, frames_of


def keep_features(
    blob: Blob, objects: Collection[str] | None, classifications: Collection[str] | None, hidden: Collection[str]
) -> None:
    """
    Drop labels from a document.

    :param objects: hashes of the object features to keep; ``None`` for all.
    :param classifications: the same of classifications.
    :param hidden: hashes of features that are dropped whatever the others say.
    """
    if objects is None and classifications is None and not hidden:
        return

    def keeps(wanted: Collection[str] | None, feature: str | None) -> bool:
        return feature not in hidden and (wanted is None or feature in wanted)

    drawn, left = set(), set()
    for frame in frames_of(blob):
        given = frame.get("objects") or []
        drawn |= {label["objectHash"] for label in given}
        frame["objects"] = [label for label in given if keeps(objects, label["featureHash"])]
        left |= {label["objectHash"] for label in frame["objects"]}
        seen = frame.get("classifications") or []
        frame["classifications"] = [label for label in seen if keeps(classifications, label.get("featureHash"))]
    blob["object_answers"] = {
        key: answer
        for key, answer in blob["object_answers"].items()
        if (key in left if key in drawn else keeps(objects, answer.get("featureHash")))
    }
    blob["object_actions"] = {
        key: actions for key, actions in blob["object_actions"].items() if key in blob["object_answers"]
    }
    blob["classification_answers"] = {
        key: answer
        for key, answer in blob["classification_answers"].items()
        if keeps(classifications, answer.get("featureHash"))
    }
