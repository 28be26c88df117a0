"""From numbers and moments to places on a chart, and how both are written."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

_NICE = (1, 2, 2.5, 5, 10)
_STEPS = [timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)] + [
    timedelta(days=days) for days in (1, 2, 3, 7, 14, 30)
]
_DURATIONS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 4 * 3600, 12 * 3600, 86400, 2 * 86400, 5 * 86400)
_EPOCH = datetime(2000, 1, 3)  # noqa: DTZ001  (moments of the store have no zone)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values to pixels; values that are all one lie in the middle."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def ticks(most: float, count: int = 4) -> list[float]:
    """Return round numbers from 0 to at least `most`, about `count` steps."""
    if most <= 0:
        return [0, 1]
    power = 10 ** math.floor(math.log10(most / count))
    step = next(nice * power for nice in _NICE if nice * power * count >= most)
    step = max(step, 1) if most >= 1 else step
    return [step * number for number in range(math.ceil(most / step) + 1)]


def two_sided(up: float, down: float, count: int = 2) -> list[float]:
    """Return round numbers from at most `-down` to at least `up`, all one step apart."""
    upper = ticks(max(up, down), count)
    step = upper[1]
    low, high = math.ceil(down / step), max(1, math.ceil(up / step))
    return [step * number for number in range(-low, high + 1)]


def duration_ticks(most: float, count: int = 4) -> list[float]:
    """Return round durations from 0 to at least `most` seconds."""
    step = next((step for step in _DURATIONS if step * count >= most), math.ceil(most / count / 86400) * 86400)
    return [float(step * number) for number in range(max(1, math.ceil(most / step)) + 1)]


def moment_ticks(first: datetime, last: datetime, count: int) -> list[datetime]:
    """Return round moments between two, at most about `count`."""
    span = last - first
    step = next((step for step in _STEPS if step * count >= span), timedelta(days=math.ceil(span.days / count)))
    start = _EPOCH + math.ceil((first - _EPOCH) / step) * step
    return [start + step * number for number in range(count + 2) if start + step * number <= last]


def gap_after(moments: Sequence[datetime]) -> timedelta:
    """Return the distance from which on two neighbours count as having something missing between them."""
    steps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    return timedelta(seconds=1.5 * median(step.total_seconds() for step in steps)) if steps else timedelta.max


def number(value: float) -> str:
    """Write a number as a person would: 950, 12,400, 1.2M."""
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:.3g}M"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.1f}"


def duration(seconds: float) -> str:
    """Write a duration in its largest fitting unit."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            value = seconds / length
            return f"{value:.0f} {unit}" if value >= 10 or value == int(value) else f"{value:.1f} {unit}"
    return f"{seconds:.0f} s"


def moment(value: datetime, *, with_date: bool = True) -> str:
    """Write a moment to the minute."""
    return f"{value:%Y-%m-%d %H:%M}" if with_date else f"{value:%H:%M}"


def tick_label(value: datetime, span: timedelta) -> str:
    """Write a moment of an axis: the hour while it is about hours, else the day."""
    return f"{value:%H:%M}" if span <= timedelta(hours=36) else f"{value.day} {value:%b}"
