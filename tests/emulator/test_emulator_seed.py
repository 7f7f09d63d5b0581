from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
import yaml
from encord.storage import StorageItemType

from include.encord_emulator.errors import ApiError
from include.encord_emulator.seeding.document import parse_seed
from include.encord_emulator.server import RunningEmulator
from tests.emulator.emulator_support import KEYS, MANAGER, Control, new_key, sdk_client

pytestmark = pytest.mark.emulator


def uuid(number: int) -> str:
    return str(UUID(int=number))


SEED: dict[str, Any] = {
    "users": [
        {"email": MANAGER, "role": "admin", "public_key": KEYS[MANAGER].public_hex},
        {"email": "worker@acme.test", "role": "annotator"},
    ],
    "integrations": [{"uuid": uuid(1), "title": "demo-s3"}],
    "workflow_templates": [
        {
            "uuid": uuid(2),
            "title": "Agent to complete",
            "start": "Agent 1",
            "stages": [
                {"title": "Complete", "uuid": uuid(4), "type": "DONE"},
                {
                    "title": "Agent 1",
                    "uuid": uuid(3),
                    "type": "AGENT",
                    "pathways": [{"name": "complete", "uuid": uuid(5), "to": "Complete"}],
                },
            ],
        }
    ],
    "ontologies": [{"uuid": uuid(6), "title": "Roads", "structure": {"objects": [], "classifications": []}}],
    "folders": [
        {
            "uuid": uuid(7),
            "name": "fixtures",
            "items": [
                {"uuid": uuid(8), "name": "one.jpg", "type": "image", "width": 64, "height": 48,
                 "url": "https://bucket.test/one.jpg", "client_metadata": {"a": "b"}},
                {"name": "film.mp4", "type": "video", "fps": 10, "duration": 3, "width": 32, "height": 24},
                {"name": "group", "type": "image_group", "children": [{"name": "a.png"}, {"name": "b.png"}]},
                {"uuid": uuid(9), "name": "many.jpg", "type": "image", "repeat": 12},
            ],
        }
    ],
    "datasets": [
        {"uuid": uuid(10), "title": "All", "folder": "fixtures"},
        {"uuid": uuid(11), "title": "Some", "folder": uuid(7), "items": ["one.jpg", "many.jpg"]},
    ],
    "projects": [
        {
            "uuid": uuid(12), "title": "Work", "ontology": "Roads", "workflow_template": "Agent to complete",
            "datasets": ["Some"], "users": [{"email": "worker@acme.test", "role": "annotator"}],
        }
    ],
}  # fmt: skip


def test_a_seed_brings_everything_under_the_uuids_it_gives() -> None:
    with RunningEmulator(seed=SEED) as emulator:
        client = sdk_client(emulator.url, KEYS[MANAGER])
        project = client.get_project(uuid(12))
        [agent] = [stage for stage in project.workflow.stages if stage.title == "Agent 1"]
        assert (str(agent.uuid), str(agent.pathways[0].uuid)) == (uuid(3), uuid(5))
        assert len(list(agent.get_tasks())) == 13
        assert [user.user_email for user in project.list_users()] == [MANAGER, "worker@acme.test"]
        assert client.get_ontology(uuid(6)).title == "Roads"
        items = {item.name: item for item in client.get_storage_folder(uuid(7)).list_items()}
        one = items["one.jpg"]
        assert (str(one.uuid), one.width, one.height, one.client_metadata) == (uuid(8), 64, 48, {"a": "b"})
        assert items["film.mp4"].frame_count == 30
        assert items["group"].item_type == StorageItemType.IMAGE_GROUP
        assert [child.name for child in items["group"].get_child_items()] == ["a.png", "b.png"]
        assert sorted(name for name in items if name.startswith("many")) == [f"many-{n:02}.jpg" for n in range(1, 13)]
        assert len(client.get_dataset(uuid(10)).data_rows) == 15


def test_what_a_seed_leaves_open_is_the_same_every_time() -> None:
    def data_hashes() -> list[str]:
        with RunningEmulator(seed=SEED) as emulator:
            dataset = sdk_client(emulator.url, KEYS[MANAGER]).get_dataset(uuid(10))
            return [row.uid for row in dataset.data_rows]

    assert data_hashes() == data_hashes()


def test_a_second_seed_adds_only_what_is_missing() -> None:
    grown = copy.deepcopy(SEED)
    grown["folders"][0]["items"].append({"name": "late.jpg", "type": "image"})
    with RunningEmulator(seed=SEED) as emulator:
        control = Control(emulator.url)
        before = control.call("GET", "state")
        control.call("POST", "seed", SEED)
        assert control.call("GET", "state") == before
        control.call("POST", "seed", grown)
        after = control.call("GET", "state")
        assert [dataset["rows"] for dataset in after["datasets"]] == [16, 13]


