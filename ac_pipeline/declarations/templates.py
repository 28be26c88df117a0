"""Event tables as Segment and RudderStack write them into warehouses, read without a line of SQL.

Sources: Segment's and RudderStack's documentation of their warehouse schemas. Both have one row for each call, with
`id`, `user_id`, `timestamp` (when it happened) and `received_at` (when it came in). Rows of nobody (`user_id` is
null: an anonymous visitor) are left out. They come in batches, hours late: `received_at` is the cursor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ac_pipeline.model.events import EventCall

CURSOR = "received_at"
OVERLAP = timedelta(days=1)
"""Warehouses are loaded twice a day on small plans."""


@dataclass(frozen=True, slots=True)
class Template:
    """`columns` maps a stream's columns to those of the table."""

    call: EventCall
    columns: Mapping[str, str]

    def sql(self, relation: str, *, value: str | None, named: bool) -> str:
        """Return the query; `value` is a column of the table, `named` says that the declaration names the event."""
        columns = {"event_id": "id", "user_id": "user_id", "occurred_at": "timestamp", CURSOR: CURSOR, **self.columns}
        if named:
            columns.pop("event", None)
        if value is not None:
            columns["value"] = value
        selected = ", ".join(f"row_of.{column} as {name}" for name, column in columns.items())
        return f"select {selected} from {relation} as row_of where row_of.user_id is not null"


_OF_CALL = {
    "tracks": Template(EventCall.TRACK, {"event": "event_text"}),
    "pages": Template(EventCall.PAGE, {"url": "url", "referrer": "referrer"}),
    "screens": Template(EventCall.SCREEN, {"event": "name"}),
}
TEMPLATES: Mapping[str, Template] = {
    f"{maker}_{table}": template for maker in ("segment", "rudderstack") for table, template in _OF_CALL.items()
}
