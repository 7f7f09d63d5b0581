"""Workflows: the stages of a project, and how a template becomes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from include.encord_emulator.errors import invalid
from include.encord_emulator.workflow import template_document as form


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

    :param onward: uuid of the stage or router after submit or approve; empty for AGENT and DONE.
    :param back: uuid of the stage or router after reject; empty where nothing is rejected.
    :param annotators: subtasks of each task, for CONSENSUS_ANNOTATION.
    :param review: ``review_and_refine`` or ``determine_consensus``, for CONSENSUS_REVIEW.
    :param archive: whether a stage of type DONE is where tasks are put away.
    """

    uuid: str
    type: str
    title: str
    onward: str = ""
    back: str = ""
    annotators: int = 0
    pathways: tuple[Pathway, ...] = ()
    review: str = ""
    archive: bool = False

    @property
    def exits(self) -> set[str]:
        """Uuids of all stages and routers that a task may go to from here."""
        return {self.onward, self.back, *(pathway.destination for pathway in self.pathways)} - {""}


@dataclass(frozen=True, slots=True)
class Route:
    """One way out of a router: a share of the tasks, or those of some people."""

    to: str
    percentage: float = 0.0
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Router:
    """
    A fork that tasks pass at once; the API never shows it.

    :param otherwise: uuid of where tasks go that no route takes.
    """

    uuid: str
    routes: tuple[Route, ...]
    otherwise: str

    def choose(self, data_hash: str, person: str) -> str:
        """Return the uuid of what comes next for a data unit that a person worked on."""
        point = int(sha256(f"{self.uuid}/{data_hash}".encode()).hexdigest()[:8], 16) / 2**32 * 100
        for route in self.routes:
            if person in route.users or point < route.percentage:
                return route.to
            point -= route.percentage
        return self.otherwise


@dataclass(frozen=True, slots=True)
class Workflow:
    """The stages of a project, the routers between them, and the stage where its tasks begin."""

    start: str
    stages: tuple[Stage, ...]
    routers: tuple[Router, ...] = ()

    def stage(self, uuid: str) -> Stage | None:
        """Return a stage by its uuid."""
        return next((stage for stage in self.stages if stage.uuid == uuid), None)

    def destination(self, uuid: str, data_hash: str, person: str) -> Stage:
        """Return the stage that a task comes to when it is sent to a stage or a router."""
        routers = {router.uuid: router for router in self.routers}
        while uuid in routers:
            uuid = routers[uuid].choose(data_hash, person)
        return next(stage for stage in self.stages if stage.uuid == uuid)

    def after(self, stage: Stage) -> set[str]:
        """Return the uuids of the stages that tasks of a stage may come to next, routers passed."""
        routers = {router.uuid: router for router in self.routers}
        ahead, found = list(stage.exits), set[str]()
        while ahead:
            uuid = ahead.pop()
            if uuid in routers:
                ahead += [*(route.to for route in routers[uuid].routes), routers[uuid].otherwise]
            else:
                found.add(uuid)
        return found

    def consensus_annotation(self, review: Stage) -> Stage:
        """Return the annotation half of the block that a consensus review stage belongs to."""
        return next(stage for stage in self.stages if stage.onward == review.uuid and stage.annotators)

    @property
    def complete(self) -> Stage:
        """Where finished tasks end: the first DONE stage, an archive only if there is no other."""
        final = [stage for stage in self.stages if stage.type == "DONE"]
        return next((stage for stage in final if not stage.archive), final[0])

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
        routers = [
            Router(router["uuid"], tuple(map(_route, router["routes"])), router["otherwise"])
            for router in document["routers"]
        ]
        return cls(document["start"], tuple(stages), tuple(routers))


def _route(document: dict[str, Any]) -> Route:
    return Route(document["to"], document["percentage"], tuple(document["users"]))


