"""`make soak`: kill syncs, meet every fault, live through weeks; write the pages beside this, fail on a difference."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from pipeline import test_delivery_model
from soak import crash_page, days_page, faults_page, opens
from soak.crash import trial
from soak.days import simulate
from soak.figures import Figures
from soak.matrix import measure_all
from soak.plan import Plan

HERE = Path(__file__).parent
IDLE_EVERY = 10
PEOPLE, CHANGES = 150, 60
ROUTES = ("single", "bulk")
IMPORTING = ("1", "3", "5", "7", "9")
"""Companies that deliver by bulk import, by the last digit of their number; the others deliver singly."""


def main() -> int:
    """Run what is asked for; return the exit code."""
    asked = _arguments()
    failed = 0
    if asked.part in ("crash", "all"):
        figures = crash(asked.kills, asked.seed, asked.trees, asked.sandboxes, asked.workers, labels=asked.labels)
        (HERE / "RESULTS.md").write_text(crash_page.page(figures, asked.seed, PEOPLE, CHANGES), encoding="utf-8")
        failed += len(figures.failures)
        print("\n".join([f"{figures.kills} kills, {len(figures.failures)} failures", *figures.failures]))
    if asked.part in ("faults", "all"):
        for route in ROUTES:
            with tempfile.TemporaryDirectory(prefix="soak-") as folder:
                table = measure_all(Path(folder), route, asked.workers, asked.seed)
            (HERE / f"FAULTS-{route}.md").write_text(faults_page.page(table, route), encoding="utf-8")
            wrong = [row for row in table if not row.passed]
            failed += len(wrong)
            print("\n".join([f"{route}: {len(table)} cases, {len(wrong)} beyond their bound", *map(str, wrong)]))
    if asked.part in ("days", "all"):
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            lived = simulate(Path(folder), asked.seed, asked.days)
        (HERE / "DAYS.md").write_text(days_page.page(lived, asked.seed), encoding="utf-8")
        failed += len(lived.failures)
        print("\n".join([f"{lived.ticks} ticks, {len(lived.failures)} failures", *lived.failures]))
    if asked.part in ("opens", "all"):
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            plain = opens.measure(Path(folder) / "plain", asked.opens, careless=False)
            careless = opens.measure(Path(folder) / "careless", asked.opens // 10, careless=True)
        (HERE / "OPENS.md").write_text(opens.page(plain, careless), encoding="utf-8")
        failed += (not plain.passed) + (not careless.passed)
        found = [*plain.failures, *careless.failures]
        print("\n".join([f"{plain.opens + careless.opens} opens, {len(found)} failures", *found]))
    if asked.part in ("model", "all"):
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            test_delivery_model.run(Path(folder) / "home", asked.stories)
        print(f"{asked.stories} stories of the delivery model")
    return 1 if failed else 0


def crash(kills: int, seed: str, trees: int, sandboxes: int, workers: int, *, labels: bool) -> Figures:
    """Kill at least `kills` times, trees and sandboxes included, in `workers` companies side by side."""
    share = [_part(amount, workers) for amount in (kills, trees, sandboxes)]
    figures = Figures()
    with ProcessPoolExecutor(workers) as pool:
        for part in pool.map(partial(_work, labels=labels), [f"{seed}.{number}" for number in range(workers)], *share):
            figures.add(part)
    return figures


def _work(seed: str, kills: int, trees: int, sandboxes: int, *, labels: bool) -> Figures:
    plan, begun = Plan(seed, trees, sandboxes), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        trial(
            Path(folder), seed=seed, people=PEOPLE, changes=CHANGES, labels=labels, imports=seed.endswith(IMPORTING)
        ) as company,
    ):
        for cycle in plan.special():
            company.run(cycle)
        for number, cycle in enumerate(plan.ordinary()):
            if company.figures.kills >= kills:
                break
            company.run(cycle)
            if number % IDLE_EVERY == 0:
                company.idle()
            print(f"{seed}: {company.figures}, {time.monotonic() - begun:.0f} s", flush=True)
        return company.figures


def _part(amount: int, workers: int) -> list[int]:
    return [amount // workers + (number < amount % workers) for number in range(workers)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("part", nargs="?", choices=["crash", "faults", "days", "opens", "model", "all"], default="all")
    parser.add_argument("--kills", type=int, default=210, help="at least, of all kinds")
    parser.add_argument("--trees", type=int, default=4, help="of them, kills of Dagster with all it started")
    parser.add_argument("--sandboxes", type=int, default=12, help="of them, kills of the account's server")
    parser.add_argument("--seed", default="1", help="of people, changes, faults and moments")
    parser.add_argument("--workers", type=int, default=2, help="companies side by side")
    parser.add_argument("--labels", action="store_true", help="let one audience set a tag and one a list, too")
    parser.add_argument("--days", type=int, default=30, help="to live through, a sync every two hours")
    parser.add_argument("--opens", type=int, default=10_000, help="of the published copy, while it is published")
    parser.add_argument("--stories", type=int, default=300, help="of the delivery model")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
