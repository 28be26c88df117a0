"""Neither the key nor a person shows up in logs, errors or reprs."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Awaitable, Callable

import pytest

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.activecampaign.payloads import Batch
from ac_pipeline.errors import PipelineError
from ac_pipeline.model.account import FieldSpec, FieldType
from unit.activecampaign.ac_connection import BODY, EMAIL, EVENT_KEY, KEY, talk
from unit.activecampaign.scripted_server import Reset, Say, Step, scripted

ECHO = f"Contact Ada Lovelace <{EMAIL}> with key {KEY} and {EVENT_KEY}"
STEPS: list[Step] = [
    Say(200, {"contact": {"id": "1", "email": EMAIL}, "user": {"id": [EMAIL]}, "note": KEY}),
    Say(200, f"<html>{ECHO}</html>".encode()),
    Say(200, ECHO.encode()),
    Say(200, {"success": 0, "message": ECHO}),
    Say(200, {"success": 0, "message": f"An account ID must be provided. {ECHO}"}),
    Say(200, {"success": ECHO}),
    Say(302, headers={"Location": f"/?email={EMAIL}&key={KEY}"}),
    Say(400, {"errors": [{"title": ECHO, "detail": ECHO, "code": ECHO, "source": {"pointer": ECHO}}]}),
    Say(403, {"message": ECHO}),
    Say(404, {"message": ECHO}),
    Say(422, {"errors": [{"title": ECHO, "code": EMAIL}]}),
    Say(429, {"message": ECHO}, {"Retry-After": "99999"}),
    Say(500, ECHO.encode(), {"X-Ac-Error": ECHO}),
    Reset(after_reading=True),
]
SECRETS = (EMAIL, "Lovelace", KEY, EVENT_KEY)


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


@pytest.mark.parametrize("step", STEPS)
def test_a_delivery_reveals_nothing(step: Step, caplog: pytest.LogCaptureFixture) -> None:
    """Not in the log at its most talkative, not in the answers and not in their stops."""
    caplog.set_level(logging.DEBUG)

    async def use(client: ActiveCampaign) -> str:
        answers = await client.sync_contact(BODY), await client.send_event(EMAIL, "Bought", "Ada Lovelace")
        said = [f"{answer!r} {answer.stop!r} {answer.stop}" for answer in answers]
        return f"{client!r} {said} {vars(client)}"

    with scripted(then=step) as server:
        shown = talk(server.url, use)
    assert leaks(shown + caplog.text) == []


@pytest.mark.parametrize("step", STEPS)
def test_an_error_reveals_nothing(step: Step, caplog: pytest.LogCaptureFixture) -> None:
    """Not in its text, not in its traceback with the local variables of our frames, not through its causes."""
    caplog.set_level(logging.DEBUG)
    with scripted(then=step) as server, pytest.raises(PipelineError) as caught:
        talk(server.url, lambda client: client.me())
    error = caught.value
    frames = traceback.extract_tb(error.__traceback__)
    inside = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [str(frame.locals) for frame in inside.stack if "ac_pipeline" in frame.filename]
    assert frames
    assert ours
    assert error.__context__ is None
    assert leaks(" ".join([str(error), repr(error), caplog.text, *traceback.format_exception(error), *ours])) == []


async def _directory(client: ActiveCampaign) -> object:
    return [page async for page in client.directory()]


async def _user_ids(client: ActiveCampaign) -> None:
    async for _ in client.values_of_field("3"):
        pass


CALLS: dict[str, Callable[[ActiveCampaign], Awaitable[object]]] = {
    "find": lambda client: client.contact_of(EMAIL),
    "read": lambda client: client.contact("17"),
    "create": lambda client: client.create_contact(BODY),
    "directory": _directory,
    "values": lambda client: client.contact_values("17"),
    "find values": lambda client: client.find_values("3", "Ada Lovelace"),
    "values of a field": _user_ids,
    "set value": lambda client: client.set_value("17", "3", "Ada Lovelace"),
    "tags": lambda client: client.tags(),
    "create tag": lambda client: client.create_tag("VIP"),
    "add tag": lambda client: client.add_tag("17", "7"),
    "lists": lambda client: client.lists(),
    "subscribe": lambda client: client.subscribe("17", "3"),
    "import": lambda client: client.submit_import(Batch((json.dumps({"email": EMAIL}),))),
    "progress": lambda client: client.import_progress("3840817e"),
    "event": lambda client: client.send_event(EMAIL, "Bought", "Ada Lovelace"),
    "visit": lambda client: client.send_visit(EMAIL, f"https://shop.example/?for={EMAIL}"),
    "register event": lambda client: client.register_events(["Bought"]),
    "domain": lambda client: client.register_domain("shop.example"),
    "tracking": lambda client: client.tracks_events(),
    "log": lambda client: client.tracking_log("17"),
    "automations": lambda client: client.automations(),
    "enrol": lambda client: client.enrol("17", "1"),
    "enrolments": lambda client: client.enrolments("17"),
    "create field": lambda client: client.create_field(FieldSpec("A", FieldType.TEXT, "A")),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_call_reveals_anything(call: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever comes back: in its result, its error or the log."""
    caplog.set_level(logging.DEBUG)
    shown = ""
    for step in STEPS:
        with scripted(then=step) as server:
            try:
                shown += repr(talk(server.url, CALLS[call]))
            except PipelineError as error:
                shown += "".join(traceback.format_exception(error)) + repr(error)
    assert leaks(shown + caplog.text) == []


@pytest.mark.parametrize("name", ["httpx", "httpcore", "httpcore.http11"])
def test_loggers_that_show_urls_are_kept_quiet(name: str) -> None:
    """Opening a client raises loggers that are more talkative than WARNING, and leaves quieter ones alone."""
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    logging.getLogger("httpcore").setLevel(logging.ERROR)
    with scripted(then=Say(200, {"user": {"id": "1"}})) as server:
        talk(server.url, lambda client: client.me())
    assert logging.getLogger(name).getEffectiveLevel() == (logging.WARNING if name == "httpx" else logging.ERROR)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
