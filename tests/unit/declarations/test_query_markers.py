"""Each `:as_of` is found by its position; no other character of the user's SQL is touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.declarations.query import read_query

HERE = "‹here›"
"""Where a template has an `:as_of` that must be found; those it has itself must not be."""

WORDS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]) | st.sampled_from(":;'\"-$é😀"), max_size=12)
LITERALS = WORDS.map(lambda text: "'" + text.replace("'", "''") + " :as_of'")
NAMES = WORDS.map(lambda text: '"x' + text.replace('"', '""') + ':as_of"')
LINE_COMMENTS = WORDS.map(lambda text: f"1 -- {text} :as_of ' \n")
BLOCK_COMMENTS = WORDS.map(lambda text: "/* " + text.replace("*", "").replace("/", "") + " ' :as_of */ 2")
PLAIN = st.sampled_from(
    ["a", "a::date", "a :: date", "'12:30:00'::time", "$$ it's :as_of $$", "'it''s :as_of'", "case when a then b end"]
)
MARKED = st.sampled_from(
    [
        *[HERE, f"({HERE})", f"cast({HERE} as date)", f"{HERE}::date", f"1+{HERE}", f"date_trunc('day',{HERE})"],
        *[f"a>{HERE}", f"a<={HERE}-interval '1 day'", f"a between {HERE} and {HERE}"],
        *[f"case when {HERE}>a then {HERE} end", f"/* :as_of */{HERE}/* :as_of */"],
    ]
)
PIECES = st.one_of(LITERALS, NAMES, LINE_COMMENTS, BLOCK_COMMENTS, PLAIN, MARKED, MARKED)
GAPS = st.sampled_from([" ", "\n", "\r\n", "\t", "  \n "])


@st.composite
def templates(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(PIECES, min_size=1, max_size=8))
    gap = draw(GAPS)
    return f"select{gap}" + f"{gap},{gap}".join(pieces) + f"{gap}from marts.orders{gap}"


def assert_marked(template: str, dialect: str) -> None:
    text = template.replace(HERE, ":as_of")
    query, faults = read_query(text, dialect)
    assert [fault for fault in faults if not fault.warning] == []
    assert query.text == text
    assert len(query.as_of) == template.count(HERE)
    assert query.with_marker("%(as_of)s") == template.replace(HERE, "%(as_of)s")
    assert query.with_marker(":as_of") == text
    assert query.any_window == (HERE in template)


@settings(max_examples=60)
@given(templates())
def test_in_duckdb_every_marker_is_replaced_and_nothing_else(template: str) -> None:
    """Whatever stands in comments, texts and names around it."""
    assert_marked(template, "duckdb")


@settings(max_examples=60)
@given(templates())
def test_in_postgres_every_marker_is_replaced_and_nothing_else(template: str) -> None:
    """The same text, read by another tokenizer."""
    assert_marked(template, "postgres")


@pytest.mark.parametrize(
    ("dialect", "template"),
    [
        ("duckdb", f"select xs[1:2], xs[a:b], {HERE} from t"),
        ("duckdb", f"select {{'a': {HERE}, 'b':c}} from t"),
        ("duckdb", f"select E'\\' :as_of', {HERE} from t"),
        ("duckdb", f"select total: {HERE} from t"),
        ("duckdb", f"select [{HERE}, {HERE}] from t"),
        ("postgres", f"select E'\\' :as_of', {HERE} from t"),
        ("postgres", f"select /* /* :as_of */ */ {HERE} from t"),
        ("postgres", f"select $tag$ :as_of $tag$, {HERE}::timestamptz from t"),
        ("postgres", f"select (array[1, 2])[1:2], {HERE} from t"),
        ("bigquery", f"select 1 # :as_of\n, {HERE} from t"),
        ("bigquery", f"select r'\\ :as_of', '''it's :as_of''', {HERE} from `p-1.d.t`"),
        ("bigquery", f"select 'it\\'s :as_of', {HERE} from t"),
        ("snowflake", f"select payload:as_of, payload:as_of.x::string, {HERE} from t"),
        ("snowflake", f'select t.payload:customer:as_of, "payload":as_of, f(x):as_of, xs[0]:as_of, {HERE} from t'),
        ("snowflake", f"select 1 // :as_of\n, {HERE}::date from t"),
        ("snowflake", f"select payload:object:as_of, {HERE} from t"),
        ("snowflake", f"select payload:first:name, payload:time:utc, payload:date:year, {HERE} from t"),
        ("redshift", f"select payload.items[0].name, '\\' :as_of', {HERE}::timestamp from t"),
        ("databricks", f"select payload:customer.as_of, payload:as_of::string, {HERE} from t"),
        ("databricks", f"select 'it\\'s :as_of', `a:as_of`, cast({HERE} as date) from t"),
    ],
)
def test_paths_slices_and_texts_of_every_dialect_are_left_alone(dialect: str, template: str) -> None:
    """What looks like a parameter and is none: semi-structured paths, slices, escapes, comments."""
    assert_marked(template, dialect)


@pytest.mark.parametrize("text", ["", " ", ":as_of", "::as_of", "select ':as_of", "((", "\x00", "'", '"', "$$", "/*"])
@pytest.mark.parametrize("dialect", ["duckdb", "snowflake", "bigquery", "postgres", "redshift", "databricks"])
def test_text_that_is_no_query_is_a_fault_and_no_crash(text: str, dialect: str) -> None:
    """And it comes back unchanged."""
    query, faults = read_query(text, dialect)
    assert query.with_marker(":as_of") == text
    assert faults


@settings(max_examples=80)
@given(
    st.text(st.sampled_from("select from:as_of'\"$-/*\n;()[]{}%?@#`\\ ü😀")), st.sampled_from(["duckdb", "bigquery"])
)
def test_any_text_survives(text: str, dialect: str) -> None:
    """No text makes the reader fail, and none is changed by it."""
    query, _ = read_query(text, dialect)
    assert query.with_marker(":as_of") == text
    assert all(text[start:end] == ":as_of" for start, end in query.as_of)
