"""Events that are to be told: which ones may be now, their attempts and how these ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.events import ENTERED, EXITED, Route
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store

FOUND, ABSENT, REPEAT, SKIP = "found", "absent", "repeat", "skip"
"""Reasons of what ends a doubt: the account's log shows the event, or does not; the setting decides."""
EVENT, DOMAIN = "event", "domain"
"""What the account has to know before it is used."""


@dataclass(frozen=True, slots=True)
class DueEvent:
    """One event to be told. `name` is the automation's of an enrolment; `value` the page of a visit."""

    event_id: int
    route: Route
    name: str
    value: str = field(default="", repr=False)
    referrer: str = field(default="", repr=False)
    attempts: int = 0
    """Made before."""


@dataclass(frozen=True, slots=True)
class DueContact:
    """A contact of the account with its events in order; `email` is the address it has there."""

    position: int
    contact_id: int
    remote_id: str
    email: str = field(repr=False)
    events: tuple[DueEvent, ...] = ()


def note_members(store: Store, declarations: Declarations) -> None:
    """Make events of who entered and left audiences since that was told last. Calling it again changes nothing."""
    automations = {
        one.key: one.membership.automation for one in declarations.audiences if one.membership.automation is not None
    }
    with store.transaction() as connection:
        run_script(
            connection, "events_members", now=store.now(), entered=ENTERED, exited=EXITED,
            with_existing=[key for key, one in automations.items() if one.existing],
            keys=list(automations), automations=[one.automation for one in automations.values()],
        )  # fmt: skip


def fill_due(store: Store, *, drops: bool = True) -> int:
    """Look at every event that is not over: drop, let wait, or write into `due_event`; return how many are there.

    Before contacts are told nothing is to be dropped: who is none yet may become one.
    """
    with store.transaction() as connection:
        run_script(connection, "events_due", account_id=ACCOUNT_ID, now=store.now(), drops=drops)
        row = connection.execute("select count(*) from due_event").fetchone()
    return int(row[0]) if row else 0


def due_names(store: Store, route: Route) -> list[str]:
    """Return the names of the events of `due_event` that go one way, each once."""
    rows = store.connection.execute(
        "select distinct name from due_event where route = $route order by name", {"route": route.value}
    ).fetchall()
    return [str(row[0]) for row in rows]


def due_domains(store: Store) -> list[str]:
    """Return the hosts of the pages that visits are to be told of, each once."""
    rows = store.connection.execute(
        r"""select distinct lower(regexp_extract(value, '^https?://(?:[^/?#@]*@)?([^/:?#]+)', 1)) as host
        from due_event where route = 'visit' order by host"""
    ).fetchall()
    return [str(row[0]) for row in rows if row[0]]


def put_off(store: Store, reason: str, *, route: Route, names: Sequence[str] | None = None) -> int:
    """Take events out of `due_event`, all of a route or those with these names; return how many. They stay pending."""
    return _take_out(store, "pending", reason, route, names)


def refuse(store: Store, reason: str, *, route: Route, names: Sequence[str]) -> int:
    """Reject events with these names before any request; return how many."""
    return _take_out(store, "rejected", reason, route, names)


def _take_out(store: Store, state: str, reason: str, route: Route, names: Sequence[str] | None) -> int:
    wanted = {"route": route.value, "names": None if names is None else list(names)}
    with store.transaction() as connection:
        chosen = "route = $route and ($names::varchar[] is null or list_contains($names::varchar[], name))"
        connection.execute(
            f"create or replace temp table taken_out as select event_id from due_event where {chosen}", wanted
        )
        connection.execute("delete from due_event using taken_out where due_event.event_id = taken_out.event_id")
        moved = connection.execute(
            """update engine.event set state = $state, reason = $reason,
                settled_at = if($state = 'pending', null, $now::timestamp)
            from taken_out where event.event_id = taken_out.event_id returning event.event_id""",
            {"state": state, "reason": reason, "now": store.now()},
        ).fetchall()
    return len(moved)


