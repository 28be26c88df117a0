"""Bulk imports in the ledger: whose attempts they are, and how they ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ac_pipeline.model.delivery import Answer
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.ledger import begin_attempts, record_answers
from ac_pipeline.store.naming import note_unnamed
from ac_pipeline.store.store import Store


class BatchState(StrEnum):
    """Where a batch is."""

    SUBMITTED = "submitted"
    """Written before its request; without an answer."""
    QUEUED = "queued"
    """Accepted: the service knows it by its id."""
    OVER = "over"
    """Every contact of it has an outcome."""
    LOST = "lost"
    """It may or may not be imported, and nobody can say."""


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One contact of a bulk import; `payload` is its finished JSON. `must_exist`: nobody may be created by it."""

    contact_id: int
    remote_id: str | None
    must_exist: bool
    resend: bool
    email: str = field(repr=False)
    payload: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class QueuedBatch:
    """A batch the service has, and does not forget until its end is written."""

    batch_id: int
    remote_id: str
    submitted_at: datetime
    queued: int
    """Contacts the service took; fewer than were sent where addresses are excluded."""


def next_rows(store: Store, after: int, count: int) -> list[BulkRow]:
    """Return up to `count` contacts of the outbox that go by bulk import, behind position `after`, in order."""
    rows = store.connection.execute(
        """select contact_id, remote_id, must_exist, reason = 'resend', email, payload from engine.outbox
        where route = 'bulk' and position > $after and position <= $after + $count order by position""",
        {"after": after, "count": count},
    ).fetchall()
    return [BulkRow(int(row[0]), row[1], bool(row[2]), bool(row[3]), row[4], row[5]) for row in rows]


def begin_batch(store: Store, contact_ids: Sequence[int], *, exclude_automations: bool) -> tuple[int, dict[int, int]]:
    """Write a batch and its attempts, durably, before its request; return its number and contact → attempt id."""
    row = store.connection.execute("select nextval('engine.batch_ids')").fetchone()
    batch_id = int(row[0]) if row else 0
    with store.transaction() as connection:
        connection.execute(
            "insert into engine.batch values ($batch, $account, null, 'submitted', null, $exclude, $now)",
            {"batch": batch_id, "account": ACCOUNT_ID, "exclude": exclude_automations, "now": store.now()},
        )
        attempts = begin_attempts(store, contact_ids, batch_id=batch_id)
    return batch_id, {contact_id: attempt for (contact_id, _), attempt in attempts.items()}


def queue_batch(store: Store, batch_id: int, remote_id: str, queued: int) -> None:
    """Note that the service has the batch, since now, under its own id, and how many contacts of it it took."""
    store.connection.execute(
        """update engine.batch set state = 'queued', remote_id = $remote, queued = $queued, submitted_at = $now
        where batch_id = $batch""",
        {"remote": remote_id, "queued": queued, "batch": batch_id, "now": store.now()},
    )


def end_batch(
    store: Store, batch_id: int, answers: Mapping[int, Answer], *, lost: bool = False, unnamed: Collection[str] = ()
) -> None:
    """Write the outcomes of a batch, by attempt id, and that nothing more is expected of it.

    `unnamed` are contacts of the account that it made or changed; whose they are is to be read (see naming.py).
    """
    with store.transaction() as connection:
        record_answers(store, answers)
        connection.execute(
            "update engine.batch set state = $state where batch_id = $batch",
            {"state": (BatchState.LOST if lost else BatchState.OVER).value, "batch": batch_id},
        )
        note_unnamed(store, batch_id, unnamed)


def queued_batches(store: Store) -> list[QueuedBatch]:
    """Return the batches that the service has, in the order in which it got them."""
    rows = store.connection.execute(
        """select batch_id, remote_id, submitted_at, coalesce(queued, 0) from engine.batch
        where state = 'queued' and account_id = $account order by batch_id""",
        {"account": ACCOUNT_ID},
    ).fetchall()
    return [QueuedBatch(int(row[0]), row[1], row[2], int(row[3])) for row in rows]


def oldest_queued(store: Store) -> QueuedBatch | None:
    """Return the batch that has waited longest for the service, None when none does."""
    return next(iter(queued_batches(store)), None)


def attempts_of(store: Store, batch_id: int) -> dict[str, tuple[int, int]]:
    """Return address, as the contact key → contact and attempt id."""
    rows = store.connection.execute(
        "select email, contact_id, attempt_id from engine.attempt where batch_id = $batch", {"batch": batch_id}
    ).fetchall()
    return {email: (int(contact_id), int(attempt_id)) for email, contact_id, attempt_id in rows}


def known_remote_ids(store: Store, contact_ids: Collection[int]) -> dict[int, str]:
    """Return contact → the account's id of it, of those that are known there."""
    rows = store.connection.execute(
        """select contact_id, remote_id from engine.remote_contact
        where account_id = $account and contact_id in (select unnest($contacts))""",
        {"account": ACCOUNT_ID, "contacts": list(contact_ids)},
    ).fetchall()
    return {int(contact_id): str(remote_id) for contact_id, remote_id in rows}
