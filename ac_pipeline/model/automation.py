"""Automations of an account, and the contacts in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ac_pipeline.model.delivery import Answer


@dataclass(frozen=True, slots=True)
class Automation:
    """An automation. Names need not be unique; nobody should enter one that is not `active`."""

    id: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One time a contact entered an automation; `entered_at` to the second, with the account's offset."""

    id: str
    automation_id: str
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The end of letting a contact enter an automation, with the enrolment's id when it is there now."""

    answer: Answer
    enrolment_id: str | None = None
