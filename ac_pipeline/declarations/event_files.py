"""What may stand in `events/<key>.yaml`. Anything else is an error."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from ac_pipeline.declarations.files import SourceFile
from ac_pipeline.declarations.templates import TEMPLATES
from ac_pipeline.declarations.texts import Name
from ac_pipeline.model.events import OWN_PREFIX, VIEWED_PAGE, AfterDoubt, EventCall, UnknownContacts
from ac_pipeline.model.tracking import event_name_fault
from ac_pipeline.model.window import parse_utc

NEW, ALL = "new", "all"
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_DURATION = re.compile(r"(\d{1,6}) *(minute|hour|day)s?")
_NO_BEGIN = "is not new, all or a moment; write a moment like 2026-04-05T12:00 (UTC)"
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def duration(text: str) -> timedelta:
    """Read `3 hours`, `30 minutes`, `1 day`. Raises ValueError."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("is not a time; write it like 3 hours, 30 minutes or 7 days")
    return int(found[1]) * _UNITS[found[2]]


def moment(value: date | str) -> datetime:
    """Read a day or a moment; without an offset it is UTC. Raises ValueError."""
    return parse_utc(value if isinstance(value, str) else value.isoformat())


def event_name(value: str) -> str:
    """Return the name of an event as ActiveCampaign takes it. Raises ValueError."""
    if fault := event_name_fault(value):
        raise ValueError(f"cannot be registered; {fault}")
    if value.startswith(OWN_PREFIX):
        raise ValueError(f"begins with {OWN_PREFIX}; such names are ActiveCampaign's own")
    return value


def _duration_text(value: str) -> str:
    duration(value)
    return value


def _column(value: str) -> str:
    if not _COLUMN.fullmatch(value):
        raise ValueError("is not the name of a column; write it with letters, digits and _, without quotes")
    return value


# Strict values know no enums: in YAML they are texts.
Call = Annotated[EventCall, Field(strict=False)]
Unknown = Annotated[UnknownContacts, Field(strict=False)]
Doubt = Annotated[AfterDoubt, Field(strict=False)]
EventName = Annotated[Name, AfterValidator(event_name)]
Duration = Annotated[str, AfterValidator(_duration_text)]
Column = Annotated[str, AfterValidator(_column)]


class EventFile(SourceFile):
    """`events/<key>.yaml`; `None` falls back to what the call or the template says."""

    template: str | None = None
    call: Call | None = Field(default=None, validate_default=True)
    event: EventName | None = None
    as_event: EventName | None = VIEWED_PAGE
    value: Column | None = None
    begin: datetime | str = Field(default=NEW, alias="from")
    cursor: Column | None = None
    overlap: Duration | None = None
    unknown_contacts: Unknown = UnknownContacts.WAIT
    wait_for: Duration | None = None
    after_doubt: Doubt = AfterDoubt.SKIP
    shorten: bool = False

    @field_validator("template")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in TEMPLATES:
            raise ValueError(f"`{value}` is none; there are {', '.join(TEMPLATES)}")
        return value

    @field_validator("call", mode="after")
    @classmethod
    def _of_the_template(cls, value: EventCall | None, info: ValidationInfo) -> EventCall | None:
        template = TEMPLATES.get(info.data.get("template") or "")
        if template is None:
            if value is None and "template" in info.data:
                raise ValueError("is missing; write track, page or screen")
            return value
        if value is not None and value is not template.call:
            raise ValueError(f"is not that of the template; it is {template.call.value}")
        return template.call

    @field_validator("event")
    @classmethod
    def _not_of_pages(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("call") is EventCall.PAGE:
            raise ValueError("is not for pages; as_event names the event a page view is told as")
        return value

    @field_validator("as_event")
    @classmethod
    def _only_of_pages(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("call") in {EventCall.TRACK, EventCall.SCREEN}:
            raise ValueError("is only for `call: page`; name other events with event")
        return value

    @field_validator("value")
    @classmethod
    def _only_of_templates(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("template") is None:
            raise ValueError("is only for templates; a query names that column `value` itself")
        return value

    @field_validator("begin", mode="before")
    @classmethod
    def _moment(cls, value: object) -> object:
        try:
            if value in (NEW, ALL):
                return value
            if isinstance(value, date | str):
                return moment(value)
        except ValueError:
            pass
        raise ValueError(_NO_BEGIN)

    @field_validator("unknown_contacts", mode="before")
    @classmethod
    def _word(cls, value: object) -> object:
        if value not in {"wait", "drop"}:
            raise ValueError("is neither wait nor drop; write one of them")
        return value

    @field_validator("wait_for")
    @classmethod
    def _only_of_waiting(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("unknown_contacts") is UnknownContacts.DROP:
            raise ValueError("is only for `unknown_contacts: wait`; remove it")
        return value
