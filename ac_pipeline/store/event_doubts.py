"""Events without a certain answer, and what is known of others that look the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ac_pipeline.model.events import AfterDoubt, Route
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt without a certain answer; moments are UTC without a zone."""

    attempt_id: int
    attempted_at: datetime
    after_doubt: AfterDoubt


@dataclass(frozen=True, slots=True)
class Doubts:
    """Attempts on events of one contact that cannot be told apart, oldest first. No repr shows what was sent.

    `remote_id` is None for a contact that is not known in the account any more; `arrived` are the moments of equal
    events that arrived for certain.
    """

    contact_id: int
    remote_id: str | None
    route: Route
    name: str
    value: str = field(repr=False)
    doubts: tuple[Doubt, ...] = ()
    arrived: tuple[datetime, ...] = ()


def doubts(store: Store, contact_id: int | None = None) -> list[Doubts]:
    """Return what is doubtful, of all contacts or of one, by contact.

    Of each event its last attempt counts; it was not attempted since.
    """
    rows = store.connection.execute(
        """with ended as (
            select attempt.attempt_id, attempt.event_id, attempt.attempted_at, outcome.outcome
            from engine.event_attempt as attempt
            join engine.event_outcome as outcome on outcome.attempt_id = attempt.attempt_id
            qualify row_number() over (partition by attempt.attempt_id order by outcome.outcome_id desc) = 1
        ),
        doubtful as (
            select event.*, stream.after_doubt
            from engine.event join engine.stream on stream.stream_id = event.stream_id
            where event.state = 'unknown' and event.settled_at is null
                and ($contact is null or event.contact_id = $contact::integer)
        ),
        groups as (select distinct contact_id, route, name, value from doubtful)
        select groups.contact_id, remote.remote_id, groups.route, groups.name, groups.value,
            ended.attempt_id, ended.attempted_at, doubtful.after_doubt, ended.outcome = 'acknowledged'
        from groups
        join engine.event on event.contact_id = groups.contact_id and event.route = groups.route
            and event.name = groups.name and event.value is not distinct from groups.value
        join ended on ended.event_id = event.event_id
        left join doubtful on doubtful.event_id = event.event_id
        left join engine.remote_contact as remote
            on remote.contact_id = groups.contact_id and remote.account_id = $account
        where ended.outcome = 'acknowledged' or doubtful.event_id is not null and ended.attempt_id = (
            select max(attempt_id) from engine.event_attempt as newer where newer.event_id = event.event_id
        )
        order by groups.contact_id, groups.route, groups.name, groups.value, ended.attempt_id""",
        {"account": ACCOUNT_ID, "contact": contact_id},
    ).fetchall()
    found: dict[tuple[int, str | None, str, str, str], tuple[list[Doubt], list[datetime]]] = {}
    for contact_id, remote_id, route, name, value, attempt_id, attempted_at, after, acknowledged in rows:
        unsure, arrived = found.setdefault((int(contact_id), remote_id, route, name, value or ""), ([], []))
        if acknowledged:
            arrived.append(attempted_at)
        else:
            unsure.append(Doubt(int(attempt_id), attempted_at, AfterDoubt(after)))
    return [
        Doubts(contact_id, remote_id, Route(route), name, value, tuple(unsure), tuple(arrived))
        for (contact_id, remote_id, route, name, value), (unsure, arrived) in found.items()
    ]
