"""The calls of Encord's SDK against the emulator's routes, and the page that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from include.encord_emulator.left_out import left_out, left_out_query
from tests.emulator.workflow_support import answer
from tests.support.coverage_page import PAGE, coverage, current_page, emulated_calls, listed_calls
from tests.support.sdk_calls import SdkCall, UnreadableCallError, installed_sources, sdk_calls

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

SOURCE = """
from sdk.orm import Folder as OrmFolder
from sdk.paths import TAGS

class Client:
    def read(self, uid):
        self._api_client.get(f"/things/{self.uid}", params=None, result_type=Thing)
        self.api_client.post(path=f"{TAGS}/{uid}?all=true", params=None, payload=None, result_type=None)
        self._client._request(Request(method="delete", url=f"{self.domain}/v2/public/models/{uid}").prepare())
        Helper.listed(self._api_client, "things", None)
        self._querier.basic_setter(OrmFolder, uid=None, payload=None)
        self._querier.get_multiple(OrmFolder, query_type=Row)
        {}.get("not a call")

class Helper:
    @staticmethod
    def listed(api_client, path, params):
        yield from api_client.get_paged_iterator(path, params, Thing)
"""


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == current_page(), "run: python -m tests.support.coverage_page"


def test_each_call_of_the_installed_sdk_is_on_the_page() -> None:
    known = listed_calls(PAGE.read_text(encoding="utf-8"))
    new = [str(call) for call in sdk_calls(installed_sources()) if str(call) not in known]
    assert new == [], "the SDK has calls that the page does not know"


def test_a_call_that_a_new_sdk_adds_is_named() -> None:
    sources = installed_sources() | {"brand_new.py": 'api_client.get(f"brand/{new}", params=None, result_type=str)\n'}
    known = listed_calls(PAGE.read_text(encoding="utf-8"))
    assert [str(call) for call in sdk_calls(sources) if str(call) not in known] == ["GET brand/{}"]


def test_no_call_is_both_emulated_and_left_out() -> None:
    both = [
        str(call)
        for call in emulated_calls()
        if (left_out(call.name) if call.protocol == "v2" else left_out_query(call.name)) is not None
    ]
    assert both == []


@pytest.mark.emulator
def test_each_call_that_is_left_out_says_so_even_where_other_calls_share_its_path(
    client: EncordUserClient, control: Control
) -> None:
    calls = {call for call in sdk_calls(installed_sources()) if call.protocol == "v2" and left_out(call.name)}
    assert SdkCall("v2", "projects/cvat-import", "POST") in calls  # GET, PUT of this path would be of a project
    for call in calls:
        answered = answer(client, control.url, call.method, call.name.replace("{}", "1"), {})
        assert answered.status_code == 501, call
        assert f"leaves out {left_out(call.name)} on purpose" in answered.json()["message"]


def test_every_way_in_which_the_sdk_writes_a_call_is_read() -> None:
    assert sdk_calls({"client.py": SOURCE, "paths.py": 'TAGS = "organisation/tags"\n'}) == [
        SdkCall("legacy", "folder", "POST"),
        SdkCall("legacy", "row", "GET"),
        SdkCall("v2", "models/{}", "DELETE"),
        SdkCall("v2", "organisation/tags/{}", "POST"),
        SdkCall("v2", "things", "GET"),
        SdkCall("v2", "things/{}", "GET"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "api_client.get(make_path(), params=None, result_type=str)",
        "querier.basic_getter(types[0])",
        "client._request(prepared(), result_type=str)",
    ],
)
def test_a_call_that_cannot_be_read_is_an_error(line: str) -> None:
    with pytest.raises(UnreadableCallError):
        sdk_calls({"odd.py": line + "\n"})


def test_a_call_is_emulated_left_out_or_missing() -> None:
    calls = [SdkCall("v2", "a", "GET"), SdkCall("v2", "active/{}/import", "POST"), SdkCall("legacy", "b", "GET")]
    answers = [row.answer for row in coverage(calls, {SdkCall("v2", "a", "GET")})]
    assert answers == ["emulated", "left out: Active", "missing"]
