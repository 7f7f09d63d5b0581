"""What the tests of the emulator share: keys, a seed, the real SDK, and the unsigned planes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from encord import EncordUserClient
from encord.http.constants import RequestsSettings
from encord.objects import OntologyStructure, RadioAttribute, Shape
from encord.objects.attributes import ChecklistAttribute, TextAttribute
from encord.orm.dataset import StorageLocation

if TYPE_CHECKING:
    from encord.storage import StorageFolder

MANAGER = "manager@example.com"
ANNOTATORS = tuple(f"annotator-{number}@example.com" for number in range(1, 5))
REVIEWER = "reviewer@example.com"
COLLEAGUE = "colleague@example.com"
BENCHMARK_QA = "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1c01"
ESTABLISHING = "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1b01"
INTEGRATION = "Local bucket"
BUCKET_URL = "https://bucket.s3.eu-west-1.amazonaws.com"
# Faults are tested with one attempt, so that the SDK's own retries do not blur what happened.
ONE_ATTEMPT = RequestsSettings(max_retries=0, backoff_factor=0)


@dataclass(frozen=True)
class Key:
    """A key pair in the forms that the SDK and the seed want."""

    private_pem: str
    public_hex: str


def new_key() -> Key:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return Key(pem, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex())


KEYS = {email: new_key() for email in (MANAGER, COLLEAGUE, ANNOTATORS[0], REVIEWER)}
SEED: dict[str, Any] = {
    "organisation": "Example",
    "users": [
        {"email": MANAGER, "public_key": KEYS[MANAGER].public_hex, "role": "admin"},
        {"email": COLLEAGUE, "public_key": KEYS[COLLEAGUE].public_hex, "role": "team_manager"},
        {"email": ANNOTATORS[0], "public_key": KEYS[ANNOTATORS[0]].public_hex},
        {"email": REVIEWER, "public_key": KEYS[REVIEWER].public_hex, "role": "reviewer"},
        *({"email": email} for email in ANNOTATORS[1:]),
    ],
    "integrations": [{"title": INTEGRATION}],
    "switches": {"upload_seconds": 0.02},
}


def sdk_client(url: str, key: Key, settings: RequestsSettings = ONE_ATTEMPT) -> EncordUserClient:
    return EncordUserClient.create_with_ssh_private_key(key.private_pem, domain=url, requests_settings=settings)


class Control:
    """The control plane and the web-app plane, over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None, user: str | None = None) -> Any:
        headers = {"X-Emulator-User": user} if user else {}
        answer = requests.request(method, f"{self.url}/_emulator/{path}", json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        journal: list[dict[str, Any]] = self.call("GET", f"requests?after={after}")["requests"]
        return journal

    def wait_until_held(self, seconds: float = 5) -> None:
        """Return once the first fault rule holds a client."""
        deadline = time.monotonic() + seconds
        while not self.call("GET", "faults")[0]["holding"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def switch(self, **values: Any) -> None:
        self.call("PUT", "switches", values)

    def take(self, user: str, project_hash: str, *stage_types: str, limit: int = 100) -> list[dict[str, Any]]:
        body = {"limit": limit, "stage_types": list(stage_types)}
        taken: list[dict[str, Any]] = self.call("POST", f"ui/projects/{project_hash}/take", body, user)
        return taken

    def submit(self, user: str, project_hash: str, taken: list[dict[str, Any]]) -> None:
        body = [{"task_uuid": task["task_uuid"], "labels": task["label_row"], "seconds": 2.5} for task in taken]
        self.call("POST", f"ui/projects/{project_hash}/submit", body, user)

    def review(self, user: str, project_hash: str, action: str, *stage_types: str) -> list[dict[str, Any]]:
        taken = self.take(user, project_hash, *stage_types)
        body = [{"task_uuid": task["task_uuid"], "action": action} for task in taken]
        self.call("POST", f"ui/projects/{project_hash}/review", body, user)
        return taken

    def project(self, project_hash: str) -> dict[str, Any]:
        projects = self.call("GET", "state")["projects"]
        return next(project for project in projects if project["project_hash"] == project_hash)


def image_manifest(count: int, prefix: str = "image") -> dict[str, Any]:
    names = [f"{prefix}-{number}.jpg" for number in range(count)]
    images = [{"objectUrl": f"{BUCKET_URL}/{name}", "title": name} for name in names]
    return {"images": images, "skip_duplicate_urls": True}


def upload(client: EncordUserClient, folder: StorageFolder, manifest: Any, *, ignore_errors: bool = False) -> Any:
    integration = client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])[0]
    job = folder.add_private_data_to_folder_start(integration.id, manifest, ignore_errors=ignore_errors)
    return folder.add_private_data_to_folder_get_result(job, timeout_seconds=10)


def make_dataset(client: EncordUserClient, title: str, manifest: Any) -> str:
    folder = client.create_storage_folder(f"{title} files")
    upload(client, folder, manifest)
    created = client.create_dataset(title, StorageLocation.S3_COMPATIBLE, create_backing_folder=False)
    client.get_dataset(created.dataset_hash).link_items([item.uuid for item in folder.list_items()])
    return created.dataset_hash


def road_ontology() -> OntologyStructure:
    structure = OntologyStructure()
    car = structure.add_object("Car", Shape.BOUNDING_BOX)
    colour = car.add_attribute(RadioAttribute, "Colour")
    colour.add_option("Red")
    colour.add_option("Blue")
    structure.add_object("Road", Shape.POLYGON)
    weather = structure.add_classification().add_attribute(RadioAttribute, "Weather")
    weather.add_option("Sunny")
    weather.add_option("Rainy")
    seen = structure.add_classification().add_attribute(ChecklistAttribute, "Seen")
    for name in ("People", "Dogs", "Trees"):
        seen.add_option(name)
    structure.add_classification().add_attribute(TextAttribute, "Remark")
    return structure
