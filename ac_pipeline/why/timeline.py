"""What happened to a contact, in order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ac_pipeline.store.sql import sql
from ac_pipeline.store.store import Store
from ac_pipeline.why.model import Event
from ac_pipeline.why.sentences import EVENT_REASONS, EVENT_STATES, OUTCOMES, PROBLEMS, ROUTES, refusal, uncertainty


def events_of(store: Store, keys: Collection[str] | None) -> tuple[Event, ...]:
    """Return the contact's events, oldest first; with `keys`, those that concern one of these properties.

    What a window says alike of several properties is one event.
    """
    rows = store.connection.execute(
        f"select moment, what, keys, head, mark, text, run_id, attempt_id from ({sql('why_events')}) as event"
    ).fetchall()
    events: list[Event] = []
    for at, what, about, head, mark, text, run_id, attempt_id in rows:
        if keys is not None and about and not set(about) & set(keys):
            continue
        one = Event(at, what, about[0] if len(about) == 1 else "", _text(what, head, mark, text), run_id, attempt_id)
        if what == "snapshot" and events and replace(events[-1], property=one.property) == one:
            one = replace(one, property=f"{events.pop().property}, {one.property}")
        events.append(one)
    return tuple(events)


def _text(what: str, head: str, mark: str | None, text: str | None) -> str:
    text = text or ""
    match what:
        case "source":
            return f"a row could not be used: {PROBLEMS.get(text, text)}"
        case "attempt":
            number = f" {mark}" if mark else ""
            return f"{ROUTES.get(head, head)}{number}: {text}" if text else f"{ROUTES.get(head, head)}{number}"
        case "answer":
            return _answer(head, mark, text)
        case "event":
            reason = f" ({EVENT_REASONS.get(mark, mark)})" if mark else ""
            return f"{text}: {EVENT_STATES.get(head, head)}{reason}"
        case "opt-out":
            return refusal(text)
        case _:
            return text


def _answer(outcome: str, status: str | None, reason: str) -> str:
    said = OUTCOMES.get(outcome, outcome) + (f" (HTTP {status})" if status else "")
    if outcome == "acknowledged":
        return said
    why = refusal(reason) if outcome == "rejected" else uncertainty(reason)
    return f"{said}. {why}" if why else said
