"""What a bulk import must be to be queued: all of it, or nothing is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables import contacts
from ac_pipeline.sandbox.wire import Json, Refusal, Reply, text

Rows = Sequence[Mapping[str, object]]
MOST_ROWS = 250
MOST_BYTES = 399_999
INVALID = (
    "JSON payload did not pass validation. Please fix failureReasons and retry."
    " The import was not queued for processing."
)


def parsed(body: bytes) -> object:
    """Return the JSON sent; None for what is none."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


def row_count(document: object) -> int:
    """Return how many contacts are in it."""
    rows = document.get("contacts") if isinstance(document, dict) else None
    return len(rows) if isinstance(rows, list) else 0


def checked(account: Account, document: object, size: int) -> Rows:
    """Return the rows of a request of so many bytes; Refusal 400 (E5) with every reason, rows counted from 1."""
    if not isinstance(document, dict):
        raise refused(INVALID, ["Invalid or unparsable json"])
    rows = document.get("contacts")
    general = _general(document, rows, size)
    if general or not isinstance(rows, list):
        raise refused(INVALID, general)
    reasons: list[Json] = [
        {"contact": number, "failureReason": reason}
        for number, row in enumerate(rows, 1)
        if (reason := _reason(account, row))
    ]
    if reasons:
        raise refused(INVALID, reasons)
    return rows


def refused(message: str, reasons: Sequence[Json], *, throttled: bool = False) -> Refusal:
    """E5: 400 with reasons."""
    return Refusal(Reply(400, {"success": 0, "message": message, "failureReasons": reasons}, throttled=throttled))


def too_many(rows: int, allowed: int) -> Refusal:
    """The importer's own limit: 400, not 429."""
    kind = "imports of a single contact" if rows == 1 else "imports"
    text = (
        f"Up to {allowed} {kind} may be requested per minute."
        "Please batch contacts into larger requests, or retry this request in a minute."
    )
    return refused("Rate limit exceeded.", [text], throttled=True)


def _general(document: Mapping[str, object], rows: object, size: int) -> list[Json]:
    """Return what is wrong with the request as a whole; beyond unparsable JSON the words are assumed."""
    if not isinstance(rows, list) or not rows:
        return ["Field 'contacts' not found"]
    reasons: list[Json] = []
    if len(rows) > MOST_ROWS:
        reasons.append(f"Up to {MOST_ROWS} contacts may be imported per request.")
    if size > MOST_BYTES:
        reasons.append(f"The payload may have up to {MOST_BYTES} bytes.")
    callback = document.get("callback")
    if isinstance(callback, dict):
        reasons += [f"Field 'callback.{name}' not found" for name in ("url", "requestType") if not callback.get(name)]
    return reasons


def _reason(account: Account, row: object) -> str:
    email = row.get("email") if isinstance(row, dict) else None
    if not email:
        return "Field 'email' not found"
    valid = isinstance(email, str) and contacts.is_email(account.email(text(email)))
    return "" if valid else "Field 'email' incorrect format"
