"""What a person sees in metadata: the picture, small tables, previews without anybody's data."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest

from ac_pipeline.model.declaration import Choices, Declaration, Kind, Query, ValueType
from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.orchestration.markdown import svg_image, table
from ac_pipeline.orchestration.picture import draw
from ac_pipeline.sync.preview import Preview, previews
from ac_pipeline.sync.trends import Trends

SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 16_000
"""Of the picture as metadata: Dagster keeps it with every delivery."""


def trends(audiences: int, windows: int, size: int = 123_456_789) -> Trends:
    moments = tuple(datetime(2026, 1, 1) + timedelta(hours=2 * number) for number in range(windows))  # noqa: DTZ001
    numbers = tuple((number * 7919) % size for number in range(windows))
    members = {f"an_audience_with_a_long_name_<{number}>": numbers for number in range(audiences)}
    return Trends(moments, members, numbers, numbers, numbers)


@pytest.mark.parametrize(("audiences", "windows"), [(0, 1), (1, 1), (3, 2), (40, 60)])
def test_the_picture_is_small_and_whole_whatever_there_is_to_show(audiences: int, windows: int) -> None:
    """Well-formed, everything inside its frame, names as text."""
    svg = draw(trends(audiences, windows), allowed=28_800)
    root = ET.fromstring(svg)
    assert len(svg_image(svg, "sizes")) < MOST_BYTES
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height
    for path in root.iter(f"{SVG}path"):
        for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path.attrib["d"]):
            assert (0 <= float(x) <= width, 0 <= float(y) <= height) == (True, True)
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert ("32 more are not shown" in words) == (audiences == 40)
    assert "28,800" in words


def test_a_window_in_which_an_audience_was_not_computed_is_a_gap() -> None:
    """A line goes on behind it, and what stands alone is a dot."""
    moments = tuple(datetime(2026, 1, 1) + timedelta(hours=2 * number) for number in range(4))  # noqa: DTZ001
    nothing = (0, 0, 0, 0)
    svg = draw(Trends(moments, {"vip": (5, 6, None, 7)}, nothing, nothing, nothing), allowed=1)
    (line,) = [path for path in ET.fromstring(svg).iter(f"{SVG}path") if path.get("fill") == "none"]
    assert (line.attrib["d"].count("M"), line.attrib["d"].count("L"), svg.count("<circle")) == (2, 1, 1)


def test_an_image_is_a_data_address() -> None:
    """Nothing is fetched from elsewhere."""
    found = re.fullmatch(r"!\[sizes\]\(data:image/svg\+xml;base64,([\w+/=]+)\)", svg_image("<svg>ä</svg>", "sizes"))
    assert found is not None
    assert base64.b64decode(found[1]).decode() == "<svg>ä</svg>"


def test_a_cell_cannot_end_its_table_nor_be_markup() -> None:
    """Ids and values are other people's text."""
    text = table(("user_id",), [["a|b\n<script>![x](http://x)"]])
    assert text.splitlines()[2] == r"| a\|b \<script\>\!\[x\]\(http://x\) |"


def declaration(kind: Kind, key: str, value_type: ValueType = ValueType.BOOLEAN, *options: str) -> Declaration:
    choices = Choices(options)
    return Declaration(kind, key, key, Query("select 1"), Path(key), value_type=value_type, choices=choices)


def test_a_preview_shows_ids_and_values_and_nobodys_data(tmp_path: Path) -> None:
    """Of contacts the ids; of values what looks like a number, a truth, a date, or is a declared option."""
    file = tmp_path / "extracted.duckdb"
    rows = {
        "contacts": "select '7' as user_id, 'ada@example.com' as email, 'Ada' as first_name",
        "members": "select 'ada@example.com' as user_id union all select '9'",
        "by_email": "select 'ada@example.com' as email",
        "points": "select '7' as user_id, 2.5 as value union all select '8', 491705550123",
        "odd": "select '7' as user_id, 'ada(at)example.com' as value",
        "born": "select '7' as user_id, date '1990-04-01' as value",
        "stage": "select '7' as user_id, 'New' as value union all select '8', 'Ada Lovelace'",
        "motto": "select '7' as user_id, 'Ada Lovelace' as value union all select '8', null",
    }
    with duckdb.connect(file) as connection:
        connection.execute("create schema rows")
        for name, query in rows.items():
            connection.execute(f"create table rows.{name} as {query}")
    declared = [
        declaration(Kind.CONTACTS, "contacts"),
        declaration(Kind.AUDIENCE, "members"),
        declaration(Kind.AUDIENCE, "by_email"),
        declaration(Kind.TRAIT, "points", ValueType.NUMBER),
        declaration(Kind.TRAIT, "odd", ValueType.NUMBER),
        declaration(Kind.TRAIT, "born", ValueType.DATE),
        declaration(Kind.TRAIT, "stage", ValueType.CHOICE, "New", "Lapsed"),
        declaration(Kind.TRAIT, "motto", ValueType.TEXT),
    ]
    shown = previews(Extraction(file, tuple(Extracted(one, table=one.key, rows=1) for one in declared)))
    value = ("user_id", "value")
    assert shown == {
        "contacts": Preview(("user_id",), (("7",),)),
        "members": Preview(("user_id",), (("9",), ("‹e-mail›",))),
        "points": Preview(value, (("7", "2.5"), ("8", "‹number›"))),
        "odd": Preview(value, (("7", "‹18 characters›"),)),
        "born": Preview(value, (("7", "1990-04-01"),)),
        "stage": Preview(value, (("7", "New"), ("8", "‹12 characters›"))),
        "motto": Preview(value, (("7", "‹12 characters›"), ("8", ""))),
    }
