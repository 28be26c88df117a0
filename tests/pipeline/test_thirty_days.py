"""A day of syncs in short, with changing data and faults; `make soak` lives through thirty."""

from __future__ import annotations

from pipeline.pipeline_support import Company, Service
from soak.days import begin
from soak.days_world import REPAIRED, World

TICKS: tuple[tuple[int, str | None], ...] = (
    (3, None), (30, "imports break off"), (4, "answers lost"), (0, None), (30, "contacts refused"), (40, None),
    (5, None),
)  # fmt: skip
"""Changes and faults of each tick after the first."""


def test_after_every_completed_tick_the_account_equals_the_truth(company: Company, account: Service) -> None:
    """People change, leave and return, are renamed, refused and deleted over there; both routes are used."""
    days = begin(company, account, "a day in short")
    days.tick(changes=0)
    days.measure()
    for _ in range(3):
        days.world.nudge(days.delete_somebody())
    for changes, faults in TICKS:
        days.tick(changes=changes, faults=faults)
    days.measure()

    figures = days.figures
    assert figures.failures == []
    assert (figures.quiet, figures.deleted) == (1, 3)
    assert figures.completed >= figures.ticks - 3
    assert figures.happened[REPAIRED] > 0
    assert figures.routes.keys() >= {"bulk", "sync", "update", "tag", "untag", "list"}
    _, rows, size = figures.sizes[-1]
    assert size <= figures.largest(rows)


def test_the_comparison_finds_nothing_wrong_with_the_truth_and_notices_what_is(company: Company) -> None:
    """Stale, missing, invented and doubled, in fields, tags and lists."""
    world = World(company, "comparison", 8)
    world.change(0)
    truth = world.truth()
    assert world.settle(truth) == []
    (first, *others) = truth
    worse = [
        {**first, "last_name": "Last9"}, {**first, "tags": [*first["tags"], "Surprise"]},
        {**first, "lists": {**first["lists"], "Surprise": 1}}, {**first, "fields": {**first["fields"], "Points": "9"}},
        {**first, "fields": {**first["fields"], "Surprise": "1"}}, {**first, "email": "who@example.com"},
    ]  # fmt: skip
    for wrong in worse:
        assert len(world.settle([wrong, *others])) == 1
    assert len(world.settle(others)) == 1
    assert len(world.settle([*truth, first])) == 1
    assert len(world.settle([*truth, {**first, "fields": {"User ID": "77"}}])) == 1
