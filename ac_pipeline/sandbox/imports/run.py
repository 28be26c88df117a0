"""Doing queued imports when their time has come: whenever somebody looks, as if it had been done then."""

from __future__ import annotations

import random

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.sandbox import journal
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.database import savepoint, transaction
from ac_pipeline.sandbox.imports.rows import Imported, Importer, Row, RowFailed
from ac_pipeline.sandbox.local import Handler
from ac_pipeline.sandbox.tables import imports
from ac_pipeline.sandbox.tables.imports import Batch
from ac_pipeline.sandbox.wire import Refusal, text


def catch_up(account: Account) -> None:
    """Do all imports that are due, each whole or not at all."""
    for number in imports.due(account.db, account.clock.microseconds()):
        with transaction(account.db):
            batch = imports.find(account.db, number)
            if batch is not None:
                with journal.writing(account.db, batch.due_at, f"bulk import {batch.id}"):
                    _run(account, batch)


def current(account: Account, handler: Handler) -> Handler:
    """Let a handler see what is due."""

    async def handled(request: Request) -> Response:
        catch_up(account)
        return await handler(request)

    return handled


def _run(account: Account, batch: Batch) -> None:
    rows = imports.pending(account.db, batch.id)
    match batch.outcome:
        case "failed":
            rows = []
        case "interrupted":
            rows = rows[: len(rows) // 2]
    chance = random.Random(f"{account.config.seed}:{batch.id}")  # noqa: S311  (which rows fail, no secrets)
    importer = Importer(account, batch.due_at)
    success, failure = list[str](), list(batch.failure)
    for row in rows:
        unlucky = chance.random() < account.switches.bulk_row_failures
        done = None if unlucky else _import(importer, row)
        if done is None:
            failure.append(text(row["email"]))
        elif done.new or account.switches.bulk_success == "processed":
            success.append(str(done.contact))
    imports.finish(account.db, batch.id, success, failure)


def _import(importer: Importer, row: Row) -> Imported | None:
    """Import a row, or, when it fails, nothing of it."""
    try:
        with savepoint(importer.account.db):
            return importer.run(row)
    except (RowFailed, Refusal):
        return None
