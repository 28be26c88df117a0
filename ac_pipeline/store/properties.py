"""Declared names and their dense ids."""

from __future__ import annotations

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.properties import all_properties
from ac_pipeline.store.store import Store


def register(store: Store, declarations: Declarations) -> dict[str, int]:
    """Give every property its id and note which are declared now; return key → property id.

    A property whose declaration is gone keeps its id and its history: it is retired, nothing is sent.
    """
    ids = property_ids(store)
    with store.transaction() as connection:
        connection.execute("update engine.property set declared = false where declared")
        for item in all_properties(declarations):
            values = {
                "kind": item.kind.value, "key": item.key, "name": item.name, "type": item.value_type,
                "description": item.description, "sent": item.sent,
            }  # fmt: skip
            if item.key in ids:
                connection.execute(
                    """update engine.property set kind = $kind, name = $name, value_type = $type,
                       description = $description, declared = true, sent = $sent where key = $key""",
                    values,
                )
            else:
                connection.execute(
                    """insert into engine.property values
                       (nextval('engine.property_ids'), $kind, $key, $name, $type, $description, true, $sent)""",
                    values,
                )
        # A retired declaration waits for nobody.
        connection.execute(
            """update engine.held set released_at = $now where released_at is null
                and property_id in (select property_id from engine.property where not declared)""",
            {"now": store.now()},
        )
    return property_ids(store)


def property_ids(store: Store) -> dict[str, int]:
    """Return key → property id of everything ever declared."""
    rows = store.connection.execute("select key, property_id from engine.property").fetchall()
    return {str(key): int(number) for key, number in rows}
