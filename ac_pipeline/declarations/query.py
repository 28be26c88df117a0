"""Parameters and upstream relations of a query, found by parsing, never by rewriting it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import duckdb
import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from ac_pipeline.model.declaration import Query

_PATH_INTO = re.compile(r"[\w$)\]\"'`}]\[?\Z")
"""What before a colon makes it a path or slice of what stands there: `payload:as_of`, `xs[1:n]`, `xs[:n]`."""
_CLOCKS = (
    exp.CurrentDate,
    exp.CurrentTimestamp,
    exp.CurrentTime,
    exp.CurrentDatetime,
    exp.Localtime,
    exp.Localtimestamp,
)
_CLOCK_FUNCTIONS = {"now", "get_current_timestamp", "getdate", "sysdate"}


@dataclass(frozen=True, slots=True)
class SqlFault:
    """A fault inside a query; `line` counts from 1 within the query."""

    line: int
    message: str
    hint: str
    warning: bool = False


AS_OF = ("as_of",)
SINCE_AND_AS_OF = ("since", "as_of")
"""The parameters of a stream of events."""


def read_query(text: str, dialect: str, parameters: tuple[str, ...] = AS_OF) -> tuple[Query, list[SqlFault]]:
    """Find each of the parameters and the relations that are read, and say what is wrong with the query.

    DuckDB's own parser is the judge for its dialect. For others a query sqlglot cannot read is a
    warning (it runs as written, without lineage), because the warehouse knows better.
    """
    try:
        tokens = sqlglot.tokenize(text, read=dialect)
    except SqlglotError as error:
        return Query(text), [SqlFault(1, f"is not SQL ({_first_line(error)})", "check quotes and comments")]
    markers = _markers(text, tokens)
    places = {wanted: tuple((start, end) for name, start, end in markers if name == wanted) for wanted in parameters}
    query = Query(text, as_of=places["as_of"], since=places.get("since", ()))
    faults = [
        SqlFault(
            text.count("\n", 0, start) + 1,
            f"has a parameter `:{name}` that nobody fills",
            _known(parameters),
        )
        for name, start, _ in markers
        if name not in parameters
    ]
    if dialect == "duckdb" and not faults:
        faults = _duckdb_syntax(query)
    if faults:
        return query, faults
    try:
        statements = [s for s in sqlglot.parse(text, read=dialect) if s is not None]
    except SqlglotError as error:
        hint = "it is sent as written; its lineage is not shown"
        return query, [SqlFault(_line_of(error), "could not be parsed for lineage", hint, warning=True)]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return query, [SqlFault(1, "is not one SELECT", "write a single SELECT (WITH … SELECT is fine)")]
    tree = statements[0]
    query = replace(query, upstream=_upstream(tree))
    return query, [*_parameters(tree, query, parameters), *_clock(tree, query)]


def relation_query(relation: str) -> Query:
    """Return the query that reads a whole relation (`model:`)."""
    return Query(f"select * from {relation}", upstream=(relation,))


def _markers(text: str, tokens: list[Token]) -> list[tuple[str, int, int]]:
    """Return name, start and end of each `:name` that is not a path into what stands before it."""
    found = []
    for colon, word in pairwise(tokens):
        if colon.token_type is not TokenType.COLON or colon.end + 1 != word.start:
            continue
        path = _PATH_INTO.search(text[max(0, colon.start - 2) : colon.start])
        name = text[word.start : word.end + 1]
        if path is None and name.isidentifier():
            found.append((name, colon.start, word.end + 1))
    return found


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """Return the process's own empty database: opening one takes longer than parsing all there is to parse."""
    return duckdb.connect(config={"autoinstall_known_extensions": False})


def _duckdb_syntax(query: Query) -> list[SqlFault]:
    with _parser().cursor() as parser:
        answer = parser.execute(
            """select verdict ->> 'error', verdict ->> 'error_message', verdict ->> 'position',
                      json_array_length(verdict -> 'statements')
               from (select json_serialize_sql($sql)::json as verdict)""",
            {"sql": query.with_marker("$as_of", "$since")},
        ).fetchone()
    failed, message, position, statements = answer or ("true", "", None, 0)
    if failed == "true":
        if "SELECT" in (message or "") and position is None:
            return [SqlFault(1, "is not one SELECT", "write a single SELECT (WITH … SELECT is fine)")]
        before = query.with_marker("$as_of", "$since").encode()[: int(position or 0)]  # DuckDB counts bytes
        line = before.count(b"\n") + 1
        return [SqlFault(line, f"does not parse: {(message or '').splitlines()[0]}", "correct the SQL")]
    if statements != 1:
        return [SqlFault(1, "is not one SELECT", "write a single SELECT (WITH … SELECT is fine)")]
    return []


def _upstream(tree: exp.Query) -> tuple[str, ...]:
    common = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    tables = set()
    for table in tree.find_all(exp.Table):
        name = ".".join(part.name for part in table.parts)
        if name and name.lower() not in common:
            tables.add(name)
    return tuple(sorted(tables))


def _parameters(tree: exp.Query, query: Query, parameters: tuple[str, ...]) -> list[SqlFault]:
    nodes = [*tree.find_all(exp.Placeholder), *tree.find_all(exp.Parameter)]
    if any(node.name not in parameters and node.find_ancestor(exp.Bracket) is None for node in nodes):
        return [SqlFault(1, "has a parameter that nobody fills", _known(parameters))]
    for name, places in (("as_of", query.as_of), ("since", query.since)):
        if name in parameters and sum(node.name == name for node in nodes) != len(places):
            return [SqlFault(1, f"uses `:{name}` in a way that cannot be told apart", f"put spaces around :{name}")]
    return []


def _known(parameters: tuple[str, ...]) -> str:
    if len(parameters) == 1:
        return f"the only parameter is :{parameters[0]}"
    return f"the parameters are {' and '.join(f':{name}' for name in parameters)}"


def _clock(tree: exp.Query, query: Query) -> list[SqlFault]:
    named = (function.name.lower() for function in tree.find_all(exp.Anonymous))
    clock = tree.find(*_CLOCKS) is not None or any(name in _CLOCK_FUNCTIONS for name in named)
    if not query.any_window or not clock:
        return []
    hint = "use :as_of alone, so that a past window gives the same result again"
    return [SqlFault(1, "reads the clock beside `:as_of`", hint, warning=True)]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120]


def _line_of(error: SqlglotError) -> int:
    details = getattr(error, "errors", None) or [{}]
    return int(details[0].get("line") or 1)
