"""How a plan is printed for people."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.cli.events import event_rows
from ac_pipeline.cli.output import console, print_table
from ac_pipeline.cli.sync import WITHHELD
from ac_pipeline.sync.plan import NOT_KNOWN, Plan

REASONS = {
    "create": "would become contacts", "exit": "leave an audience", "enter": "enter an audience",
    "change": "have another value", "resend": "are told everything again",
}  # fmt: skip
ROUTES = {
    "bulk": "bulk import", "sync": "single call", "update": "single call, by id", "untag": "tags and lists only",
    "tag": "tags and lists only", "list": "tags and lists only",
}  # fmt: skip


def print_plan(plan: Plan, failed: Mapping[str, str]) -> None:
    """Print a plan; `failed` says of declarations why they could not be computed."""
    _print_declarations(plan, failed)
    if plan.skipped:
        console.print(f"Nothing would be sent: {plan.skipped}.")
        return
    _print_contacts(plan)
    _print_events(plan)
    if not plan.requests:
        console.print("Nothing is to be told: no request would be made.")
        return
    rows = [(one.endpoint, str(one.requests)) for one in plan.requests if not one.apart]
    rows += [(f"{one.endpoint} (reading contacts)", str(one.requests)) for one in plan.requests if one.apart]
    print_table(("endpoint", "requests"), rows, title="Requests, without repetitions")
    _print_time(plan)
    if plan.not_known:
        console.print("Only the account can say:")
        for code in plan.not_known:
            console.print(f"  {NOT_KNOWN[code]}")


def _print_declarations(plan: Plan, failed: Mapping[str, str]) -> None:
    spoken = {one.key: one for one in plan.values}
    rows: list[tuple[str | int | None, ...]] = []
    for one in plan.declarations:
        value = spoken.pop(one.key, None)
        told = value.said + value.taken_back if value else 0
        moves = [_or_not_known(number) for number in (one.entered, one.exited, one.changed)]
        rows.append((one.key, one.kind, *moves, told, "held" if one.held else ""))
    rows += [
        (value.key.partition(":")[2], value.kind, None, None, None, value.said + value.taken_back, "")
        for value in spoken.values()
        if value.kind in {"tag", "list"}
    ]
    print_table(("declaration", "kind", "entered", "exited", "changed", "to tell", ""), rows)
    for key, reason in failed.items():
        console.print(f"[yellow]not computed[/]  {key}: {reason}")
    for one in plan.declarations:
        if one.held:
            console.print(
                f"[bold yellow]held[/]  {one.key}: {one.held}. Its last approved members stay; "
                f"if the new result is right: ac-pipeline release {one.key}"
            )


def _print_contacts(plan: Plan) -> None:
    console.print(f"Contacts to create: {plan.creates}. To update: {plan.updates}.")
    counted: dict[tuple[str, str], int] = {}
    for one in plan.contacts:
        line = REASONS.get(one.reason, one.reason), ROUTES.get(one.route, one.route)
        counted[line] = counted.get(line, 0) + one.contacts
    if counted:
        print_table(("contacts", "who", "by"), [(count, *line) for line, count in counted.items()])
    for reason, count in plan.withheld.items():
        console.print(f"{count:,} contacts are withheld: {WITHHELD.get(reason, reason)}")
    console.print(
        f"Contacts you are billed for: {plan.known_contacts:,} of yours are known in the account; "
        f"this adds {plan.creates}."
    )


def _print_events(plan: Plan) -> None:
    if plan.events.counts:
        print_table(("stream", "kind", "events", "", "why"), event_rows(plan.events.counts), title="Events")
    for text in plan.events.blocked:
        console.print(f"[bold yellow]events[/]  {text}")


def _print_time(plan: Plan) -> None:
    apart = f"; to read contacts: {plan.reading}" if plan.reading.most != 0 else ""
    console.print(f"Requests: {plan.delivery}{apart}. Time at the account's limits: {_duration(plan.seconds)}.")
    if plan.budget is None:
        return
    words = {
        True: "It fits, as far as can be known",
        False: "[bold yellow]It does not fit[/]",
        None: "Whether it fits is not known",
    }
    console.print(f"{words[plan.fits]}: a sync may take {_duration(plan.budget)} from now on.")
    if left := sum(plan.carried_over.values()):
        parts = ", ".join(f"{count:,} who {REASONS.get(reason, reason)}" for reason, count in plan.carried_over.items())
        console.print(f"Carried over to the next sync: about {left:,} contacts ({parts}).")


def _or_not_known(number: int | None) -> int | str:
    return "not known" if number is None else number


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