def next_due(store: Store, after: int, count: int) -> list[DueContact]:
    """Return up to `count` contacts of `due_event` behind position `after`, each with all its events."""
    rows = store.connection.execute(
        """select position, contact_id, remote_id, email, event_id, route, name, value, referrer, attempts
        from due_event
        where position in (
            select distinct position from due_event where position > $after order by position limit $count
        ) order by position, step""",
        {"after": after, "count": count},
    ).fetchall()
    events: dict[tuple[int, int, str, str], list[DueEvent]] = {}
    for position, contact_id, remote_id, email, event_id, route, name, value, referrer, attempts in rows:
        of_contact = events.setdefault((int(position), int(contact_id), str(remote_id), str(email)), [])
        event = DueEvent(int(event_id), Route(route), str(name), value or "", referrer or "", int(attempts))
        of_contact.append(event)
    return [DueContact(*contact, tuple(theirs)) for contact, theirs in events.items()]


def begin_event_attempts(store: Store, events: Mapping[int, int]) -> dict[int, int]:
    """Write attempts, durably, before any request: `events` maps event id to contact id; return event → attempt id."""
    rows = store.connection.execute(
        """insert into engine.event_attempt
        select nextval('engine.event_attempt_ids'), $account, unnest($events), unnest($contacts), $run, $now
        returning event_id, attempt_id""",
        {
            "account": ACCOUNT_ID, "events": list(events), "contacts": list(events.values()), "run": store.run_id,
            "now": store.now(),
        },
    ).fetchall()  # fmt: skip
    return {int(event_id): int(attempt_id) for event_id, attempt_id in rows}


@dataclass(frozen=True, slots=True)
class EventEnd:
    """How an attempt ended; `remote_id` is the enrolment's."""

    attempt_id: int
    contact_id: int
    answer: Answer


def record_event_ends(store: Store, ends: Iterable[EventEnd]) -> None:
    """Write how attempts ended, durably, in one transaction."""
    ends = list(ends)
    if not ends:
        return
    store.connection.execute(
        """insert into engine.event_outcome
        select nextval('engine.event_outcome_ids'), unnest($attempts), unnest($contacts), unnest($outcomes),
            unnest($statuses), unnest($reasons), unnest($remotes), $now""",
        {
            "attempts": [end.attempt_id for end in ends],
            "contacts": [end.contact_id for end in ends],
            "outcomes": [end.answer.outcome.value for end in ends],
            "statuses": [end.answer.status for end in ends],
            "reasons": [end.answer.reason for end in ends],
            "remotes": [end.answer.remote_id for end in ends],
            "now": store.now(),
        },
    )


def fold_events(store: Store) -> None:
    """Bring events up to date with how their attempts ended. Calling it again changes nothing."""
    with store.transaction() as connection:
        run_script(connection, "events_fold", repeat=REPEAT, skip=SKIP, now=store.now())


def recover_events(store: Store) -> int:
    """Make attempts without an end unknown, and fold; return how many there were.

    Called while the lock is held and nothing is in flight: whoever made them is gone.
    """
    with store.transaction() as connection:
        rows = connection.execute(
            """select attempt_id, contact_id from engine.event_attempt
            where attempt_id not in (select attempt_id from engine.event_outcome)"""
        ).fetchall()
        answer = Answer(Outcome.UNKNOWN, reason="the process ended before the answer")
        record_event_ends(store, [EventEnd(int(attempt), int(contact), answer) for attempt, contact in rows])
    fold_events(store)
    return len(rows)


def announced(store: Store, kind: str) -> set[str]:
    """Return the names of events, or domains, that the account is known to have."""
    rows = store.connection.execute(
        "select name from engine.announced where account_id = $account and kind = $kind",
        {"account": ACCOUNT_ID, "kind": kind},
    ).fetchall()
    return {str(row[0]) for row in rows}


def announce(store: Store, kind: str, names: Iterable[str]) -> None:
    """Note that the account has these, for ever."""
    new = sorted(set(names) - announced(store, kind))
    store.connection.execute(
        "insert into engine.announced select $account, $kind, unnest($names::varchar[])",
        {"account": ACCOUNT_ID, "kind": kind, "names": new},
    )
