"""Events in numbers: by stream and state."""

from __future__ import annotations

from dataclasses import dataclass

from ac_pipeline.model.events import EventState
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class EventCount:
    """Events of one stream in one state; `kind` is stream, audience or automation."""

    key: str
    kind: str
    state: EventState
    reason: str
    events: int


def event_counts(store: Store) -> tuple[EventCount, ...]:
    """Return every event that is not over, and those that this run ended."""
    rows = store.connection.execute(
        """select stream.key, stream.kind, event.state, coalesce(event.reason, ''), count(*)
        from engine.event join engine.stream on stream.stream_id = event.stream_id
        where event.settled_at is null
            or event.settled_at >= (select started_at from engine.run where run_id = $run)
        group by all order by all""",
        {"run": store.run_id},
    ).fetchall()
    return tuple(
        EventCount(key, kind, EventState(state), reason, int(events)) for key, kind, state, reason, events in rows
    )


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """What goes one way, in events. `following`: of people who become contacts before, or turn out to be some."""

    route: str
    due: int
    following: int
    doubtful: int
    doubtful_contacts: int
    """Contacts that the account is asked about: what of an earlier run arrived."""
    new_names: int
    """Names the account is not known to have: of events, domains or automations."""


def planned_routes(store: Store) -> list[PlannedRoute]:
    """Count what `due_event` and the filled outbox say would be told now."""
    rows = store.connection.execute(
        r"""with open_event as (
            select event.*, event.state = 'pending' as due,
                event.state = 'waiting' and event.reason = 'no_contact' and outbox.contact_id is not null as following
            from engine.event
            join engine.stream on stream.stream_id = event.stream_id and stream.declared
            left join (select distinct contact_id from engine.outbox where reason = 'create') as outbox
                on outbox.contact_id = event.contact_id
            where event.settled_at is null
        ),
        named as (
            select route, name, 'event' as kind from open_event where route <> 'visit' and (due or following)
            union
            select route, lower(regexp_extract(value, '^https?://(?:[^/?#@]*@)?([^/:?#]+)', 1)), 'domain'
            from open_event where route = 'visit' and (due or following)
        ),
        unknown_name as (
            select route, count(*) as names from named
            where not exists (
                select 1 from engine.announced
                where announced.account_id = $account and announced.kind = named.kind and announced.name = named.name
            ) group by route
        )
        select route, count(*) filter (where due), count(*) filter (where following),
            count(*) filter (where state = 'unknown'), count(distinct contact_id) filter (where state = 'unknown'),
            coalesce(any_value(unknown_name.names), 0)
        from open_event left join unknown_name using (route) group by route order by route""",
        {"account": ACCOUNT_ID},
    ).fetchall()
    return [PlannedRoute(str(row[0]), *(int(number) for number in row[1:])) for row in rows]
