"""Calls when something goes wrong: kills, a network that fails, refusals; and the command that makes one call."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr

import ac_pipeline
from ac_pipeline.activecampaign.caller import Unconfirmed
from ac_pipeline.calls import Identified, connect
from ac_pipeline.errors import (
    ContactRefused,
    InvalidCall,
    OwnerMustAct,
    PipelineError,
    ServiceUnavailable,
    StoreBusy,
    WrongAccount,
)
from ac_pipeline.home import Home
from ac_pipeline.model.contact import Contact
from ac_pipeline.model.events import EventState
from ac_pipeline.store.lock import held_lock
from pipeline.events_support import Shop
from pipeline.pipeline_account import EVENT, TAG, UPDATE
from pipeline.pipeline_support import SYNC, Service, end, killing, service

ANN = "ann@example.com"
NEW = {"email": ANN, "firstName": "Ann", "shirtSize": "M"}
SCRIPT = """
import ac_pipeline as ac
with ac.connect() as account:
    account.identify("42", {"email": "ann@example.com", "firstName": "Ann", "shirtSize": "M", "tags": ["VIP"]})
    for number in range(4):
        account.track("42", "Order Completed", {"acValue": number}, message_id=f"m-{number}")
"""


@pytest.fixture
def shop(tmp_path: Path, account: Service) -> Shop:
    """A company whose account tracks events."""
    account.track()
    account.forget_requests()
    return Shop(tmp_path / "shop", account.sandbox.url)


def fault_of(shop: Shop, call: str, *args: object, **kwargs: object) -> PipelineError:
    """Return what a call by itself raises."""
    with pytest.raises(PipelineError) as caught, connect(shop.settings(), clock=shop.clock) as account:
        getattr(account, call)(*args, **kwargs)
    return caught.value


def script(shop: Shop) -> subprocess.Popen[str]:
    """Start the script in a process of its own, with settings from the environment."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=shop.root, env=shop.environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_script_that_is_killed_between_request_and_record_loses_and_repeats_nothing(
    shop: Shop, account: Service
) -> None:
    """At the contact, at its tag, at an event: what is not known is looked into; the script's second run ends it."""
    with connect(shop.settings(), clock=shop.clock) as calls:
        calls.identify("1", {"email": "one@example.com", "firstName": "One", "shirtSize": "S", "tags": ["VIP"]})
    for number, endpoint in ((6, SYNC), (8, TAG), (10, EVENT), (10, EVENT)):
        account.forget_requests()
        child = script(shop)
        account.door.at(number, killing(child))
        assert end(child).code == -signal.SIGKILL
        assert account.requests()[-1] == endpoint
    shop.sync()
    ended = end(script(shop))
    assert ended.code == 0, ended.text
    shop.sync_later()
    assert account.contacts()[ANN]["shirtSize"] == "M"
    assert account.tags(ANN) == {"VIP"}
    told = Counter(value for _, _, value in account.tracked())
    assert told == Counter({str(number): 1 for number in range(4)})
    assert shop.ask("select distinct state from events") == [("sent",)]
    assert shop.ask("select count(*) from acknowledged where state <> 'acknowledged'") == [(0,)]


def test_what_cannot_be_said_is_an_error_of_its_class_and_leaves_nothing(shop: Shop, account: Service) -> None:
    """Service down, wrong key, refused contact, another account; `held_lock` is the second process."""
    down = shop.settings().model_copy(update={"activecampaign_api_url": "http://127.0.0.1:9"})
    wrong = shop.settings().model_copy(update={"activecampaign_api_key": SecretStr("wrong")})
    for settings, kind in ((down, ServiceUnavailable), (wrong, OwnerMustAct)):
        with connect(settings, clock=shop.clock) as calls, pytest.raises(kind) as caught:
            calls.track("42", "Signed Up", email=ANN)
        assert ANN not in str(caught.value)
    account.misbehave({"kind": "email_invalid", "path": "/contact/sync", "count": 1})
    refused = fault_of(shop, "identify", "42", NEW)
    assert isinstance(refused, ContactRefused)
    assert "email_invalid" in str(refused)
    assert shop.ask("select outcome, reason from deliveries") == [("rejected", "email_invalid")]
    assert (shop.ask("from rejections"), shop.ask("from events"), account.told()) == ([], [], {})

    with held_lock(Home.at(shop.home), "sync", 0):
        busy = fault_of(shop, "identify", "42", NEW)
    assert isinstance(busy, StoreBusy)
    assert "is in use by process" in busy.message
    assert "(sync)" in busy.message
    other = shop.settings().model_copy(update={"activecampaign_api_url": "https://other.api-us1.com"})
    with pytest.raises(WrongAccount), connect(other, clock=shop.clock):
        pass


def test_an_answer_that_never_came_is_not_success(shop: Shop, account: Service) -> None:
    """Of a contact: said, and calling again is safe. Of an event: kept, looked for, and told once."""
    with connect(shop.settings(), clock=shop.clock) as calls:
        calls.identify("42", NEW)
        account.misbehave({"kind": "gateway_timeout", "path": "/contacts/{id}"})
        with pytest.raises(Unconfirmed):
            calls.identify("42", {"shirtSize": "L"})
        account.misbehave({"kind": "dropped_after", "path": "/event", "count": 1})
        doubted = calls.track("42", "Signed Up", {"acValue": 1}, message_id="m-1")
        behind = calls.track("42", "Signed Up", {"acValue": 2}, message_id="m-2")
        assert (doubted.state, behind.state) == (EventState.UNKNOWN, EventState.SENT), "the log shows the first"
        assert calls.track("42", "Signed Up", {"acValue": 1}, message_id="m-1").state is EventState.SENT
        account.misbehave({"kind": "dropped_before", "path": "/event", "count": 1})
        lost = calls.track("42", "Signed Up", {"acValue": 3}, message_id="m-3")
        behind = calls.track("42", "Signed Up", {"acValue": 4}, message_id="m-4")
        assert (lost.state, behind.state, behind.reason) == (EventState.UNKNOWN, EventState.WAITING, "after_doubt")
        account.misbehave({"kind": "throttled", "path": "/contacts/{id}", "count": 2})
        assert calls.identify("42", {"shirtSize": "L"}).said == ("shirtSize",)
    shop.sync_later()
    assert [value for _, _, value in account.tracked()] == ["1", "2", "3", "4"]
    assert account.told()[ANN]["shirtSize"] == "L"


