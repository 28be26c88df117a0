"""Windows, held against Dagster's own time partitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.errors import SettingsError
from ac_pipeline.model.window import KEY_FORMAT, Window, parse_utc, utc_text, window_ending_by, window_of_key
from ac_pipeline.settings import Settings

DAYS = {
    "0 */2 * * *": 2, "*/15 * * * *": 1, "7-59/13 * * * *": 1, "0 6,18 * * 1-5": 9, "30 4 * * SUN": 30,
    "0 0 1 * *": 100, "15 3 31 * *": 200, "0 0 1,15 * 1": 40, "0 0 * JAN,JUL *": 250, "0 0 L * *": 100,
    "0 12 * * 5#1": 100,
}  # fmt: skip
"""Schedules, and how many days back are sure to hold two of their ticks."""

EVERY = "0 */2 * * *"
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=15 * 365)).map(lambda age: datetime(2020, 1, 1, tzinfo=UTC) + age)
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def newest_of_dagster(cron: str, moment: datetime, days: int) -> tuple[str, Window]:
    """Key and bounds of Dagster's newest partition that has ended at `moment`."""
    partitions = dg.TimeWindowPartitionsDefinition(
        start=moment - timedelta(days=days), fmt=KEY_FORMAT, timezone="UTC", cron_schedule=cron
    )
    key = partitions.get_partition_keys(current_time=moment)[-1]
    bounds = partitions.time_window_for_partition_key(key)
    return key, Window(bounds.start, bounds.end)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(DAYS)), MOMENTS)
def test_windows_are_dagsters_partitions(cron: str, moment: datetime) -> None:
    """The newest complete one, its key, and the way back from the key."""
    window = window_ending_by(cron, moment)
    assert (window.key, window) == newest_of_dagster(cron, moment, DAYS[cron])
    assert window_of_key(cron, window.key) == window


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(DAYS)), MOMENTS)
def test_a_window_ends_exactly_on_its_tick(cron: str, moment: datetime) -> None:
    """On the tick it is complete; the smallest moment before, the window before is the newest."""
    window = window_ending_by(cron, moment)
    assert window.start < window.end <= moment
    assert window.as_of == window.end
    assert window_ending_by(cron, window.end) == window
    assert window_ending_by(cron, window.end - timedelta(microseconds=1)).end == window.start
    following = window_of_key(cron, window.end.strftime(KEY_FORMAT))
    assert following.start == window.end
    assert following.end > moment


@given(MOMENTS, ZONES)
def test_the_zone_a_moment_is_told_in_does_not_matter(moment: datetime, zone: timezone) -> None:
    """Windows are UTC."""
    window = window_ending_by(EVERY, moment.astimezone(zone))
    assert window == window_ending_by(EVERY, moment)
    assert (window.start.utcoffset(), window.end.utcoffset()) == (timedelta(0), timedelta(0))


def test_windows_are_the_same_length_when_clocks_change() -> None:
    """There is no summer time in UTC: twelve windows on the days on which others change their clocks."""
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        keys = [window_of_key(EVERY, f"{day:%Y-%m-%d}-{hour:02}:00") for hour in range(0, 24, 2)]
        assert {window.end - window.start for window in keys} == {timedelta(hours=2)}


@pytest.mark.parametrize("key", ["2026-04-05-11:00", "2026-04-05-10:01", "2026-04-05", "", "yesterday"])
def test_a_key_without_a_window_is_refused(key: str) -> None:
    """Off the tick, or no key at all."""
    with pytest.raises(ValueError, match=r".+"):
        window_of_key(EVERY, key)


@pytest.mark.parametrize("cron", ["0 0 0 * * *", "0 0 LW * *", "0 0 * * 5L", "0 0 */2 * 1", "0 0 1 * */2"])
def test_a_schedule_that_dagster_reads_differently_is_no_setting(cron: str) -> None:
    """Refused at once with the setting's name, or understood as Dagster does; never a run for the wrong window."""
    moment = datetime(2026, 4, 5, 12, tzinfo=UTC)
    try:
        accepted = Settings(_env_file=None, sync_cron=cron).sync_cron
    except (SettingsError, ValueError):
        return
    assert window_ending_by(accepted, moment) == newest_of_dagster(accepted, moment, 120)[1]


@given(MOMENTS, ZONES)
def test_moments_make_the_round_trip_through_text(moment: datetime, zone: timezone) -> None:
    """To the second, in UTC."""
    told = moment.replace(microsecond=0)
    assert parse_utc(utc_text(told.astimezone(zone))) == told
    assert parse_utc(told.isoformat()[:19]) == told
    assert utc_text(told).endswith("+00:00")


@pytest.mark.parametrize("text", ["", "now", "2026-13-01", "12:00"])
def test_text_that_is_no_moment_is_refused(text: str) -> None:
    """Never guessed."""
    with pytest.raises(ValueError, match=r".+"):
        parse_utc(text)
