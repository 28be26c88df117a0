"""The crash test in short: a few kills; `make soak` makes hundreds."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.pipeline_support import Company
from soak.crash import IN_FLIGHT, trial
from soak.kills import Kill, Trigger
from soak.world import Contact, World

RULES = ({"kind": "dropped_after", "rate": 0.05}, {"kind": "slow", "rate": 0.1, "seconds": 0.1})


def test_whatever_step_a_sync_is_killed_at_the_account_ends_up_equal_to_the_truth(tmp_path: Path) -> None:
    """At a request under way, at a durable step, after an answer: no stale value, nobody twice, little sent again."""
    kills = [Kill(Trigger.UNDER_WAY, 10), Kill(Trigger.STORE, 9), Kill(Trigger.DELIVERED, 8, 0.002)]
    with trial(tmp_path, seed="short", people=30, changes=25, rules=RULES) as company:
        company.cycle(kills)
    figures = company.figures
    assert figures.failures == []
    assert (figures.kills, len(figures.finished), figures.needless) == (len(kills), 1, 0)
    assert max(figures.repeats) <= IN_FLIGHT


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Five people whom nobody was told about."""
    return World(Company(tmp_path / "company", "http://127.0.0.1:9"), "comparison", 5)


def told(world: World) -> list[dict[str, str]]:
    """Return the account as it must be."""
    (first, *_) = world.truth()
    assert first["email"] == "u1.0@example.com"
    return world.truth()


def test_the_comparison_finds_nothing_wrong_with_the_truth(world: World) -> None:
    """Also after people changed."""
    assert world.differences(told(world)) == []
    world.churn(5)
    assert world.differences(world.truth()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"field Points": "0.25"}, "field Points: 0.25"),
        ({"last_name": "Last1"}, "last_name: Last1"),
        ({"email": "u1.7@example.com"}, "email: u1.7@example.com"),
        ({"field Surprise": "1"}, "field Surprise: 1 instead of None"),
        ({"tag Surprise": "1"}, "tag Surprise: 1 instead of None"),
    ],
)
def test_the_comparison_notices_a_value_that_is_not_the_truth(world: World, change: Contact, found: str) -> None:
    """Stale or invented."""
    first, *others = told(world)
    ((user, text),) = world.differences([{**first, **change}, *others])
    assert (user, text.startswith(found)) == (1, True)


def test_the_comparison_notices_an_entry_and_an_exit_that_were_not_told(world: World) -> None:
    """A missing `true`, and a `true` of somebody who left."""
    first, *others = told(world)
    without = {name: value for name, value in first.items() if value != "true"}
    entered = sum(value == "true" for value in first.values())
    assert len(world.differences([without, *others])) == entered
    before = told(world)
    while world.truth()[0].items() >= {k: v for k, v in first.items() if v == "true"}.items():
        world.churn(5)
    assert any("true instead of" in text for user, text in world.differences(before) if user == 1)


def test_the_comparison_notices_who_is_missing_there_twice_or_unknown(world: World) -> None:
    """One contact a user, and nobody else."""
    first, *others = told(world)
    assert world.differences(others) == [(1, "is no contact")]
    assert world.differences([first, *others, first]) == [(1, "has 2 contacts")]
    assert world.differences([first, *others, {"email": "who@example.com"}]) == [(0, "is nobody we know")]
