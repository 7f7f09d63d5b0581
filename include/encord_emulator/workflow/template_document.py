"""
The form of a workflow template in a seed: its stages, which refer to each other by title.

``AGENT`` has ``pathways``, ``ANNOTATION`` goes ``to``, ``REVIEW`` and ``CONSENSUS`` have ``approve_to`` and
``reject_to``. Routers have ``routes``: a ``PERCENTAGE_ROUTER`` shares that add up to 100, a ``USER_ROUTER`` lists of
people and ``otherwise``. ``DONE`` and ``ARCHIVE`` end the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.encord_emulator.errors import invalid
from include.encord_emulator.wire.payload import Name, Uuid, field_path

Reference = tuple[str, str]
"""Where in a stage another one is named, and the title given there."""
STAGE_TYPES = {"AGENT", "ANNOTATION", "REVIEW", "CONSENSUS", "DONE", "ARCHIVE", "PERCENTAGE_ROUTER", "USER_ROUTER"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Stage(_Part):
    title: Name
    uuid: Uuid | None = None

    def references(self) -> Iterator[Reference]:
        """Yield the stages that this one names."""
        yield from ()


class Way(_Part):
    """A pathway of an agent stage."""

    name: Name
    uuid: Uuid | None = None
    to: Name


class AgentStage(_Stage):
    """A stage that a program empties."""

    type: Literal["AGENT"]
    pathways: Annotated[list[Way], Field(min_length=1)]

    def references(self) -> Iterator[Reference]:
        yield from ((f"pathways[{index}].to", way.to) for index, way in enumerate(self.pathways))


class AnnotationStage(_Stage):
    """A stage where labels are made."""

    type: Literal["ANNOTATION"]
    to: Name

    def references(self) -> Iterator[Reference]:
        yield "to", self.to


class ReviewStage(_Stage):
    """A stage where labels are judged."""

    type: Literal["REVIEW"]
    approve_to: Name
    reject_to: Name

    def references(self) -> Iterator[Reference]:
        yield from (("approve_to", self.approve_to), ("reject_to", self.reject_to))


class Half(_Part):
    """One of the two stages that a consensus block shows through the API."""

    title: Name | None = None
    uuid: Uuid | None = None


class ConsensusStage(_Stage):
    """A block in which several people label the same unit, and somebody decides; ``reject_to`` is itself if omitted."""

    type: Literal["CONSENSUS"]
    annotators: Annotated[int, Field(ge=1, le=100)]
    review: Literal["review_and_refine", "determine_consensus"] = "review_and_refine"
    annotation: Half = Half()
    reviewing: Half = Half()
    approve_to: Name
    reject_to: Name | None = None

    def references(self) -> Iterator[Reference]:
        yield from (("approve_to", self.approve_to), ("reject_to", self.reject_to or self.title))


class FinalStage(_Stage):
    """Where tasks end; the SDK knows both kinds as ``FinalStage``, of type DONE (its docstring)."""

    type: Literal["DONE", "ARCHIVE"]


class Share(_Part):
    """What part of the tasks goes one way."""

    percentage: Annotated[float, Field(ge=0, le=100)]
    to: Name


class PercentageRouter(_Stage):
    """Splits tasks by the hash of their data hash, so that a unit goes the same way every time."""

    type: Literal["PERCENTAGE_ROUTER"]
    routes: Annotated[list[Share], Field(min_length=1)]

    def references(self) -> Iterator[Reference]:
        yield from ((f"routes[{index}].to", share.to) for index, share in enumerate(self.routes))


class UserRoute(_Part):
    """Whose tasks go one way."""

    users: Annotated[list[Name], Field(min_length=1)]
    to: Name


class UserRouter(_Stage):
    """Splits tasks by who did the stage before."""

    type: Literal["USER_ROUTER"]
    routes: list[UserRoute]
    otherwise: Name

    def references(self) -> Iterator[Reference]:
        yield from ((f"routes[{index}].to", route.to) for index, route in enumerate(self.routes))
        yield "otherwise", self.otherwise


Router = PercentageRouter | UserRouter
AnyStage = Annotated[
    AgentStage | AnnotationStage | ReviewStage | ConsensusStage | FinalStage | PercentageRouter | UserRouter,
    Field(discriminator="type"),
]


class TemplateDocument(_Part):
    """A whole template; ``start`` is the first stage if omitted, ``default`` marks what projects use that name none."""

    title: Name
    uuid: Uuid | None = None
    default: bool = False
    start: Name | None = None
    stages: Annotated[list[AnyStage], Field(min_length=1)]


def read_template(document: Any, where: str) -> TemplateDocument:
    """
    Return a template that projects can be made from.

    :param where: what the document is, for the message: ``workflow_templates[0]``.
    :raises ApiError: 400 with the path of the field that is wrong.
    """
    try:
        template = TemplateDocument.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise invalid(f"{where}{_path(first['loc'])}: {first['msg']}") from None
    for path, problem in _problems(template):
        raise invalid(f"{where}{path}: {problem}")
    return template


def _path(loc: tuple[int | str, ...]) -> str:
    # Which kind of stage was tried stands in the place as well, right after its index.
    kept = [part for index, part in enumerate(loc) if not (index == 2 and loc[0] == "stages" and part in STAGE_TYPES)]
    return field_path(kept)


def _problems(template: TemplateDocument) -> Iterator[Reference]:
    """Yield where a template does not hold together, and why."""
    stages = {stage.title: stage for stage in template.stages}
    for index, stage in enumerate(template.stages):
        path = f".stages[{index}]"
        if stages[stage.title] is not stage:
            yield f"{path}.title", f"another stage is called {stage.title!r} too"
        for place, title in stage.references():
            if title not in stages:
                yield f"{path}.{place}", f"no stage is called {title!r}"
        if isinstance(stage, PercentageRouter) and abs(sum(share.percentage for share in stage.routes) - 100) > 0.01:
            yield f"{path}.routes", f"the percentages add up to {sum(share.percentage for share in stage.routes):g}"
        if isinstance(stage, AgentStage) and len({way.name for way in stage.pathways}) < len(stage.pathways):
            yield f"{path}.pathways", "two pathways have the same name"
    yield from _start_problems(template, stages)
    yield from _circles(template, stages)
    if not any(isinstance(stage, FinalStage) for stage in template.stages):
        yield ".stages", "none is of type DONE or ARCHIVE"


def _start_problems(template: TemplateDocument, stages: dict[str, Any]) -> Iterator[Reference]:
    start = template.stages[0].title if template.start is None else template.start
    if start not in stages:
        yield ".start", f"no stage is called {start!r}"
    elif isinstance(stages[start], Router):
        yield ".start", f"{start!r} is a router, and a workflow cannot start with one"


def _circles(template: TemplateDocument, stages: dict[str, Any]) -> Iterator[Reference]:
    """Yield routers from which a task could go round for ever."""
    for index, stage in enumerate(template.stages):
        ahead, seen = [stage.title], set[str]()
        while ahead:
            router = stages[ahead.pop()]
            if isinstance(router, Router) and router.title not in seen:
                seen.add(router.title)
                ahead += [title for _, title in router.references()]
                if stage.title in ahead:
                    yield f".stages[{index}]", "tasks could go round in a circle of routers"
