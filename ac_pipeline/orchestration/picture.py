"""Three charts of the last windows as one SVG: members by audience, who entered and exited, requests."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ac_pipeline.sync.trends import Trends

WIDTH, HEIGHT = 760, 520
LEFT, RIGHT, PANEL, GAP = 60, 560, 120, 48
"""Edges of the charts, height of one, and room between two, in pixels."""
LEGEND = 28
"""Characters of a name beside a chart."""
MOST = 8
"""Audiences that have a line of their own: more could not be told apart."""
COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b07aa1", "#9c755f", "#edc948")
ENTERED, EXITED, REQUESTS = "#59a14f", "#e15759", "#4e79a7"


def draw(trends: Trends, allowed: int) -> str:
    """Return the picture. `allowed` is how many requests a window has room for."""
    tops = [34 + number * (PANEL + GAP) for number in range(3)]
    most = max(trends.requests, default=0)
    share = f"{most / allowed:.1%}" if allowed else "–"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="11" fill="#444">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_members(trends, tops[0]),
        *_churn(trends, tops[1]),
        *_axis(tops[2], f"Requests (the most: {most:,}, {share} of the {allowed:,} a window allows)", most),
        _bars(trends.requests, tops[2], most, REQUESTS, 0, 1),
        _text(LEFT, tops[2] + PANEL + 16, f"{trends.windows[0]:%Y-%m-%d %H:%M}") if trends.windows else "",
        _text(RIGHT, tops[2] + PANEL + 16, f"{trends.windows[-1]:%Y-%m-%d %H:%M} UTC", "end")
        if len(trends.windows) > 1
        else "",
        "</svg>",
    ]
    return "".join(parts)


def _members(trends: Trends, top: int) -> list[str]:
    shown = list(trends.members.items())[:MOST]
    most = max((size or 0 for _, sizes in shown for size in sizes), default=0)
    hidden = len(trends.members) - len(shown)
    title = "Members" + (f" (the {MOST} largest audiences; {hidden} more are not shown)" if hidden else "")
    parts = _axis(top, title, most)
    for number, ((key, sizes), colour) in enumerate(zip(shown, COLOURS, strict=False)):
        parts.append(_line(sizes, top, most, colour))
        parts.append(_text(RIGHT + 12, top + 8 + number * 15, f"{_short(key)}  {sizes[-1] or 0:,}", colour=colour))
    return parts


def _churn(trends: Trends, top: int) -> list[str]:
    most = max((*trends.entered, *trends.exited), default=0)
    return [
        *_axis(top, "Entered and exited, all audiences", most),
        _bars(trends.entered, top, most, ENTERED, 0, 2),
        _bars(trends.exited, top, most, EXITED, 1, 2),
        _text(RIGHT + 12, top + 8, f"entered  {sum(trends.entered):,}", colour=ENTERED),
        _text(RIGHT + 12, top + 23, f"exited  {sum(trends.exited):,}", colour=EXITED),
    ]


def _axis(top: int, title: str, most: int) -> list[str]:
    bottom = top + PANEL
    return [
        _text(LEFT, top - 10, title, weight="bold"),
        f'<path d="M{LEFT} {top}H{RIGHT}M{LEFT} {bottom}H{RIGHT}" stroke="#ddd"/>',
        _text(LEFT - 6, top + 4, f"{most:,}", "end"),
        _text(LEFT - 6, bottom + 4, "0", "end"),
    ]


def _line(values: Sequence[int | None], top: int, most: int, colour: str) -> str:
    """Draw a line with a gap where a value is unknown, and a dot where it stands alone."""
    path, pen, dots = [], False, []
    for number, value in enumerate(values):
        if value is None:
            pen = False
            continue
        x, y = _x(number + 0.5, len(values)), _y(value, top, most)
        path.append(f"{'L' if pen else 'M'}{x:g} {y:g}")
        alone = not pen and (number + 1 == len(values) or values[number + 1] is None)
        dots += [f'<circle cx="{x:g}" cy="{y:g}" r="2.5" fill="{colour}"/>'] if alone else []
        pen = True
    return f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="2"/>' + "".join(dots)


def _bars(values: Sequence[int], top: int, most: int, colour: str, place: int, of: int) -> str:
    """Draw bars, `of` beside each other in each window."""
    wide = (RIGHT - LEFT) / max(len(values), 1) * 0.8 / of
    wide = min(wide, 24)
    path = []
    for number, value in enumerate(values):
        if value:
            x = _x(number + 0.5, len(values)) + (place - of / 2) * wide
            path.append(
                f"M{x:.5g} {top + PANEL}V{min(_y(value, top, most), top + PANEL - 1):g}h{wide:.3g}V{top + PANEL}"
            )
    return f'<path d="{"".join(path)}" fill="{colour}"/>'


def _short(key: str) -> str:
    return key if len(key) <= LEGEND else f"{key[: LEGEND - 1]}…"


def _x(place: float, places: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * place / places, 1)


def _y(value: int, top: int, most: int) -> int:
    return round(top + PANEL - PANEL * value / max(most, 1))


def _text(x: int, y: int, text: str, anchor: str = "start", *, colour: str = "#444", weight: str = "normal") -> str:
    style = f' font-weight="{weight}"' if weight != "normal" else ""
    placed = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x}" y="{y}" fill="{colour}"{placed}{style}>{escape(text)}</text>'
