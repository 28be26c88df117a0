"""What a crash test found, as a page."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

from soak.crash import AWAY, IN_FLIGHT, LATENCY, RATE, RATES
from soak.figures import Figures
from soak.kills import Phase, Trigger
from soak.plan import LONGEST
from soak.wire import Moment

_TREE = {
    Moment.ARRIVED: Phase.BEFORE, Moment.UNDER_WAY: Phase.DURING, Moment.ANSWERED: Phase.ANSWERED,
    Moment.DELIVERED: Phase.UNRECORDED,
}  # fmt: skip


def page(figures: Figures, seed: str, people: int, changes: int) -> str:
    """Return RESULTS.md."""
    verdict = "**All promises held.**" if not figures.failures else f"**{len(figures.failures)} failures**, see below."
    parts = [
        "# Crash test",
        "Written by `make soak`, which fails on any difference. "
        f"Python {platform.python_version()}, DuckDB {version('duckdb')}, Dagster {version('dagster')}; seed {seed}.",
        _method(people, changes),
        f"## Result\n\n{verdict}",
        _summary(figures),
        "## Where the kills hit",
        "As seen from outside: the log, the files of the home, the requests on the wire.",
        _phases(figures),
        "## What waited for what",
        _triggers(figures),
        "## Requests sent again after one kill",
        f"Done by the service, and sent again, by kill. Bound: {IN_FLIGHT}, what the client has under way at most.",
        _table(
            ("sent again", "kills"), [(f"{count}", many) for count, many in sorted(Counter(figures.repeats).items())]
        ),
        *(["## Failures", "\n".join(f"- {text}" for text in figures.failures)] if figures.failures else []),
    ]
    return "\n\n".join(parts) + "\n"


def _method(people: int, changes: int) -> str:
    return (
        f"A company of {people} people, three audiences and two traits; before each cycle {changes} people change at "
        "random: memberships, values, names, addresses, people who vanish and return. "
        "`ac-pipeline sync` is killed with SIGKILL, "
        f"up to {LONGEST} times in a row, a quarter of these with other data in between; then it is let run to its end "
        "as often as it takes, the faults going on, and the sandbox is compared with the truth, "
        "which is computed in Python from the people and not from the warehouse. "
        f"The sandbox is another process, answers after {LATENCY:g} s and lets {sum(RATES.values()):.0%} of all "
        f"requests meet a fault ({', '.join(sorted(RATES))}). The client's pace is {RATE} requests/s. "
        f"Kills of the sandbox: it is away for {AWAY:g} s and returns on its port with what it had on disk. "
        "Kills of Dagster: webserver, daemon, code server and the run, all at once."
    )


def _summary(figures: Figures) -> str:
    told = figures.answered_again
    rows = [
        ("kills", figures.kills),
        ("of these: the sync / Dagster with all it started / the sandbox",
         f"{figures.hits.total()} / {figures.trees.total()} / {figures.sandboxes.total()}"),
        ("kills after which the data changed before the next sync", figures.superseded),
        ("comparisons with the truth", len(figures.finished)),
        ("contacts compared", figures.compared),
        ("syncs until the account was equal, at most", max(figures.finished, default=0)),
        ("requests", figures.requests),
        ("requests under way at a kill, at most / on average", _spread(figures.under_way)),
        (f"requests sent again after a kill, at most / on average (bound {IN_FLIGHT})", _spread(figures.repeats)),
        ("of these, answered with success before the kill", f"{max(told, default=0)} at most, {sum(told)} in all"),
        ("kills after which none was sent again", figures.repeats.count(0)),
        ("requests sent again without a kill", figures.needless),
        ("syncs with nothing due (0 requests)", figures.idle),
        ("failures", len(figures.failures)),
    ]  # fmt: skip
    return _table(("", ""), rows)


def _phases(figures: Figures) -> str:
    counts: dict[Phase, list[int]] = {phase: [0, 0, 0, 0] for phase in Phase}
    for (trigger, phase), many in figures.hits.items():
        counts[phase][int(trigger is Trigger.RANDOM)] += many
    for moment, many in figures.trees.items():
        counts[_TREE[moment]][2] += many
    for phase, many in figures.sandboxes.items():
        counts[phase][3] += many
    rows = [(phase.value, *many, sum(many)) for phase, many in counts.items()]
    return _table(("the sync was", "chosen step", "random moment", "Dagster tree", "sandbox", "all"), rows)


def _triggers(figures: Figures) -> str:
    rows = []
    for trigger in Trigger:
        hits = sum(many for (kind, _), many in figures.hits.items() if kind is trigger)
        rows.append((trigger.value, hits, figures.missed[trigger]))
    return _table(("killed at", "hit", "missed (the sync had ended)"), rows)


def _spread(numbers: list[int]) -> str:
    return f"{max(numbers, default=0)} / {sum(numbers) / max(1, len(numbers)):.1f}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    lines: list[tuple[object, ...]] = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
