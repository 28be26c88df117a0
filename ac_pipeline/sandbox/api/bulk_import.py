"""Bulk import: queueing, asking what became of it, counting (reference, section 10)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from ac_pipeline.sandbox import imports
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.faults import Kind
from ac_pipeline.sandbox.tables import exclusions
from ac_pipeline.sandbox.tables import imports as batches
from ac_pipeline.sandbox.tables.imports import Batch, Day
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Refusal, Reply, text

PATH = "/import/bulk_import"
_SECOND = timedelta(seconds=1) // timedelta(microseconds=1)
_WEEK = timedelta(days=7) // timedelta(microseconds=1)
_OUTCOMES = {Kind.BULK_FAILED: "failed", Kind.BULK_INTERRUPTED: "interrupted"}
_STAGES = ("waiting", "claimed", "active")


def _import(call: Call) -> Reply:
    """Queue the rows, or refuse them all. Excluded addresses are not queued; they fail at once."""
    account, now, document = call.account, call.account.clock.microseconds(), imports.parsed(call.body)
    _count(account, imports.row_count(document))
    rows = imports.checked(account, document, len(call.body))
    rules = exclusions.everything(account.db)
    excluded = [text(row["email"]) for row in rows if any(rule.hits(text(row["email"])) for rule in rules)]
    queued = [row for row in rows if text(row["email"]) not in excluded]
    outcome = "completed" if call.fault is None else _OUTCOMES.get(call.fault, "completed")
    due_at = now + round(account.switches.bulk_latency * _SECOND)
    batch = Batch(_new_id(account), now, due_at, outcome, len(queued), waits=True, success=(), failure=excluded)
    batches.add(account.db, batch, queued)
    body: dict[str, Json] = {
        "success": len(rows) if excluded else 1,
        "queued_contacts": len(queued),
        "batchId": batch.id,
        "message": "Contact import queued",
    }
    return Reply(200, body)


def _count(account: Account, rows: int) -> None:
    """Count the request against the importer's own limit; Refusal 400 above it."""
    single = rows == 1
    limit = account.limits.single_imports if single else account.limits.imports
    if not limit.admit(account.clock.monotonic()).admitted:
        raise imports.too_many(rows, account.config.bulk_single_rate if single else account.config.bulk_rate)


def _new_id(account: Account) -> str:
    digest = hashlib.md5(f"{account.config.seed}:{batches.count(account.db)}".encode(), usedforsecurity=False)
    return str(uuid.UUID(bytes=digest.digest(), version=4))


def _info(call: Call) -> Reply:
    number = call.asked("batchId")
    if not number:
        raise Refusal(Reply(400, {"success": 0, "message": "'batchId' is a required field."}))
    batch = batches.find(call.account.db, number)
    if batch is None or _forgotten(call.account, batch):
        if call.account.switches.unknown_batch == "not_found":
            raise Refusal(Reply(404, {"success": 0, "message": "Batch not found."}))
        return Reply(200, {"status": False, "success": [], "failure": []})
    return Reply(200, {"status": _status(call.account, batch), "success": batch.success, "failure": batch.failure})


def _forgotten(account: Account, batch: Batch) -> bool:
    kept = account.switches.batch_kept
    return kept is not None and account.clock.microseconds() > batch.due_at + kept * _SECOND


def _status(account: Account, batch: Batch) -> str | bool:
    """Return false at first, then one stage after the other until the import is due."""
    age, hidden = account.clock.microseconds() - batch.received_at, account.switches.bulk_hidden * _SECOND
    if age < hidden:
        return False
    if not batch.waits:
        return batch.outcome
    span = max(1.0, batch.due_at - batch.received_at - hidden)
    return _STAGES[min(len(_STAGES) - 1, int((age - hidden) / span * len(_STAGES)))]


def _overview(call: Call) -> Reply:
    """Count imports that wait, and those of the last seven days that are done, by day."""
    account = call.account
    offset, week = int(account.config.utc_offset.total_seconds()), account.clock.microseconds() - _WEEK
    outstanding = batches.days(account.db, waiting=True, since=0, offset=offset)
    completed = batches.days(account.db, waiting=False, since=week, offset=offset)
    return Reply(200, {"outstanding": _days(outstanding), "recentlyCompleted": _days(completed)})


def _days(days: list[Day]) -> list[Json]:
    return [{"forDate": day.date, "batches": str(day.batches), "contacts": str(day.contacts)} for day in days]


def _as_html(handle: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
    """Give answers and refusals the content type the importer has: HTML, though they are JSON (recorded)."""

    def handled(call: Call) -> Reply:
        media_type = call.account.switches.bulk_content_type
        try:
            return replace(handle(call), media_type=media_type)
        except Refusal as refusal:
            raise Refusal(replace(refusal.reply, media_type=media_type)) from None

    return handled


ENDPOINTS = (
    Endpoint("POST", PATH, _as_html(_import)),
    Endpoint("GET", PATH, _as_html(_overview)),
    Endpoint("GET", "/import/info", _as_html(_info)),
)
