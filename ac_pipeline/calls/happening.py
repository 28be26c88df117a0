"""What the arguments of track, page and screen say, in Segment's words."""

from __future__ import annotations

import json
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from ac_pipeline.calls.arguments import json_of, mapping
from ac_pipeline.calls.faults import refused, said
from ac_pipeline.calls.plain import NotPlain, as_user_id, is_text, moment_of, plain
from ac_pipeline.model.events import OWN_PREFIX, EventCall
from ac_pipeline.model.tracking import LONGEST_EVENT, event_name_fault

LONGEST_ID = 255
"""Characters of a message id."""
_VALUE = "acValue"
_Loose = Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as it was given: user id, address and value as JSON; `at` is None for now. No repr shows anybody."""

    call: EventCall
    message_id: str
    user_id: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    at: datetime | None = None
    event: str | None = None
    properties: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    referrer: str | None = field(default=None, repr=False)
    as_event: str | None = None


def read_happening(
    call: EventCall,
    *,
    user_id: object,
    email: object = None,
    event: object = None,
    properties: _Loose = None,
    context: _Loose = None,
    timestamp: object = None,
    message_id: object = None,
    as_event: str | None = None,
) -> Happening:
    """Read the arguments of one event. Raises InvalidCall with all faults at once.

    Of the properties ActiveCampaign has room for `acValue`, and of a page for `url` and `referrer`, which may stand in
    `context.page`, too. Who it is may stand in `context.traits`.
    """
    faults: list[str] = []
    given = mapping(properties, "properties")
    around = mapping(context, "context")
    page = mapping(around.get("page"), "context.page")
    if email is None:
        email = mapping(around.get("traits"), "context.traits").get("email")

    def text(what: str, value: object) -> str | None:
        if value is None or (isinstance(value, str) and is_text(value) and "\0" not in value):
            return value
        faults.append(f"{what}: no text")
        return None

    def name(what: str, value: object) -> str | None:
        # As the store has it, so that it is registered under the name by which it is told.
        if (found := text(what, value)) is None:
            return None
        found = unicodedata.normalize("NFC", found).strip()
        faults.extend(said(fault, what) for fault in [_name_fault(found)] if fault)
        return found

    at = None if timestamp is None else moment_of(timestamp)
    if timestamp is not None and at is None:
        faults.append("timestamp: no moment; give a datetime, or text like 2026-04-05T12:00:00Z")
    number = _message_id(message_id, faults)
    value = json_of(_VALUE, given.get(_VALUE), faults)
    url = text("url", given.get("url", page.get("url")))
    if call is EventCall.PAGE and as_event is None and not _is_url(url or ""):
        faults.append(said("invalid_url"))
    if call is EventCall.PAGE:
        text("name", event)  # there is no place for it
        event = None
    happening = Happening(
        call,
        number,
        user_id=json_of("user_id", user_id, faults, as_user_id),
        email=json_of("email", email, faults),
        at=at,
        event=name("event" if call is EventCall.TRACK else "name", event),
        properties=None if value is None else json.dumps({_VALUE: json.loads(value)}, ensure_ascii=False),
        url=url,
        referrer=text("referrer", given.get("referrer", page.get("referrer"))),
        as_event=name("as_event", as_event),
    )
    if faults:
        raise refused(call.value, faults)
    return happening


def message_id_of(call: str, given: object) -> str:
    """Return the id by which something is told once. Raises InvalidCall."""
    faults: list[str] = []
    number = _message_id(given, faults)
    if faults:
        raise refused(call, faults)
    return number


def automation_of(given: object) -> str:
    """Return the name or id of an automation. Raises InvalidCall."""
    if not (name := _text(given)):
        raise refused("start_automation", ["automation: neither a name nor an id"])
    return name


def _message_id(given: object, faults: list[str]) -> str:
    """Return the id by which an event is told once; a new one where none is given."""
    if given is None:
        return str(uuid.uuid4())
    number = _text(given)
    if not 0 < len(number) <= LONGEST_ID:
        faults.append(f"message_id: no text of 1 to {LONGEST_ID} characters")
    return number


def _text(given: object) -> str:
    """Return what a text, a whole number or a UUID says; nothing for anything else."""
    try:
        found = plain(given) if isinstance(given, str | int | uuid.UUID) else None
    except NotPlain:
        return ""
    # NUL ends texts in many programs.
    return "" if found is None or isinstance(found, bool) or "\0" in str(found) else str(found).strip()


def _name_fault(name: str) -> str | None:
    """Return what is wrong with an event's name, a kind of problem: nothing is kept that the client would not send."""
    if not name:
        return "missing_event"
    if len(name) > LONGEST_EVENT:
        return "event_name_too_long"
    if name.startswith(OWN_PREFIX):
        return "reserved_event_name"
    return "invalid_event" if event_name_fault(name) else None


def _is_url(url: str) -> bool:
    """Whether the page's domain can be read; what else is wrong with it the store says."""
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True
