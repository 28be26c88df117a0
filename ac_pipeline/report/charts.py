"""The charts: lines with gaps, bars up and down, a matrix, bars by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ac_pipeline.markup import Markup, element, joined
from ac_pipeline.report.scale import moment
from ac_pipeline.report.svg import Frame, hint, path, shape, text

WIDE = 1080
"""Pixels of a chart that has the page's width."""
MOST_HINTS = 120
"""Points of a line with a hint of their own; more would only weigh."""
Point = tuple[datetime, float]
Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a chart over time is drawn on: its moments, and round values that span what is drawn, lowest first."""

    moments: Sequence[datetime]
    marks: Sequence[float]
    write: Write
    width: int = WIDE
    height: int = 240

    def begun(self) -> tuple[Frame, list[Markup]]:
        """Return the frame, and its axes as the first of what is drawn."""
        frame = Frame.over(self.width, self.height, self.moments, self.marks[0], self.marks[-1])
        return frame, [frame.axes([(value, self.write(abs(value))) for value in self.marks])]


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `class_` is its colour, `area` whether it is filled to the base."""

    name: str
    class_: str
    points: Sequence[Point]
    area: bool = False


def lines(title: str, drawn: Sequence[Line], canvas: Canvas, gap: timedelta) -> Markup:
    """Return lines over time, broken where neighbours are further apart than `gap`."""
    frame, parts = canvas.begun()
    for line in drawn:
        for run in _runs(line.points, gap):
            places = [(frame.at(at), frame.y(value)) for at, value in run]
            if line.area and len(places) > 1:
                parts.append(path(f"area {line.class_}", places, closed_at=frame.y(canvas.marks[0])))
            if len(places) > 1:
                parts.append(path(f"line {line.class_}", places))
            if len(places) == 1 or len(line.points) <= 30:
                parts += [shape("circle", f"dot {line.class_}", cx=x, cy=y, r=2.5) for x, y in places]
        if len(line.points) <= MOST_HINTS:
            parts += [_hinted(frame, line, at, value, canvas.write(value)) for at, value in line.points]
    return frame.drawn(title, *parts)


def _hinted(frame: Frame, line: Line, at: datetime, value: float, written: str) -> Markup:
    said = f"{moment(at)}: {line.name} {written}"
    return shape("circle", "touch", hint(said), cx=frame.at(at), cy=frame.y(value), r=8)


def _runs(points: Sequence[Point], gap: timedelta) -> list[list[Point]]:
    runs: list[list[Point]] = []
    for point in points:
        if runs and point[0] - runs[-1][-1][0] <= gap:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


@dataclass(frozen=True, slots=True)
class Bar:
    """What went up and what went down at one moment; neither is negative."""

    at: datetime
    up: float
    down: float = 0.0
    said: str = ""


def bars(title: str, drawn: Sequence[Bar], canvas: Canvas, *, line: tuple[float, str] | None = None) -> Markup:
    """Return bars up and down from the base; `line` is a limit across them with its name."""
    frame, parts = canvas.begun()
    wide = max(1.0, min(18.0, round(frame.step(canvas.moments) * 0.72, 1)))
    for bar in drawn:
        x, said = round(frame.at(bar.at) - wide / 2, 1), bar.said or f"{moment(bar.at)}: {canvas.write(bar.up)}"
        for value, class_ in ((bar.up, "up"), (-bar.down, "down")):
            if value:
                top, end = sorted((frame.y(value), frame.y(0)))
                tall = max(1.0, round(end - top, 1))
                corner = min(2.0, wide / 3)
                parts.append(shape("rect", f"bar {class_}", hint(said), x=x, y=top, width=wide, height=tall, rx=corner))
    if line is not None:
        y = frame.y(line[0])
        parts.append(shape("line", "limit", x1=frame.x.start, x2=frame.x.end, y1=y, y2=y))
        parts.append(text(line[1], frame.x.end, y - 4, "end", "label limit-label"))
    return frame.drawn(title, *parts)


@dataclass(frozen=True, slots=True)
class Range:
    """Where the middle of many values lies, and where nearly all of them end."""

    at: datetime
    middle: float
    end: float
    said: str


def ranges(title: str, drawn: Sequence[Range], canvas: Canvas) -> Markup:
    """Return a dot for each middle, with a stroke from it to the end."""
    frame, parts = canvas.begun()
    for one in drawn:
        x, middle, end = frame.at(one.at), frame.y(one.middle), frame.y(one.end)
        parts += [
            shape("line", "reach", x1=x, x2=x, y1=middle, y2=end),
            shape("circle", "dot main", hint(one.said), cx=x, cy=middle, r=2.5),
            shape("circle", "dot second", hint(one.said), cx=x, cy=end, r=1.8),
        ]
    return frame.drawn(title, *parts)


def matrix(title: str, names: Sequence[str], pairs: Mapping[tuple[str, str], int]) -> Markup:
    """Return which share of the row's members is in the column's audience, too."""
    cell, left = (46, 220) if len(names) <= 12 else (24, 220)
    height, width = 26 + cell * len(names), left + cell * len(names) + 4
    parts = [text(str(place + 1), left + cell * (place + 0.5), 16, "middle") for place in range(len(names))]
    for row, one in enumerate(names):
        y, size = 24 + cell * row, pairs.get((one, one), 0)
        parts.append(text(f"{row + 1}  {_short(one)}", 0, y + cell / 2 + 4, class_="label name"))
        for column, other in enumerate(names):
            both = pairs.get((one, other), 0)
            share = both / size if size else 0.0
            parts.append(_cell(left + cell * column, y, cell, share, f"{one}: {both:,} of {size:,} are in {other}"))
            if cell > 40 and size:
                inside = "—" if row == column else f"{share:.0%}"
                strong = "cell-label strong" if share > 0.55 else "cell-label"
                parts.append(text(inside, left + cell * (column + 0.5), y + cell / 2 + 4, "middle", strong))
    return element(
        "svg", *parts, viewBox=f"0 0 {width} {height}", role="img", class_="chart matrix", width=width,
        **{"aria-label": title},
    )  # fmt: skip


def _cell(x: float, y: float, size: float, share: float, said: str) -> Markup:
    inner = size - 2
    return joined(
        shape("rect", "cell-base", x=x, y=y, width=inner, height=inner, rx=3),
        shape("rect", "cell", hint(said), x=x, y=y, width=inner, height=inner, rx=3, fill_opacity=round(share, 2)),
    )


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def named_bars(counts: Sequence[tuple[str, int]]) -> Markup:
    """Return a bar with its number for each name; names may be long."""
    most = max(count for _, count in counts)
    return element("ul", *(_named_bar(name, count, most) for name, count in counts), class_="named")


def _named_bar(name: str, count: int, most: int) -> Markup:
    drawn = shape("rect", "bar by-name", x=0, y=0, width=max(0.5, round(100 * count / most, 1)), height=1)
    bar = element("svg", drawn, viewBox="0 0 100 1", preserveAspectRatio="none", **{"aria-hidden": "true"})
    return element("li", element("span", name), element("b", f"{count:,}"), bar)
