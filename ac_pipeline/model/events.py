"""Things that happen once and are told once: calls of event streams, audiences entered and left, enrolments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from ac_pipeline.model.query import Query

OWN_PREFIX = "__"
"""What ActiveCampaign's own events begin with (`__pagevisit`; reference, section 12)."""
VIEWED_PAGE = "Viewed Page"
ENTERED, EXITED = "Audience Entered", "Audience Exited"
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
"""Before every event, and a moment that every warehouse can compare with."""


class EventCall(StrEnum):
    """What a stream's rows are, in Segment's words."""

    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"


class UnknownContacts(StrEnum):
    """What becomes of the events of people who are no contacts of the account."""

    WAIT = "wait"
    DROP = "drop"


class AfterDoubt(StrEnum):
    """What follows when nobody can say whether an event arrived."""

    SKIP = "skip"
    """At most once: it may be missing."""
    REPEAT = "repeat"
    """At least once: it may be there twice."""


class Route(StrEnum):
    """How one event is told."""

    EVENT = "event"
    VISIT = "visit"
    ENROL = "enrol"


class EventState(StrEnum):
    """Where one event stands."""

    PENDING = "pending"
    WAITING = "waiting"
    """Something else has to come first; its reason says what."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """It may or may not have arrived."""
    REJECTED = "rejected"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class EventStream:
    """One file of events/. `key` names it everywhere, for ever."""

    key: str
    call: EventCall
    query: Query
    path: Path
    event: str | None = None
    """The name of every event; None: the column `event` has it."""
    as_event: str | None = None
    """Of pages: the event a page view is told as; None: as a visit."""
    begin: datetime | None = None
    """Only what came after it is sent; None: after the end of the first window that was read."""
    cursor: str = "occurred_at"
    """The column that `:since` and `:as_of` are compared with."""
    overlap: timedelta = timedelta(hours=3)
    """How far back each reading begins before the newest row of the last one, for rows that come late."""
    unknown_contacts: UnknownContacts = UnknownContacts.WAIT
    wait_for: timedelta = timedelta(days=7)
    after_doubt: AfterDoubt = AfterDoubt.SKIP
    shorten: bool = False
    """Whether names and values that are too long are cut; otherwise they are rejected."""
    description: str = ""
    owner: str | None = None

    @property
    def route(self) -> Route:
        """How its events are told."""
        return Route.VISIT if self.call is EventCall.PAGE and self.as_event is None else Route.EVENT

    @property
    def fixed_name(self) -> str | None:
        """The name of all its events, None when each row has its own or a visit has none."""
        return self.as_event if self.call is EventCall.PAGE else self.event


@dataclass(frozen=True, slots=True)
class StreamRows:
    """What one reading of a stream brought. `table` is empty when there is nothing to use: `failure` says why."""

    stream: EventStream
    since: datetime
    """Rows up to it were not asked for; UTC without a zone."""
    table: str = ""
    rows: int = 0
    failure: str = ""
