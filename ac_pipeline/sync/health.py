"""Where things stand, in numbers: how old the data is, what waits, what was refused; the same for CLI and Dagster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from ac_pipeline.home import Home
from ac_pipeline.model.delivery import OPT_OUT_REASONS
from ac_pipeline.store.account import ACCOUNT_ID

Moment = datetime
"""UTC without a zone, as the store keeps it."""


@dataclass(frozen=True, slots=True)
class HeldDeclaration:
    """What the guard holds; the reason has counts only."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Health:
    """Where a home stands. Counts are contacts."""

    newest: Moment | None
    """End of the newest window that was computed; None in a new home."""
    source: Moment | None
    """What ActiveCampaign should be told is at least as new as this; it stays behind while a declaration fails or is
    held."""
    behind: tuple[str, ...]
    """Declarations whose approved result is older than the newest window."""
    delivered: Moment | None
    """End of the newest window that a delivery was made for."""
    pending: int
    """Contacts that still have to be told something, as far as the last plan knew; those withheld are not among
    them."""
    pending_since: Moment | None
    """Since when the one that has waited longest should be told."""
    rejected: int
    known: int
    """Contacts that the account has, or refused."""
    held: tuple[HeldDeclaration, ...]

    @property
    def rejected_share(self) -> float:
        """Refused contacts, of those that the account has or refused."""
        return self.rejected / self.known if self.known else 0.0

    def waited(self, now: Moment) -> timedelta:
        """How long the oldest pending change has waited; zero when nothing waits."""
        return max(timedelta(0), now - self.pending_since) if self.pending_since else timedelta(0)

    def summary(self, now: Moment) -> dict[str, object]:
        """Return it for programs; ages are hours."""
        return {
            "newest_window": self.newest,
            "source_as_of": self.source,
            "source_age_hours": hours(now - self.source) if self.source else None,
            "behind": list(self.behind),
            "delivered_as_of": self.delivered,
            "delivered_age_hours": hours(now - self.delivered) if self.delivered else None,
            "pending": self.pending,
            "pending_since": self.pending_since,
            "oldest_pending_hours": hours(self.waited(now)),
            "rejected": self.rejected,
            "rejected_share": round(self.rejected_share, 4),
            "held": [held.key for held in self.held],
        }


def hours(span: timedelta) -> float:
    """Return a span in hours, to the hundredth."""
    return round(span.total_seconds() / 3600, 2)


def read_health(connection: duckdb.DuckDBPyConnection) -> Health:
    """Read it from the store, or from a published copy."""
    newest, source, behind = _one(connection, _SOURCE)
    (delivered,) = _one(connection, _DELIVERED)
    pending, since = _one(connection, _PENDING, account=ACCOUNT_ID)
    rejected, known = _one(connection, _REJECTED, account=ACCOUNT_ID, opt_outs=list(OPT_OUT_REASONS))
    held = connection.execute("select declaration, reason from held order by declaration").fetchall()
    return Health(
        newest, source, tuple(behind or ()), delivered, int(pending), since, int(rejected), int(known),
        tuple(HeldDeclaration(str(key), str(reason)) for key, reason in held),
    )  # fmt: skip


def published_health(home: Home) -> Health | None:
    """Read it from the published copy of a home, which disturbs no run; None when nothing is published yet."""
    if not home.published.exists():
        return None
    config: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}
    with duckdb.connect(home.published, read_only=True, config=config) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return read_health(connection)


def _one(connection: duckdb.DuckDBPyConnection, query: str, **names: object) -> tuple[Any, ...]:
    row = connection.execute(query, names or None).fetchone()
    return tuple(row) if row else ()


_SOURCE = """
with newest as (select max(as_of) as as_of from engine.computed_window),
approved as (
    select if(property.kind = 'contacts', 'contacts', property.key) as key, max(approval.as_of) as as_of
    from engine.approval join engine.property on property.property_id = approval.property_id
    where property.declared and (property.kind in ('audience', 'trait') or property.key = 'email')
    group by all
)
select
    (select as_of from newest), (select min(as_of) from approved),
    (select list(key order by key) from approved where as_of < (select as_of from newest))
"""

_DELIVERED = """
with delivery as (
    select finished_at from engine.run
    where state <> 'failed' and json_type(summary, '$.plan') = 'OBJECT'
    order by started_at desc limit 1
)
select max(computed_window.as_of)
from engine.computed_window
join delivery on computed_window.computed_at <= coalesce(delivery.finished_at, computed_window.computed_at)
"""

_PENDING = """
-- What the last plan found and was not sent, and what was sent since and has no certain end.
with delivery as (
    select coalesce(max(started_at), timestamp '1970-01-01') as begun from engine.run
    where state <> 'failed' and json_type(summary, '$.plan') = 'OBJECT'
),
asked as (
    select kind, max(started_at) as at from engine.run where kind in ('resend', 'retry') group by kind
),
due as (
    select value.contact_id, value.property_id, ledger.state, ledger.reason, ledger.attempt_id
    from engine.outbox_value as value
    left join engine.ledger as ledger on ledger.account_id = $account
        and ledger.contact_id = value.contact_id and ledger.property_id = value.property_id
    -- The others only go along.
    where ledger.state is null or ledger.state = 'unknown' or ledger.value <> value.value
    union
    select ledger.contact_id, ledger.property_id, ledger.state, ledger.reason, ledger.attempt_id
    from engine.ledger as ledger
    -- What only a script said is not said again by a sync.
    join engine.property on property.property_id = ledger.property_id and property.kind <> 'call'
    join engine.attempt on attempt.attempt_id = ledger.attempt_id
    left join asked on asked.kind = ledger.reason
    cross join delivery
    where ledger.account_id = $account and ledger.state = 'unknown'
        and greatest(attempt.attempted_at, asked.at) >= delivery.begun
),
speaker as (
    select property_id, property_id as source_id from engine.property where kind not in ('tag', 'list')
    union
    select property_id, source_id from engine.source
),
-- Since the first change after what was answered, or ever; what has no certain answer, since the last one. But not
-- before the declaration was first approved, nor before a person asked for it.
waiting as (
    select due.contact_id, due.property_id, greatest(
        coalesce(
            min(moved.at) filter (where due.state is null),
            min(moved.at) filter (where due.state <> 'unknown' and moved.at > attempt.attempted_at),
            max(moved.at)
        ),
        any_value(first_approval.at), any_value(asked.at)
    ) as since
    from due
    join speaker on speaker.property_id = due.property_id
    left join (
        select property_id, contact_id, valid_from as at from engine.history
        union all
        select property_id, contact_id, valid_to from engine.history where valid_to < timestamp '9999-12-31'
    ) as moved on moved.property_id = speaker.source_id and moved.contact_id = due.contact_id
    left join engine.attempt on attempt.attempt_id = due.attempt_id
    left join (
        select property_id, min(approved_at) as at from engine.approval group by property_id
    ) as first_approval on first_approval.property_id = speaker.source_id
    left join asked on asked.kind = due.reason
    group by due.contact_id, due.property_id
)
select
    (select count(distinct contact_id) from due),
    if(
        (select count(*) from due) = 0, null,
        coalesce((select min(since) from waiting), (select max(as_of) from engine.computed_window))
    )
"""

_REJECTED = """
with rejected as (
    select distinct contact_id from engine.ledger
    where account_id = $account and state = 'rejected' and not list_contains($opt_outs, coalesce(reason, ''))
)
select (select count(*) from rejected), count(distinct contact_id)
from (
    select contact_id from engine.remote_contact where account_id = $account
    union all
    select contact_id from rejected
)
"""
