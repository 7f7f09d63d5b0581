"""What the policy does about annotators who fail: they are told of once, and perhaps removed."""

from __future__ import annotations

import email
import json
import socketserver
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from encord.utilities.project_user import ProjectUserRole

from encord_provider.operators.decisions import EncordApplyDecisionsOperator
from tests.unit.encord_provider import acting_support
from tests.unit.encord_provider.acting_support import HERE, first_pass, lines, outcomes
from tests.unit.encord_provider.scoring_support import BESIDE, BLANK, PERFECT, SHIFTED, Campaign, RunCampaign

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

# Wilson's interval of 0 of 2 ends at 0.658: nobody is certain to be below 0.5, but below 0.7.
FAILING = {"required_pass_rate": 0.7, "min_tasks": 2}
UNDECIDED = {"required_pass_rate": 0.5, "min_tasks": 2}
TEXT = "{{ annotator.email }} {{ annotator.passes }}/{{ annotator.submissions }} {{ annotator.reason }}"
NOTE = {"notifier": f"{HERE}.RecordingNotifier", "arguments": {"text": "{{ annotator.note }}"}}
RECORDING = {"notifier": f"{HERE}.RecordingNotifier", "arguments": {"text": TEXT}}
BROKEN = {"notifier": f"{HERE}.BrokenNotifier"}
POOR = sorted((SHIFTED, BESIDE, BLANK))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    notices: list[str] = []
    monkeypatch.setattr(acting_support, "SENT", notices)
    return notices


@pytest.fixture
def campaign(run_campaign: RunCampaign) -> Campaign:
    """Return a campaign with all scores, of which three people failed both."""
    made = run_campaign(units=2)
    made.decide(first_pass(made))
    return made


def told(campaign: Campaign, decision: dict[str, Any] = FAILING, **policy: Any) -> int:
    return campaign.decide(None, decision, **{"on_annotator_fail": "notify", **policy})["pending"]


def test_whoever_is_named_is_told_of_each_who_fails_once_for_each_decision(campaign: Campaign, sent: list[str]) -> None:
    assert told(campaign, UNDECIDED, notify=[RECORDING]) == 0
    assert sent == []
    for _ in range(2):
        assert told(campaign, notify=[RECORDING]) == 0
    reason = "0 of 2 submissions passed: with 95 % confidence 0% to 66% pass, 70% are required"
    assert sorted(sent) == [f"{person} 0/2 {reason}" for person in POOR]
    told(campaign, UNDECIDED, notify=[RECORDING])
    assert len(sent) == 3
    told(campaign, notify=[RECORDING])
    assert len(sent) == 6
    assert outcomes(campaign) == [("notify", "done")] * 3 + [("notify", "withdrawn")] * 3 + [("notify", "done")] * 3


def test_nobody_is_told_before_the_fewest_tasks(campaign: Campaign, sent: list[str]) -> None:
    told(campaign, {"required_pass_rate": 0.99, "min_tasks": 3}, notify=[RECORDING], on_annotator_fail="remove")
    assert (sent, lines(campaign)) == ([], [])


