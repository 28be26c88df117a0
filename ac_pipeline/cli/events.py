"""How events are printed for people."""

from __future__ import annotations

from collections.abc import Iterable

from ac_pipeline.cli.output import console
from ac_pipeline.model.events import EventState
from ac_pipeline.store.event_counts import EventCount
from ac_pipeline.sync.event_report import EventReport

WHY = {
    "no_contact": "of people who are no contacts (no_contact)",
    "in_batch": "of contacts inside an import that is not over (in_batch)",
    "after_doubt": "after one that may not have arrived (after_doubt)",
    "retired": "their declaration's file is gone (retired)",
    "tracking_off": "tracking is switched off in the account (tracking_off)",
    "no_credentials": "the credentials for events are not set (no_credentials)",
    "no_automation": "the automation cannot be used (no_automation)",
    "not_registered": "their name cannot be registered (not_registered)",
    "overtaken": "the member left, or came back, before it was told (overtaken)",
    "call_failed": "certainly not told, as the script was told (call_failed)",
    "missing_user": "rows of nobody (missing_user)",
    "value_too_long": "their value has more than 250 characters (value_too_long)",
    "event_name_too_long": "their name has more than 32 characters (event_name_too_long)",
    "skip": "nobody can say whether they arrived; they are not repeated (skip)",
}


def event_rows(counts: Iterable[EventCount]) -> list[tuple[str | int, ...]]:
    """Return a row for each stream, state and reason."""
    return [(one.key, one.kind, one.events, one.state.value, WHY.get(one.reason, one.reason)) for one in counts]


def print_events(report: EventReport) -> None:
    """Say what became of a run's events; nothing where there are none."""
    if report.counts:
        said = ", ".join(f"{report.of(state):,} {state.value}" for state in EventState if report.of(state))
        console.print(f"Events: {said}.")
    for name, count in report.reasons.items():
        state, _, reason = name.partition(": ")
        console.print(f"  {count:,} {state}: {WHY.get(reason, reason)}")
    for text in report.blocked:
        console.print(f"[bold yellow]events[/]  {text}")
