"""Workflow templates: from the YAML form to the stages of a project."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from include.encord_emulator.errors import invalid

NODE_TYPES = ("ANNOTATION", "REVIEW", "CONSENSUS", "AGENT", "DONE")


@dataclass(frozen=True, slots=True)
class Pathway:
    """One way out of an agent stage."""

    uuid: str
    title: str
    destination: str


@dataclass(frozen=True, slots=True)
class Stage:
    """
    One stage as the API shows it.

    :param onward: uuid of the stage after submit or approve; empty for AGENT and DONE.
    :param back: uuid of the stage after reject; empty where nothing is rejected.
    :param annotators: subtasks of each task, for CONSENSUS_ANNOTATION.
    """

    uuid: str
    type: str
    title: str
    onward: str = ""
    back: str = ""
    annotators: int = 0
    pathways: tuple[Pathway, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflow:
    """The stages of a project, and where its tasks begin."""

    start: str
    stages: tuple[Stage, ...]

    def stage(self, uuid: str) -> Stage | None:
        """Return a stage by its uuid."""
        return next((stage for stage in self.stages if stage.uuid == uuid), None)

    def consensus_annotation(self, review: Stage) -> Stage:
        """Return the annotation half of the block that a consensus review stage belongs to."""
        return next(stage for stage in self.stages if stage.uuid == review.back)

    def to_dict(self) -> dict[str, Any]:
        """Return the form that is stored with a project."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Workflow:
        """Return what ``to_dict`` wrote."""
        stages = [
            Stage(**{**stage, "pathways": tuple(Pathway(**pathway) for pathway in stage["pathways"])})
            for stage in document["stages"]
        ]
        return cls(document["start"], tuple(stages))


@dataclass(frozen=True, slots=True)
class Template:
    """A template, fit to be asked for the workflow of a project."""

    uuid: str
    title: str
    is_default: bool
    start: str
    nodes: tuple[dict[str, Any], ...]

    def workflow(self, *, suffixed_titles: bool) -> Workflow:
        """
        Return the workflow of a new project.

        :param suffixed_titles: whether the second stage of a consensus block is called ``<title> Review``.
        """
        entries = {node["name"]: self._uuid(node) for node in self.nodes}
        stages: list[Stage] = []
        for node in self.nodes:
            stages += self._stages(node, entries, suffixed_titles)
        return Workflow(entries[self.start], tuple(stages))

    def _uuid(self, node: dict[str, Any], part: str = "") -> str:
        given = node.get(f"{part}uuid")
        return str(given or uuid5(NAMESPACE_URL, f"encord-emulator/{self.uuid}/{node['name']}/{part}"))

    def _stages(self, node: dict[str, Any], entries: dict[str, str], suffixed: bool) -> list[Stage]:
        uuid, kind, title = entries[node["name"]], node["type"], node["title"]
        if kind == "AGENT":
            ways = (Pathway(_pathway_uuid(uuid, way), way["title"], entries[way["to"]]) for way in node["pathways"])
            return [Stage(uuid, kind, title, pathways=tuple(ways))]
        if kind == "ANNOTATION":
            return [Stage(uuid, kind, title, onward=entries[node["next"]])]
        if kind == "REVIEW":
            return [Stage(uuid, kind, title, onward=entries[node["approve"]], back=entries[node["reject"]])]
        if kind == "CONSENSUS":
            review = self._uuid(node, "review_")
            second_title = f"{title} Review" if suffixed else title
            return [
                Stage(uuid, "CONSENSUS_ANNOTATION", title, onward=review, annotators=int(node["annotators"])),
                Stage(review, "CONSENSUS_REVIEW", second_title, onward=entries[node["next"]], back=uuid),
            ]
        return [Stage(uuid, kind, title)]


def parse_template(document: dict[str, Any]) -> Template:
    """Return a template from its YAML form, checked so far that every project made from it works."""
    try:
        title = str(document["title"])
        uuid = str(document.get("uuid") or uuid5(NAMESPACE_URL, f"encord-emulator/template/{title}"))
        template = Template(uuid, title, bool(document.get("default")), document["start"], tuple(document["nodes"]))
        unknown = {node["type"] for node in template.nodes} - set(NODE_TYPES)
        template.workflow(suffixed_titles=False)
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(f"workflow template {document.get('title')!r}: {error!r} is missing or wrong") from error
    if "DONE" not in {node["type"] for node in template.nodes}:
        raise invalid(f"workflow template {title!r}: a node of type DONE is missing")
    if unknown:
        raise invalid(f"workflow template {title!r}: unknown node types {sorted(unknown)}; there are {NODE_TYPES}")
    return template


def _pathway_uuid(stage: str, way: dict[str, Any]) -> str:
    return str(way.get("uuid") or uuid5(NAMESPACE_URL, f"encord-emulator/{stage}/{way['title']}"))
