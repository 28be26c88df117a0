"""The demo's clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ac_pipeline.cli.demo_run import away_from_ticks

CRON = "0 */2 * * *"


@pytest.mark.parametrize(
    ("now", "shown"), [("11:00", "11:00"), ("11:40", "11:40"), ("11:58", "11:40"), ("12:00", "12:00")]
)
def test_a_demo_begun_shortly_before_a_tick_is_over_before_it(now: str, shown: str) -> None:
    """Whatever describes now would otherwise be unknown in the window the demo ends with."""

    def at(time: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-21T{time}").replace(tzinfo=UTC)

    assert away_from_ticks(CRON, lambda: at(now))() == at(shown)
