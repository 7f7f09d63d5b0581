"""
What a seed document may say.

A seed brings what cannot be made through Encord's API (users, integrations, workflow templates) and, for tests and
demos, whatever else should be there before. Every uuid is optional; one that is not given follows from the name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo

from include.encord_emulator.errors import invalid
from include.encord_emulator.wire.media import DATA_TYPES
from include.encord_emulator.wire.payload import JsonObject, Name, Uuid, problems

Role = Literal["admin", "team_manager", "annotator", "reviewer"]
ProjectRole = Literal["admin", "annotator", "reviewer", "annotator_reviewer", "team_manager", "viewer"]
MOST_REPEATS = 1_000_000
LARGEST = 10**9
"""Of a picture's side, of seconds and of frames: far beyond what there is, and their products can be stored."""
_ITEM_TYPES = {
    spelling.lower(): item_type
    for item_type, data_type in DATA_TYPES.items()
    if item_type != "imageSequence"  # its data type is that of image groups
    for spelling in (item_type, data_type)
} | {
    "text": "plainText",
    "data_group": "group",
    "dicom_series": "dicomSeries",
    "image_group": "imageGroup",
    "image_sequence": "imageSequence",
    "imagesequence": "imageSequence",
}


def _public_key(text: str) -> str:
    """Return the hex of a raw ed25519 key, from that or from OpenSSH's ``ssh-ed25519 AAAA...``."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()):
        return text.strip().lower()
    try:
        key = load_ssh_public_key(text.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"not a public key in OpenSSH's form, nor 64 hex digits ({error})") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("only ssh-ed25519 keys are supported")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _item_type(text: str) -> str:
    found = _ITEM_TYPES.get(text.lower())
    if found is None:
        raise ValueError(f"{text!r} is none of {', '.join(sorted(DATA_TYPES))}")
    return found


def _existing_file(path: Path, info: ValidationInfo) -> Path:
    found = Path(info.context["base"], path) if info.context else path
    try:
        is_file = found.is_file()
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ValueError(f"{found}: {error.strerror}") from None
    if not is_file:
        raise ValueError(f"{found} is no file")
    return found.resolve()


class Entry(BaseModel):
    """An entry of a seed; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class User(Entry):
    """Somebody of the organisation; without a key he works in the web app only."""

    email: Name
    role: Role = "annotator"
    public_key: Annotated[str, AfterValidator(_public_key)] | None = None


class Integration(Entry):
    """
    A cloud integration; ``objects`` are the URLs that it finds in the cloud, for folders that follow a bucket.

    With ``strict_client_only``, files must come with their media metadata.
    """

    uuid: Uuid | None = None
    title: Name
    objects: tuple[Name, ...] = ()
    strict_client_only: bool = False


class Ontology(Entry):
    """An ontology; ``structure`` is the SDK's ``OntologyStructure.to_dict()``."""

    uuid: Uuid | None = None
    title: Name
    description: str = ""
    structure: JsonObject


class Item(Entry):
    """
    A storage item.

    :param file: served behind the signed URL; relative to the seed's own file.
    :param children: the files of a group; without them it has ``frames`` of its own making, or one.
    :param repeat: so many items, with a number in the name.
    :param fps, duration, frames: frames a second, seconds, and what counts as a frame for the type of item.
    """

    uuid: Uuid | None = None
    name: Name
    type: Annotated[str, AfterValidator(_item_type)] = "image"
    url: Name | None = None
    file: Annotated[Path, AfterValidator(_existing_file)] | None = None
    mime_type: str | None = None
    file_size: Annotated[int, Field(ge=0, le=10**18)] | None = None
    width: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    height: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    fps: Annotated[float, Field(gt=0, le=LARGEST)] | None = None
    duration: Annotated[float, Field(gt=0, le=LARGEST)] | None = None
    frames: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    client_metadata: JsonObject | None = None
    children: tuple[Item, ...] = ()
    repeat: Annotated[int, Field(ge=1, le=MOST_REPEATS)] | None = None


class Folder(Entry):
    """A storage folder and what is in it."""

    uuid: Uuid | None = None
    name: Name
    description: str = ""
    items: tuple[Item, ...] = ()


class Dataset(Entry):
    """A dataset; ``items`` are names or uuids of items of the folder, without it all of them."""

    uuid: Uuid | None = None
    title: Name
    description: str = ""
    folder: Name | None = None
    items: tuple[str, ...] | None = None


class Member(Entry):
    """A user of a project."""

    email: Name
    role: ProjectRole = "annotator"


class Project(Entry):
    """A project; ontology, template and datasets by title or uuid."""

    uuid: Uuid | None = None
    title: Name
    description: str = ""
    ontology: Name
    workflow_template: Name | None = None
    datasets: tuple[Name, ...] = ()
    users: tuple[Member, ...] = ()


class Seed(Entry):
    """A whole seed; ``workflow_templates`` are read by ``workflow.template``."""

    organisation: str | None = None
    users: tuple[User, ...] = ()
    integrations: tuple[Integration, ...] = ()
    workflow_templates: tuple[dict[str, Any], ...] = ()
    ontologies: tuple[Ontology, ...] = ()
    folders: tuple[Folder, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    projects: tuple[Project, ...] = ()
    switches: dict[str, Any] = {}


def parse_seed(document: Any, base: Path) -> Seed:
    """
    Return a seed, or refuse it with the paths of the fields that are wrong.

    :param base: the folder that ``file`` entries start from.
    """
    try:
        return Seed.model_validate({} if document is None else document, context={"base": base})
    except ValidationError as error:
        raise invalid(problems(error, "seed")) from None


def read_seed(path: Path) -> Any:
    """Return the document of a seed file."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise invalid(f"seed {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise invalid(f"seed {path}: not YAML ({error})") from None
