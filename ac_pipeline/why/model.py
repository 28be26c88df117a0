"""What is said about one contact. No address, name or phone number is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """Who was found. `label` is the user id, or a number of ours where the user id is an address."""

    contact_id: int
    label: str
    found_by: str
    """In words: which of the contact's marks the person named."""
    remote_id: str | None
    """ActiveCampaign's contact id, if it is known."""
    others: tuple[str, ...] = ()
    """Labels of other contacts that had the same address at some time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One property now: what ActiveCampaign should be told, what it was told, and why that is so."""

    key: str
    kind: str
    wanted: str | None
    """None when there is nothing to say."""
    told: str | None
    state: str
    """acknowledged, unknown, rejected, or "" when nothing was ever said."""
    code: str
    """The reason for programs; see sentences.VERDICTS."""
    reasons: tuple[str, ...]
    """The same in words, the most important first."""
    attempt_id: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """One moment of the timeline, UTC without a zone."""

    at: datetime
    what: str
    """source, snapshot (at the end of its window), held, released, attempt, answer,
    opt-out, conflict or event."""
    property: str
    """Key of the property, or keys with commas between them; empty where it concerns the contact."""
    text: str
    run_id: str | None
    attempt_id: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is known about one contact, or about one property of it."""

    subject: Subject
    account: str
    """Host of the account; empty before the first delivery."""
    as_of: datetime | None
    """End of the newest computed window."""
    notes: tuple[str, ...]
    """What concerns the contact as a whole."""
    standings: tuple[Standing, ...]
    never: tuple[str, ...]
    """Audiences and traits that never said anything about the contact."""
    events: tuple[Event, ...]
    """Oldest first."""
