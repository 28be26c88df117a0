"""`ac-pipeline report`: one page of counts, for any home."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser

import duckdb
import pytest

from ac_pipeline.report import Figures, page, read_figures
from ac_pipeline.report.figures import Latency, Run, Size
from ac_pipeline.report.scale import duration_ticks, ticks, two_sided
from ac_pipeline.report.svg import Frame
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import Company

SCRIPT = "<script>alert(1)</script>"
NOW = datetime(2026, 11, 1)  # noqa: DTZ001  (moments of the store have no zone)


class Parsed(HTMLParser):
    """A page: its elements with their attributes; raises where elements are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"

    def classes(self, name: str) -> int:
        return sum(name in (attributes.get("class") or "").split() for _, attributes in self.elements)


def stopped_before_delivery(company: Company) -> None:
    """Run the chain up to the snapshot, and stop it there."""
    with open_session(company.settings(), kind="sync", run_id="stopped", clock=company.clock) as session:
        session.extract(company.window())
        session.snapshot(company.window())
        raise KeyboardInterrupt


def test_the_page_of_a_home_has_its_counts_and_no_person(company: Company) -> None:
    """Sizes and churn per window, overlap now; a change that had to wait for a later run counts from its own window."""
    company.crowd(6)
    company.members("buyers", "1", "2", "3", "4")
    company.audience(f"{SCRIPT} readers", "1", "2")
    company.sync()
    company.members("buyers", "2", "3", "4", "5", "6")
    company.clock.next_window()
    with pytest.raises(KeyboardInterrupt):
        stopped_before_delivery(company)
    company.sync_later()

    with duckdb.connect(company.home / "ac_pipeline.duckdb", read_only=True) as published:
        figures = read_figures(published)
    ended = company.run("report", "--output", str(company.root / "r.html"))
    text = (company.root / "r.html").read_text(encoding="utf-8")
    parsed = Parsed(text)

    buyers = [(size.members, size.entered, size.exited) for size in figures.sizes["Buyers"]]
    assert buyers == [(4, 4, 0), (5, 2, 1), (5, 0, 0)]
    assert figures.overlap["Buyers", f"{SCRIPT} readers"] == 1
    assert figures.overlap["Buyers", "Buyers"] == 5
    waits = [(one.changes, timedelta(seconds=one.median) // timedelta(minutes=1)) for one in figures.latency]
    assert waits == [(6, 0), (3, 120)]
    assert [run.state for run in figures.runs] == ["succeeded", "failed", "succeeded"]
    assert (figures.runs[0].contacts, figures.window_length) == (4, timedelta(hours=2))

    assert (ended.code, "Wrote" in ended.out) == (0, True)
    assert "script" not in {name for name, _ in parsed.elements}
    assert f"{SCRIPT} readers" in parsed.text
    assert not re.search(r"@example|First\d|Last\d|https?:|src=|url\(|@import", text)
    assert ("meta", "default-src 'none'; style-src 'sha256-") in {
        (name, (attributes.get("content") or "")[:38]) for name, attributes in parsed.elements
    }
    missing = company.run("report", "--output", str(company.root / "nowhere" / "r.html"))
    assert (missing.code, "cannot be written" in missing.err) == (12, True)


def figures_of(count: int, gaps: frozenset[int] = frozenset()) -> Figures:
    """Figures of so many windows, two hours apart, without those of `gaps`."""
    windows = tuple(NOW + timedelta(hours=2 * number) for number in range(count) if number not in gaps)
    sizes = tuple(Size(at, 100 + number % 7, number % 5, number % 3) for number, at in enumerate(windows))
    named = {"A": sizes, "B": sizes[1:]}
    return Figures(
        windows, timedelta(hours=2), {name: of for name, of in named.items() if of},
        {("A", "A"): 5, ("B", "B"): 4, ("A", "B"): 2}, tuple(Latency(at, 3, 60.0, 5000.0) for at in windows),
        tuple(Run(at, "sync", "succeeded", 3, 9, 1) for at in windows[-60:]), {SCRIPT: 2}, {"no_name": 1},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "areas", "bars"),
    [(Figures(), 0, False), (figures_of(1), 0, True), (figures_of(2), 1, True), (figures_of(12), 2, True),
     (figures_of(12, frozenset({6})), 4, True), (figures_of(360), 2, True)],
)  # fmt: skip
def test_every_kind_of_history_makes_a_page(figures: Figures, areas: int, bars: bool) -> None:
    """Nothing at all, one window, two, many; a line is broken where a window is missing."""
    parsed = Parsed(page(figures, now=NOW, rate=4.0))

    assert parsed.classes("area") == areas
    assert (parsed.classes("bar") > 0) == bars
    assert parsed.classes("bar") < 700
    assert "script" not in {name for name, _ in parsed.elements}
    assert not [name for name, attributes in parsed.elements if {"style", "onload", "src", "href"} & set(attributes)]
    assert not re.search("nan|inf|None", parsed.text)


def test_axes_have_few_round_marks_that_span_the_values() -> None:
    """From nothing to millions, for durations, and on both sides of the base."""
    for most in (0, 0.4, 1, 3, 7, 49, 51, 1234, 3_500_000):
        assert ticks(most)[0] == 0
        assert ticks(most)[-1] >= most
        assert len(ticks(most)) <= 6
        assert duration_ticks(most)[-1] >= most
        assert (two_sided(most, 3)[0] <= -3, two_sided(most, 3)[-1] >= most) == (True, True)


def test_an_axis_names_each_day_once() -> None:
    """Also where several of its marks lie in one day."""
    frame = Frame.over(1100, 200, [NOW, NOW + timedelta(days=5)], 0, 1)
    named = re.findall(r">([^<]+)</text>", str(frame.axes([])))
    assert 5 <= len(named) == len(set(named))
