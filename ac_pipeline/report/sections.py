"""The parts of the page. One that has nothing to show says so in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ac_pipeline.markup import Child, Markup, element, joined
from ac_pipeline.report.charts import WIDE, Bar, Canvas, Line, Range, bars, lines, matrix, named_bars, ranges
from ac_pipeline.report.figures import Figures, Latency, Size
from ac_pipeline.report.scale import duration, duration_ticks, gap_after, moment, number, ticks, two_sided

_BINS = 90
"""Bars beside each other at most: of more windows, neighbours are added up."""
_CROWD = 30
"""Audiences the matrix of overlaps shows at most, the largest."""


def tiles(figures: Figures) -> Markup:
    """Return the figures somebody looks for first."""
    members = [sizes[-1].members for sizes in figures.sizes.values() if sizes[-1].as_of == figures.windows[-1]]
    last = figures.runs[-1] if figures.runs else None
    shown = [
        ("Audiences", f"{len(figures.sizes):,}", False),
        ("Memberships in the newest window", number(sum(members)), False),
        ("Contacts told and confirmed", number(figures.told.get("acknowledged", 0)), False),
        (
            "Contacts without a certain answer",
            number(figures.told.get("unknown", 0)),
            bool(figures.told.get("unknown")),
        ),
        ("Contacts refused", number(sum(figures.refused.values())), bool(figures.refused)),
        ("Contacts that may not be sent", number(sum(figures.withheld.values())), False),
        ("Last run", last.state if last else "none yet", last is not None and last.state in ("failed", "dead")),
    ]
    return element(
        "div",
        *(
            element("div", element("b", value), element("span", name), class_="tile warn" if warn else "tile")
            for name, value, warn in shown
        ),
        class_="tiles",
    )


def waiting(figures: Figures) -> Markup:
    """Return what waits for a person, if anything does."""
    if not figures.held:
        return Markup("")
    rows = [(key, reason) for key, reason in figures.held.items()]
    return joined(
        element("h2", "Held"),
        element("p", "The members approved before stay until somebody releases these.", class_="soft"),
        _card(_table(("Declaration", "Why"), rows)),
    )


def sizes(figures: Figures) -> Markup:
    """Return the size of each audience, one chart each."""
    if not figures.sizes:
        return _section("Sizes", "No audience was computed yet.")
    gap = gap_after(figures.windows)
    cards = []
    for name, found in figures.sizes.items():
        marks = ticks(max(size.members for size in found), 3)
        line = Line("members", "main", [(size.as_of, float(size.members)) for size in found], area=True)
        chart = lines(f"Members of {name}", [line], Canvas(figures.windows, marks, number, 360, 140), gap)
        cards.append(element("div", _headed(name, found, figures.windows[-1]), chart, class_="card"))
    return _section("Sizes", "Members per window. A break is a window that was not computed.", _cards(cards))


def _headed(name: str, found: Sequence[Size], newest: datetime) -> Markup:
    last = found[-1]
    state = number(last.members) if last.as_of == newest else f"{number(last.members)} on {moment(last.as_of)}"
    return element("header", element("h3", name), element("b", state))


def churn(figures: Figures) -> Markup:
    """Return who came and went, over all audiences and of each. With its first window an audience only begins."""
    moved = {name: found[1:] for name, found in figures.sizes.items() if len(found) > 1}
    if not moved:
        return _section("Churn", "At least two windows of an audience are needed.")
    every = [size for found in moved.values() for size in found]
    key = element("ul", element("li", "entered", class_="up"), element("li", "exited", class_="down"), class_="key")
    whole = _card(key, _moves("Entered and exited, all audiences", every, figures.windows, WIDE, 240), wide=True)
    cards = [_churn_of(name, found, figures.windows) for name, found in moved.items()]
    said = "Memberships that began and ended, per window, without the first window of each audience."
    return _section(
        "Churn", said, whole, element("p", "Each audience, with the newest window", class_="soft"), _cards(cards)
    )


def _churn_of(name: str, found: Sequence[Size], windows: Sequence[datetime]) -> Markup:
    last = found[-1]
    newest = (
        f"+{number(last.entered or 0)} −{number(last.exited or 0)}" if last.as_of == windows[-1] else "not computed"
    )
    chart = _moves(f"Entered and exited: {name}", found, windows, 360, 130)
    return element("div", element("header", element("h3", name), element("b", newest)), chart, class_="card")


def _moves(title: str, found: Sequence[Size], windows: Sequence[datetime], width: int, height: int) -> Markup:
    place = _bins(windows)
    up: dict[datetime, int] = {}
    down: dict[datetime, int] = {}
    for size in found:
        at = place[size.as_of]
        up[at], down[at] = up.get(at, 0) + (size.entered or 0), down.get(at, 0) + (size.exited or 0)
    drawn = [Bar(at, up[at], down[at], f"{moment(at)}: {up[at]:,} entered, {down[at]:,} exited") for at in sorted(up)]
    marks = two_sided(max(up.values()), max(down.values()))
    return bars(title, drawn, Canvas(sorted(set(place.values())), marks, number, width, height))


def _bins(windows: Sequence[datetime]) -> dict[datetime, datetime]:
    """Return the newest window of each group of neighbours, by window."""
    share = -(-len(windows) // _BINS)
    newest_first = windows[::-1]
    return {window: newest_first[place // share * share] for place, window in enumerate(newest_first)}


def overlap(figures: Figures) -> Markup:
    """Return how far audiences consist of the same people."""
    members = {one: count for (one, other), count in figures.overlap.items() if one == other}
    names = sorted(sorted(members, key=lambda name: -members[name])[:_CROWD], key=str.lower)
    if len(names) < 2:
        return _section("Overlap", "At least two audiences with members are needed.")
    said = "Share of the row's members that are in the column's audience as well, now."
    if len(members) > _CROWD:
        said += f" The {_CROWD} largest of {len(members)} audiences."
    return _section("Overlap", said, _card(matrix("Overlap of audiences", names, figures.overlap), wide=True))


def latency(figures: Figures) -> Markup:
    """Return how long changes took to be confirmed."""
    if not figures.latency:
        return _section("From window to confirmation", "Nothing was confirmed yet.")
    drawn = [
        Range(one.as_of, one.median, one.most, f"{moment(one.as_of)}: {one.changes:,} changes, {_within(one)}")
        for one in figures.latency
    ]
    key = element(
        "ul",
        element("li", "half of the changes", class_="main"),
        element("li", "95 of 100", class_="second"),
        class_="key",
    )
    marks = duration_ticks(max(one.most for one in figures.latency))
    chart = ranges("Time to confirmation", drawn, Canvas(figures.windows, marks, duration))
    rows = [(moment(one.as_of), one.changes, duration(one.median), duration(one.most)) for one in figures.latency[-20:]]
    table = _table(("Window until", "Changes", "Half within", "95 of 100 within"), rows[::-1])
    said = "Time from the end of the window in which a value changed to ActiveCampaign's confirmation of it."
    return _section("From window to confirmation", said, _card(key, chart, _numbers(table), wide=True))


def _within(one: Latency) -> str:
    return f"half within {duration(one.median)}, 95 of 100 within {duration(one.most)}"


def requests(figures: Figures, rate: float) -> Markup:
    """Return what runs asked of the service, against what they may."""
    sent = [run for run in figures.runs if run.requests + run.reading]
    if not sent:
        return _section("Requests", "No run has sent a request yet.")
    most = max(run.requests + run.reading for run in sent)
    allowed = rate * figures.window_length.total_seconds()
    limit = (allowed, "what the limit allows per window") if most > allowed / 8 else None
    marks = ticks(max(most, allowed if limit else 0))
    drawn = [
        Bar(
            run.started_at, run.requests + run.reading,
            said=f"{moment(run.started_at)}: {run.requests:,} requests, and {run.reading:,} that read many contacts",
        )
        for run in sent
    ]  # fmt: skip
    said = (
        f"HTTP requests of each run that sent any. At {rate:g} per second a window has room for {allowed:,.0f}; "
        f"the busiest run took {most:,}, {most / allowed:.1%} of that."
    )
    moments = [run.started_at for run in sent]
    chart = bars("Requests", drawn, Canvas(moments, marks, number), line=limit)
    return _section("Requests against the limit", said, _card(chart, wide=True))


def refusals(figures: Figures) -> Markup:
    """Return refused and withheld contacts by reason."""
    if not figures.refused and not figures.withheld:
        return _section("Refused and withheld", "Nobody is refused or withheld.")
    cards = [
        _card(
            element("h3", title),
            named_bars([(_words(reason), count) for reason, count in counts.items()][:15]),
            wide=True,
        )
        for title, counts in (("Refused by ActiveCampaign", figures.refused), ("May not be sent now", figures.withheld))
        if counts
    ]
    said = "Contacts by reason. `ac-pipeline why` tells it of one contact."
    return _section("Refused and withheld", said, *cards)


def _words(reason: str) -> str:
    """Return a code of ours as words; what the service said stays as it is."""
    return reason.replace("_", " ") if reason.replace("_", "").isalpha() else reason


def runs(figures: Figures) -> Markup:
    """Return the last runs as a table."""
    if not figures.runs:
        return Markup("")
    heads = ("Started (UTC)", "Kind", "Ended", "Contacts confirmed", "Requests", "Reading requests")
    rows = [
        (moment(run.started_at), run.kind, run.state, run.contacts, run.requests, run.reading)
        for run in figures.runs[:-21:-1]
    ]
    return _section("Last runs", "", _card(_table(heads, rows), wide=True))


def _section(title: str, said: str, *parts: Markup) -> Markup:
    return element("section", element("h2", title), element("p", said, class_="soft") if said else None, *parts)


def _card(*parts: Markup, wide: bool = False) -> Markup:
    return element("div", *parts, class_="card wide" if wide else "card")


def _cards(cards: Sequence[Markup]) -> Markup:
    return element("div", *cards, class_="cards")


def _numbers(table: Markup) -> Markup:
    return element("details", element("summary", "Numbers"), table)


def _table(heads: Sequence[str], rows: Sequence[Sequence[Child]]) -> Markup:
    kinds = ["count" if rows and isinstance(value, int) else "" for value in rows[0]] if rows else [""] * len(heads)
    cells = [
        element("tr", *(
            element("td", f"{value:,}" if isinstance(value, int) else value, class_=kind)
            for value, kind in zip(row, kinds, strict=True)
        ))
        for row in rows
    ]  # fmt: skip
    top = (element("th", head, class_=kind, scope="col") for head, kind in zip(heads, kinds, strict=True))
    return element("table", element("thead", element("tr", *top)), element("tbody", *cells))
