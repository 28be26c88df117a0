"""`limit` and `offset` as the service reads them (reference, section 5)."""

from __future__ import annotations

from dataclasses import dataclass

from ac_pipeline.sandbox.wire import Call

MOST = 100


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a collection."""

    limit: int
    offset: int


def page_of(call: Call, default: int = 20) -> Page:
    """Return the slice asked for; what is no number counts as absent, more than 100 as 100 (a switch)."""
    limit = _number(call, "limit", default)
    if call.account.switches.limit_above_100 == "clamped":
        limit = min(limit, MOST)
    return Page(limit, _number(call, "offset", 0))


def _number(call: Call, name: str, default: int) -> int:
    asked = call.asked(name) or ""
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else default
