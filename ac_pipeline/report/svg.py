"""What all charts share: the frame with its axes, and marks. Colours are classes; the page's style has them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ac_pipeline.markup import Child, Markup, element, joined
from ac_pipeline.report.scale import Scale, moment_ticks, tick_label

_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 8, 18


@dataclass(frozen=True, slots=True)
class Frame:
    """The plotting area of a chart over time; x in days since 1970, so that gaps have their true width."""

    width: int
    height: int
    x: Scale
    y: Scale
    first: datetime
    last: datetime

    @classmethod
    def over(cls, width: int, height: int, moments: Sequence[datetime], low: float, high: float) -> Frame:
        """Return a frame for values from `low` to `high`, with a little room on both sides."""
        first, last = moments[0], moments[-1]
        steps = [later - earlier for earlier, later in itertools.pairwise(moments)]
        margin = min(min(steps) / 2, (last - first) * 0.05) if steps else timedelta(hours=1)
        return cls(
            width,
            height,
            Scale(_days(first - margin), _days(last + margin), _LEFT, width - _RIGHT),
            Scale(low, high, height - _BOTTOM, _TOP),
            first,
            last,
        )

    def at(self, moment: datetime) -> float:
        """Return the place of a moment."""
        return self.x(_days(moment))

    def step(self, moments: Sequence[datetime]) -> float:
        """Return the width of the narrowest step between neighbours, in pixels."""
        places = [self.at(moment) for moment in moments]
        steps = [later - earlier for earlier, later in itertools.pairwise(places)]
        return min(steps, default=(self.x.end - self.x.start) / 4)

    def axes(self, marks: Sequence[tuple[float, str]]) -> Markup:
        """Return grid lines with their labels, and moments below."""
        lines = [
            joined(
                shape(
                    "line",
                    "grid" if value else "base",
                    x1=_LEFT,
                    x2=self.width - _RIGHT,
                    y1=self.y(value),
                    y2=self.y(value),
                ),
                text(label, _LEFT - 6, self.y(value) + 3.5, "end"),
            )
            for value, label in marks
        ]
        span = self.last - self.first
        # Several moments may lie in one day, which is named once.
        moments = moment_ticks(self.first, self.last, self.width // 90) or [self.first]
        named = itertools.groupby(moments, lambda moment: tick_label(moment, span))
        days = [text(label, self.at(next(group)), self.height - 4, "middle") for label, group in named]
        return joined(*lines, *days)

    def drawn(self, title: str, *marks: Markup) -> Markup:
        """Return the whole chart; `title` says to a reader of the screen what it shows."""
        return element(
            "svg",
            *marks,
            viewBox=f"0 0 {self.width} {self.height}",
            role="img",
            class_="chart",
            **{"aria-label": title},
        )


def shape(name: str, class_: str, *children: Child, **attributes: str | float) -> Markup:
    """Return an SVG element; underscores in the names of attributes are hyphens."""
    named = {
        key.replace("_", "-"): f"{value:g}" if isinstance(value, float) else value for key, value in attributes.items()
    }
    return element(name, *children, class_=class_, **named)


def text(words: str, x: float, y: float, anchor: str = "start", class_: str = "label") -> Markup:
    """Return words at a place."""
    return shape("text", class_, words, x=x, y=y, text_anchor=anchor)


def hint(words: str) -> Markup:
    """Return what is shown while the pointer rests on a mark."""
    return element("title", words)


def path(class_: str, points: Sequence[tuple[float, float]], *, closed_at: float | None = None) -> Markup:
    """Return a line through points; with `closed_at`, the area between it and that height."""
    drawn = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    if closed_at is not None:
        drawn += f"L{points[-1][0]:g} {closed_at:g}L{points[0][0]:g} {closed_at:g}Z"
    return shape("path", class_, d=drawn)


def _days(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1)) / timedelta(days=1)  # noqa: DTZ001  (moments of the store have no zone)