def test_both_forms_of_a_public_key_are_taken() -> None:
    key = new_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    public = load_ssh_private_key(key.private_pem.encode(), None).public_key()
    text = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + " me@laptop"
    seed = {"users": [{"email": "a@acme.test", "role": "admin", "public_key": text}]}
    with RunningEmulator(seed=seed) as emulator:
        assert sdk_client(emulator.url, key).get_cloud_integrations() == []


def wrong(change: Any) -> dict[str, Any]:
    seed = copy.deepcopy(SEED)
    change(seed)
    return seed


MISTAKES = {
    "an unknown key": (lambda s: s["folders"][0]["items"][0].update(colour="red"), "seed.folders[0].items[0].colour"),
    "no uuid": (lambda s: s["datasets"][0].update(uuid="one"), "seed.datasets[0].uuid"),
    "a role": (lambda s: s["users"][1].update(role="boss"), "seed.users[1].role"),
    "a key": (lambda s: s["users"][0].update(public_key="ssh-rsa AAAA"), "seed.users[0].public_key"),
    "a doubled key": (
        lambda s: s["users"][1].update(public_key=KEYS[MANAGER].public_hex),
        f"seed.users[1].public_key: {MANAGER} has the same one",
    ),
    "an item type": (lambda s: s["folders"][0]["items"][0].update(type="hologram"), "seed.folders[0].items[0].type"),
    "a file": (lambda s: s["folders"][0]["items"][0].update(file="no/such.jpg"), "no/such.jpg is no file"),
    "an endless file": (lambda s: s["folders"][0]["items"][0].update(file="x" * 5000), "File name too long"),
    "a folder": (lambda s: s["datasets"][0].update(folder="attic"), "seed.datasets[0].folder: nothing has this"),
    "an item": (lambda s: s["datasets"][1].update(items=["two.jpg"]), "seed.datasets[1].items[0]: folder 'fixtures'"),
    "an ontology": (lambda s: s["projects"][0].update(ontology="Seas"), "seed.projects[0].ontology: nothing has this"),
    "a template": (lambda s: s["projects"][0].update(workflow_template="X"), "seed.projects[0].workflow_template"),
    "a dataset": (lambda s: s["projects"][0].update(datasets=["X"]), "seed.projects[0].datasets[0]: nothing has this"),
    "a user": (lambda s: s["projects"][0]["users"][0].update(email="x@y.z"), "seed.projects[0].users[0].email"),
    "a switch": (lambda s: s.update(switches={"page_size": 0}), "switch page_size"),
    "a stage": (
        lambda s: s["workflow_templates"][0]["stages"][1]["pathways"][0].update(to="Nowhere"),
        "seed.workflow_templates[0].stages[1].pathways[0].to: no stage is called 'Nowhere'",
    ),
    "two items of one name": (
        lambda s: s["folders"][0]["items"].append({"name": "film.mp4", "type": "video"}),
        "seed.folders[0].items[4]: 'film.mp4' has the name or the uuid of another item",
    ),
    "two parts of one uuid": (
        lambda s: s["folders"][0]["items"][2]["children"][1].update(uuid=uuid(8)),
        "seed.folders[0].items[2]: 'b.png' has the name or the uuid of another item",
    ),
    "an item of another folder": (
        lambda s: s["folders"].append({"name": "other", "items": [{"name": "one.jpg", "uuid": uuid(8)}]}),
        "seed.folders[1]: a uuid in it is taken",
    ),
    "a huge picture": (lambda s: s["folders"][0]["items"][0].update(width=10**30), "seed.folders[0].items[0].width"),
    "an endless film": (lambda s: s["folders"][0]["items"][1].update(fps=1e300), "seed.folders[0].items[1].fps"),
    "a list for a mapping": (lambda s: s.update(users={"email": "x"}), "seed.users"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_seed_is_refused_with_the_path_of_the_field_and_adds_nothing(control: Control, mistake: str) -> None:
    change, message = MISTAKES[mistake]
    before = control.call("GET", "state"), control.call("GET", "switches")
    answer = requests.post(f"{control.url}/_emulator/seed", json=wrong(change), timeout=10)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert (control.call("GET", "state"), control.call("GET", "switches")) == before


def test_groups_are_made_whole(tmp_path: Path) -> None:
    items = [
        {
            "name": "pair",
            "type": "group",
            "children": [{"name": "a.wav", "type": "audio"}, {"name": "b.txt", "type": "text"}],
        },
        {"name": "walk", "type": "image_sequence", "frames": 3, "width": 64, "height": 48},
        {"name": "scan", "type": "dicom_series", "children": [{"name": "1.dcm"}, {"name": "2.dcm"}]},
    ]
    seed = {
        **SEED, "folders": [{"name": "groups", "items": items}], "projects": [],
        "datasets": [{"uuid": uuid(20), "title": "Groups", "folder": "groups"}],
    }  # fmt: skip
    with RunningEmulator(seed=seed) as emulator:
        client = sdk_client(emulator.url, KEYS[MANAGER])
        project = client.get_project(client.create_project("P", [uuid(20)]))
        rows = {row.data_title: row for row in project.list_label_rows_v2(include_children=True)}
        assert sorted(rows) == ["a.wav", "b.txt", "pair", "scan", "walk"]
        for title, units in (("walk", 3), ("scan", 1)):
            rows[title].initialise_labels()
            assert len(rows[title].to_encord_dict()["data_units"]) == units
        pair = client.get_storage_item(rows["pair"].backing_item_uuid or "")
        assert [child.name for child in pair.get_child_items()] == ["a.wav", "b.txt"]


def test_a_seeded_file_is_served_and_tells_its_size(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 30)).save(tmp_path / "one.png")
    folders = [{"name": "F", "items": [{"uuid": uuid(21), "name": "one", "type": "image", "file": "one.png"}]}]
    (tmp_path / "seed.yaml").write_text(yaml.safe_dump({"users": SEED["users"], "folders": folders}))
    with RunningEmulator(seed=tmp_path / "seed.yaml") as emulator:
        item = sdk_client(emulator.url, KEYS[MANAGER]).get_storage_item(uuid(21), sign_url=True)
        assert (item.width, item.height, item.mime_type) == (40, 30, "image/png")
        assert requests.get(item.get_signed_url() or "", timeout=5).content == (tmp_path / "one.png").read_bytes()


def test_repeats_of_names_that_look_like_paths_are_numbered_too() -> None:
    items = [{"name": name, "repeat": 2} for name in ("/", "a/", "b/one.jpg", ".jpg")]
    seed = {
        "folders": [{"name": "F", "items": items}],
        "datasets": [{"title": "D", "folder": "F", "items": ["/", "a/"]}],
    }
    with RunningEmulator(seed=seed | {"users": SEED["users"][:1]}) as emulator:
        [folder] = sdk_client(emulator.url, KEYS[MANAGER]).list_storage_folders()
        assert {item.name for item in folder.list_items()} == {
            "/-1",
            "/-2",
            "a/-1",
            "a/-2",
            "b/one-1.jpg",
            "b/one-2.jpg",
            ".jpg-1",
            ".jpg-2",
        }
        assert Control(emulator.url).call("GET", "state")["datasets"][0]["rows"] == 4


@pytest.mark.parametrize(
    "name",
    ["image", "video", "image_group", "image_sequence", "audio", "dicom_series", "nifti", "text", "pdf", "group"],
)
def test_the_types_of_the_readme_are_known(name: str) -> None:
    item = {"name": "it", "type": name, "children": [{"name": "part"}]}
    with RunningEmulator(seed={"users": SEED["users"][:1], "folders": [{"name": "F", "items": [item]}]}) as emulator:
        [folder] = sdk_client(emulator.url, KEYS[MANAGER]).list_storage_folders()
        kinds = {one.name: one.item_type for one in folder.list_items()}
    spelling = {"text": "PLAIN_TEXT"}.get(name, name.upper())
    assert kinds["it"] == StorageItemType[spelling]


def test_a_member_named_twice_is_one_member() -> None:
    seed = copy.deepcopy(SEED)
    seed["projects"][0]["users"] *= 2
    with RunningEmulator(seed=seed) as emulator:
        project = sdk_client(emulator.url, KEYS[MANAGER]).get_project(uuid(12))
        assert [user.user_email for user in project.list_users()] == [MANAGER, "worker@acme.test"]


def test_the_seed_of_the_readme_works_as_it_stands_with_a_key_of_ones_own(tmp_path: Path) -> None:
    readme = Path(__file__).parents[2] / "include" / "encord_emulator" / "README.md"
    [written] = re.findall(r"```yaml\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "one.jpg").write_bytes(b"not really a picture")
    (tmp_path / "seed.yaml").write_text(written.replace("ssh-ed25519 AAAA...", KEYS[MANAGER].public_hex))
    with RunningEmulator(seed=tmp_path / "seed.yaml") as emulator:
        [project] = Control(emulator.url).call("GET", "state")["projects"]
        assert project["tasks"]["Agent 1 (AGENT)"] == 521
        assert requests.get(f"{emulator.url}/_emulator/switches", timeout=5).json()["page_size"] == 20


def test_files_are_looked_for_beside_the_seed(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(b"not really a picture")
    seed = {"folders": [{"name": "F", "items": [{"name": "one.jpg", "type": "image", "file": "one.jpg"}]}]}
    parsed = parse_seed(seed, tmp_path)
    assert parsed.folders[0].items[0].file == tmp_path / "one.jpg"
    with pytest.raises(ApiError, match=r"seed\.folders\[0\]\.items\[0\]\.file"):
        parse_seed(seed, tmp_path / "elsewhere")