def test_a_notifier_that_fails_is_tried_again_and_keeps_nothing_from_being_done(
    campaign: Campaign, sent: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(campaign, notify=[BROKEN, RECORDING]) == 3
    assert len(sent) == 3
    assert "Failed: notify tests" in (said := capsys.readouterr().out)
    assert "token-that-nobody-may-see" not in "".join(one for one in said.splitlines() if "Failed: notify" in one)
    assert "token-that-nobody-may-see" not in json.dumps(lines(campaign))
    assert told(campaign, notify=[BROKEN, RECORDING]) == 3
    assert len(sent) == 3
    assert told(campaign, notify=[RECORDING]) == 0
    assert outcomes(campaign)[-3:] == [("notify", "withdrawn")] * 3


def test_without_a_notifier_the_log_tells(campaign: Campaign, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(campaign) == 0
    assert f"notify {SHIFTED}: 0 of 2 submissions passed" in capsys.readouterr().out
    capsys.readouterr()
    told(campaign)
    assert "notify" not in capsys.readouterr().out


def test_a_dry_run_tells_nobody(campaign: Campaign, sent: list[str]) -> None:
    told(campaign, notify=[RECORDING], dry_run=True)
    assert (sent, lines(campaign)) == ([], [])
    told(campaign, notify=[RECORDING])
    assert len(sent) == 3


@pytest.mark.parametrize(
    ("notifier", "said"),
    [
        ({"notifier": "nowhere.to.be.Found"}, r"policy.notify.1.notifier: nowhere.to.be.Found cannot be imported"),
        ({"notifier": "json.NoSuchClass"}, r"policy.notify.1.notifier: json.NoSuchClass cannot be imported"),
        ({"notifier": "json.JSONDecoder"}, r"policy.notify.1.notifier: json.JSONDecoder is no notifier"),
        ({"notifier": f"{HERE}.RecordingNotifier"}, r"policy.notify.1.arguments: .* missing 1 required .* 'text'"),
    ],
)
def test_a_wrong_notifier_is_said_before_anything_is_done(notifier: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        Campaign(workspace=None, project_hash="nothing").decide(None, notify=[RECORDING, notifier])
    assert "\n" not in str(raised.value)


def test_a_notice_whose_sending_was_killed_is_sent_again_under_the_same_id(
    campaign: Campaign, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed_here(_log: Any, results: Any) -> None:
        if results:
            raise KeyboardInterrupt

    with_id = {**RECORDING, "arguments": {"text": "{{ annotator.notice_id }}"}}
    with monkeypatch.context() as killed:
        killed.setattr("encord_provider.operators.action_log.ActionLog.note", killed_here)
        with pytest.raises(KeyboardInterrupt):
            told(campaign, notify=[with_id])
    assert len(sent) == 1
    told(campaign, notify=[with_id])
    assert (len(sent), len(set(sent))) == (4, 3)


def members(client: EncordUserClient, campaign: Campaign) -> set[str]:
    return {user.user_email for user in client.get_project(campaign.project_hash).list_users()}


def test_who_fails_is_removed_with_the_reason_and_the_manager_is_told(
    campaign: Campaign, client: EncordUserClient, sent: list[str]
) -> None:
    for _ in range(2):
        told(campaign, on_annotator_fail="remove", notify=[RECORDING])
    left = members(client, campaign)
    assert not left & set(POOR)
    assert PERFECT in left
    assert len(sent) == 3
    assert sorted(outcomes(campaign)) == [("notify", "done")] * 3 + [("remove", "done")] * 3
    reasons = {one["reason"] for one in lines(campaign) if one["action"] == "remove" and "outcome" not in one}
    assert reasons == {"0 of 2 submissions passed: with 95 % confidence 0% to 66% pass, 70% are required"}


def test_who_is_more_than_an_annotator_stays(
    campaign: Campaign, client: EncordUserClient, sent: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    project = client.get_project(campaign.project_hash)
    project.remove_users([SHIFTED])
    project.add_users([SHIFTED], ProjectUserRole.TEAM_MANAGER)
    told(campaign, on_annotator_fail="remove", notify=[NOTE])
    assert SHIFTED in members(client, campaign)
    assert sorted(sent)[:2] == ["", ""]
    assert "remove this person from the project in Encord's web app" in sorted(sent)[2]
    said = capsys.readouterr().out
    assert f"Refused: remove {SHIFTED}: the role in the project is TEAM_MANAGER, and only annotators" in said
    told(campaign, on_annotator_fail="remove")
    assert "Refused" not in capsys.readouterr().out


def test_a_removal_whose_answer_is_lost_is_done(campaign: Campaign, client: EncordUserClient, control: Control) -> None:
    control.call("POST", "faults", {"match": "POST .*/users/bulk-delete$", "drop": "after", "times": 1})
    told(campaign, on_annotator_fail="remove")
    assert not members(client, campaign) & set(POOR)
    assert ("remove", "refused") not in outcomes(campaign)


class _Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as ``smtplib`` needs; messages go into the server's list."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().strip().upper():
            if line == b"DATA":
                self._say("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.messages.append(email.message_from_bytes(content))  # type: ignore[attr-defined]
            self._say("221 bye" if line == b"QUIT" else "250 fine")
            if line == b"QUIT":
                return

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Return the messages that a local mail server got, which Airflow's connection ``mail`` names."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mailbox) as server:
        server.messages = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "qa@example.com"}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": server.server_address[1], "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_MAIL", json.dumps(connection))
        yield server.messages  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def test_airflows_own_mail_notifier_reaches_a_mail_server(campaign: Campaign, mailbox: list[Any]) -> None:
    arguments = {
        "to": "lead@example.com",
        "smtp_conn_id": "mail",
        "subject": "{{ annotator.email }}: {{ annotator.decision }}",
        "html_content": "{{ annotator.reason }} <a href='{{ annotator.project_url }}'>project</a>",
    }
    mail = {"notifier": "airflow.providers.smtp.notifications.smtp.SmtpNotifier", "arguments": arguments}
    told(campaign, notify=[mail])
    assert sorted(one["Subject"] for one in mailbox) == [f"{person}: FAIL" for person in POOR]
    body = mailbox[0].get_payload()[0].get_payload(decode=True).decode()
    assert body.startswith("0 of 2 submissions passed")
    assert campaign.project_hash in body


def test_a_policy_from_a_callable_keeps_the_templates_of_notifiers_for_later() -> None:
    policy = {"on_annotator_fail": "notify", "notify": [RECORDING], "dry_run": True}
    operator = EncordApplyDecisionsOperator(
        task_id="apply_decisions",
        scores=None,
        project_hash="{{ params.project }}",
        scored_stage="Consensus 1",
        workspace="workspace",
        policy=lambda context, jinja_env: policy,  # noqa: ARG005 - the names are Airflow's
    )
    operator.render_template_fields({"params": {"project": "rendered"}})
    assert (operator.project_hash, operator.policy) == ("rendered", policy)
