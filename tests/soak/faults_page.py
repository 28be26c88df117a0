"""What each fault cost, as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from soak.matrix import ATTENTION, DONE, INCONSISTENT, OWNER, PEOPLE, QUESTIONS, RATE, SETUP, SYNCS, UNAVAILABLE, Row

_CODES = {
    DONE: "done", ATTENTION: "done, some contacts wait", UNAVAILABLE: "stopped: not available",
    OWNER: "stopped: the owner must act", INCONSISTENT: "stopped: refusals nobody explains",
}  # fmt: skip


def page(rows: Sequence[Row], route: str) -> str:
    """Return FAULTS.md."""
    parts = [
        "# Faults",
        "Written by `make soak`, which fails when an account does not become equal, or beyond a bound.",
        f"{PEOPLE[route]} new contacts are told what they are, by the {route} route, at {RATE} requests/s, while the "
        "sandbox meets this share of all requests with a fault (the set-up of the custom fields came before). "
        f"`ac-pipeline sync` is run until the account equals the truth, {SYNCS} times at most. Without faults the "
        f"delivery takes {rows[0].without} requests in one sync{_asking(rows[0])}. Bound: these, 2 for each "
        f"request that was hit, {SETUP} for each further sync, 1 for each contact that was refused (it is told when "
        "its desired state has changed, which the test sees to), 1 for each that an import did not take, and 1 for "
        "each import: the last page of the ids it made may be read by itself.",
        _table(rows),
    ]
    failed = [row for row in rows if not row.passed]
    if failed:
        parts += ["## Not within their bounds", "\n".join(f"- {row.case.name}: {_why(row)}" for row in failed)]
    return "\n\n".join(parts) + "\n"


def _asking(row: Row) -> str:
    """Say how often imports are asked about, which has a bound of its own."""
    if not row.imports:
        return ""
    return (
        "; questions how imports stand depend on the time these take and are counted apart: at most "
        f"{QUESTIONS} for each import, and 1 for each request that was hit"
    )


def _why(row: Row) -> str:
    if row.wrong:
        return f"{len(row.wrong)} differences; the first: {row.wrong[0]}"
    return f"{row.requests} requests, {row.asked} questions"


def _table(rows: Sequence[Row]) -> str:
    head = ("fault", "behaviour", "syncs", "requests hit", "requests spent", "extra", "bound", "imports asked about")
    lines = [
        (
            row.case.name,
            _behaviour(row),
            row.syncs,
            row.hits,
            row.requests,
            row.requests - row.without,
            row.bound,
            row.asked,
        )
        for row in rows
    ]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [head, ("---",) * len(head), *lines])


def _behaviour(row: Row) -> str:
    said = [f"{many}× {_CODES[code]}" if many > 1 else _CODES[code] for code, many in Counter(row.codes).items()]
    told = f"; {row.nudged} refused and told later" if row.nudged else ""
    return ", ".join(said) + told