@dataclass(frozen=True, slots=True)
class Template:
    """A template, fit to be asked for the workflow of a project; its uuids are the same in every project."""

    uuid: str
    document: form.TemplateDocument

    @property
    def title(self) -> str:
        """Its name, for people."""
        return self.document.title

    @property
    def is_default(self) -> bool:
        """Whether projects that name no template use it."""
        return self.document.default

    def workflow(self, *, suffixed_titles: bool) -> Workflow:
        """
        Return the workflow of a new project.

        :param suffixed_titles: whether the second stage of a consensus block is called ``<title> Review`` where the
            template does not say.
        """
        entries = {stage.title: self._entry(stage) for stage in self.document.stages}
        stages: list[Stage] = []
        routers: list[Router] = []
        for stage in self.document.stages:
            if isinstance(stage, form.Router):
                routers.append(_router(stage, entries))
            else:
                stages += self._stages(stage, entries, suffixed_titles)
        start = entries[self.document.start or self.document.stages[0].title]
        return Workflow(start, tuple(stages), tuple(routers))

    def _entry(self, stage: form.AnyStage) -> str:
        """Return the uuid of the stage that tasks enter."""
        half = stage.annotation.uuid if isinstance(stage, form.ConsensusStage) else None
        return half or stage.uuid or self._derived(stage.title)

    def _derived(self, title: str, part: str = "") -> str:
        return str(uuid5(NAMESPACE_URL, f"encord-emulator/{self.uuid}/{title}/{part}"))

    def _stages(self, stage: form.AnyStage, entries: dict[str, str], suffixed: bool) -> list[Stage]:
        uuid, title = entries[stage.title], stage.title
        match stage:
            case form.AgentStage():
                ways = (Pathway(_pathway_uuid(uuid, way), way.name, entries[way.to]) for way in stage.pathways)
                return [Stage(uuid, "AGENT", title, pathways=tuple(ways))]
            case form.AnnotationStage():
                return [Stage(uuid, "ANNOTATION", title, onward=entries[stage.to])]
            case form.ReviewStage():
                return [Stage(uuid, "REVIEW", title, entries[stage.approve_to], entries[stage.reject_to])]
            case form.ConsensusStage():
                return self._block(stage, entries, suffixed)
            case _:
                return [Stage(uuid, "DONE", title, archive=stage.type == "ARCHIVE")]

    def _block(self, stage: form.ConsensusStage, entries: dict[str, str], suffixed: bool) -> list[Stage]:
        annotation_title = stage.annotation.title or stage.title
        review_title = stage.reviewing.title or (f"{stage.title} Review" if suffixed else stage.title)
        review_uuid = stage.reviewing.uuid or self._derived(stage.title, "review_")
        onward, back = entries[stage.approve_to], entries[stage.reject_to or stage.title]
        entry = entries[stage.title]
        return [
            Stage(entry, "CONSENSUS_ANNOTATION", annotation_title, onward=review_uuid, annotators=stage.annotators),
            Stage(review_uuid, "CONSENSUS_REVIEW", review_title, onward=onward, back=back, review=stage.review),
        ]


def parse_template(document: Any, where: str = "workflow_template") -> Template:
    """
    Return a template from its form in a seed, checked so far that every project made from it works.

    :param where: what the document is, for the message: ``workflow_templates[0]``.
    """
    read = form.read_template(document, where)
    template = Template(read.uuid or str(uuid5(NAMESPACE_URL, f"encord-emulator/template/{read.title}")), read)
    workflow = template.workflow(suffixed_titles=False)
    uuids = [*(stage.uuid for stage in workflow.stages), *(router.uuid for router in workflow.routers)]
    if twice := next((uuid for uuid in uuids if uuids.count(uuid) > 1), None):
        raise invalid(f"{where}.stages: two of them have the uuid {twice}")
    return template


def _router(router: form.PercentageRouter | form.UserRouter, entries: dict[str, str]) -> Router:
    uuid = entries[router.title]
    if isinstance(router, form.UserRouter):
        by_person = (Route(entries[route.to], users=tuple(route.users)) for route in router.routes)
        return Router(uuid, tuple(by_person), entries[router.otherwise])
    by_share = tuple(Route(entries[share.to], percentage=share.percentage) for share in router.routes)
    return Router(uuid, by_share, by_share[-1].to)


def _pathway_uuid(stage: str, way: form.Way) -> str:
    return way.uuid or str(uuid5(NAMESPACE_URL, f"encord-emulator/{stage}/{way.name}"))