def test_a_call_works_in_a_notebook_and_is_stopped_by_ctrl_c(
    shop: Shop, account: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an event loop runs already; and an interrupt while a request is under way leaves its end unknown."""
    for name, value in shop.environment().items():
        monkeypatch.setenv(name, value)

    async def cell() -> Identified:
        with connect(shop.settings(), clock=shop.clock) as calls:
            return calls.identify("42", NEW)

    async def alone() -> Contact | None:
        return ac_pipeline.find_contact(ANN)

    assert asyncio.run(cell()).contact_id == account.id_of(ANN)
    found = asyncio.run(alone())
    assert found is not None
    assert found.id == account.id_of(ANN)
    for failed, (number, endpoint) in enumerate(((6, UPDATE), (6, TAG)), start=1):
        child = script(shop)
        account.forget_requests()

        def interrupt(running: subprocess.Popen[str] = child) -> None:
            account.door.close()
            running.send_signal(signal.SIGINT)

        account.door.at(number, interrupt)
        out, err = child.communicate(timeout=60)
        account.door.open()
        assert account.requests()[-1] == endpoint
        assert (child.returncode, err.strip().splitlines()[-1]) == (-signal.SIGINT, "KeyboardInterrupt"), out + err
        assert shop.ask("select kind, state, count(*) from runs group by all order by state") == [
            ("send", "failed", failed), ("send", "succeeded", 2),
        ]  # fmt: skip
        assert shop.ask("select outcome, reason from deliveries order by attempt_id desc limit 1") == [
            ("unknown", "the call was stopped")
        ]


def test_an_event_that_certainly_was_not_told_may_be_told_under_its_id(shop: Shop, account: Service) -> None:
    """A wrong event key and a wrong event are answered alike: the script hears of it, and nothing is kept."""
    wrong = shop.settings().model_copy(update={"activecampaign_event_key": SecretStr("wrong")})
    with connect(shop.settings(), clock=shop.clock) as calls:
        calls.identify("42", NEW)
    with connect(wrong, clock=shop.clock) as calls, pytest.raises(OwnerMustAct, match="ACTIVECAMPAIGN_EVENT_KEY"):
        calls.track("42", "Signed Up", message_id="m-1")
    shop.sync()
    assert (account.tracked(), shop.ask("select state, reason from events")) == ([], [("dropped", "call_failed")])
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert calls.track("42", "Signed Up", message_id="m-1").sent
    assert account.tracked() == [(ANN, "Signed Up", "")]


def test_handles_in_turn_keep_the_accounts_pace(tmp_path: Path) -> None:
    """One limiter for each account in a process, from one handle to the next. What is closed takes no call."""
    with service(tmp_path / "slow.sqlite", rate=100) as slow:
        shop = Shop(tmp_path / "shop", slow.sandbox.url, rate=2)
        paces = []
        for number in range(2):
            with connect(shop.settings()) as calls:
                calls.find_contact(f"u{number}@example.com")
                paces.append(calls._connection.pace())
            with pytest.raises(InvalidCall, match="The handle is closed"):
                calls.add_tag("VIP", user_id=1)
            with pytest.raises(InvalidCall, match="The handle is closed"):
                calls.identify(1, NEW)
        assert paces[0] is paces[1]


def test_one_call_from_the_command_line(shop: Shop, account: Service) -> None:
    """Arguments as options, or as JSON on standard input; a dry run shows no person; exit codes as elsewhere."""
    message = {
        "type": "identify",
        "userId": "42",
        "anonymousId": None,
        "originalTimestamp": "",
        "_metadata": {},
        "traits": {**NEW, "tags": ["VIP"]},
    }
    planned = shop.feed(message, "send", "identify", "--json", "-", "--dry-run")
    said = shop.feed(message, "send", "identify", "--json", "-", "--trait", "age=7")
    event = ("--event", "Signed Up", "--property", "acValue=2", "--message-id", "m")
    told = shop.run("send", "track", "--user-id", "42", *event)
    waits = shop.run("send", "track", "--email", "nobody@example.com", "--event", "Signed Up")
    wrong = shop.feed({"user": "42"}, "send", "identify", "--json", "-")
    assert (planned.code, said.code, told.code, waits.code, wrong.code) == (0, 0, 0, 11, 14), wrong.text
    assert f"{SYNC}\n{TAG}\n" in planned.out
    assert (ANN in planned.text, "Ann" in said.text) == (False, False)
    assert "was told: email, first_name, shirtSize, tag VIP" in said.out
    assert "age  ignored" in said.out
    assert (told.out, "waiting (no_contact)" in waits.out) == ("sent, message id m\n", True)
    assert "identify has no user" in wrong.err
    assert (account.tags(ANN), account.tracked()) == ({"VIP"}, [(ANN, "Signed Up", "2")])
