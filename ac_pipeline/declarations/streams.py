"""Files of events/ as streams: their query with its bounds, and their settings."""

from __future__ import annotations

from pathlib import Path

from ac_pipeline.declarations.event_files import ALL, EventFile, duration
from ac_pipeline.declarations.query import SINCE_AND_AS_OF, SqlFault, read_query
from ac_pipeline.declarations.templates import CURSOR, OVERLAP, TEMPLATES
from ac_pipeline.declarations.yaml_file import YamlFile
from ac_pipeline.model.events import LONG_AGO, EventCall, EventStream
from ac_pipeline.model.query import Query

OCCURRED_AT = "occurred_at"


def bounded(text: str, dialect: str, cursor: str) -> tuple[Query, list[SqlFault]]:
    """Read a stream's query; one that does not use `:since` is put inside another that does."""
    query, faults = read_query(text, dialect, SINCE_AND_AS_OF)
    if query.since or any(not fault.warning for fault in faults):
        return query, faults
    inner = text.rstrip().removesuffix(";")
    around = f"select * from (\n{inner}\n) as stream\nwhere {cursor} > :since and {cursor} <= :as_of"
    outer, more = read_query(around, dialect, SINCE_AND_AS_OF)
    if any(not fault.warning for fault in more):
        hint = f"use :since in it: where {cursor} > :since and {cursor} <= :as_of"
        return query, [SqlFault(1, "cannot stand inside another query", hint)]
    return outer, faults


def query_of_template(file: YamlFile, dialect: str) -> Query | None:
    """Return the query of a declaration that names a template and a relation; None where either is wrong."""
    template = TEMPLATES.get(str(file.values.get("template")))
    relation, value, cursor = file.values.get("model"), file.values.get("value"), file.values.get("cursor")
    if template is None or not isinstance(relation, str):
        return None
    sql = template.sql(
        relation, value=value if isinstance(value, str) else None, named=file.values.get("event") is not None
    )
    query, faults = bounded(sql, dialect, cursor if isinstance(cursor, str) else CURSOR)
    return query if not any(not fault.warning for fault in faults) else None


def cursor_of(file: YamlFile) -> str:
    """Return the column that is compared with `:since`, as far as the file says it."""
    said = file.values.get("cursor")
    return said if isinstance(said, str) and said.isidentifier() else OCCURRED_AT


def stream_of(path: Path, values: EventFile, query: Query) -> EventStream:
    """Return a file without faults; its key is the file's name."""
    templated = values.template is not None
    call = values.call or EventCall.TRACK  # without a call the file has a fault
    default = EventStream(path.stem, call, query, path)
    begin = values.begin
    return EventStream(
        key=path.stem,
        call=call,
        query=query,
        path=path,
        event=values.event,
        as_event=values.as_event if call is EventCall.PAGE else None,
        begin=LONG_AGO if begin == ALL else begin if not isinstance(begin, str) else None,
        cursor=values.cursor or (CURSOR if templated else OCCURRED_AT),
        overlap=duration(values.overlap) if values.overlap else OVERLAP if templated else default.overlap,
        unknown_contacts=values.unknown_contacts,
        wait_for=duration(values.wait_for) if values.wait_for else default.wait_for,
        after_doubt=values.after_doubt,
        shorten=values.shorten,
        description=values.description.strip(),
        owner=values.owner,
    )
