"""Declared names and their dense ids."""

from __future__ import annotations

from ac_pipeline.model.declaration import Declarations, Nulls
from ac_pipeline.model.properties import (
    LISTS,
    TAGS,
    TAGS_RESET,
    USER_ID,
    PropertyKind,
    all_properties,
    list_key,
    tag_key,
)
from ac_pipeline.store.store import Store

_NEVER_CLEARED = {"email", USER_ID, TAGS, TAGS_RESET, LISTS}


def register(store: Store, declarations: Declarations) -> dict[str, int]:
    """Give every property its id and note which are declared now; return key → property id.

    A property whose declaration is gone keeps its id and its history: it is retired, nothing is sent. Tags and lists
    stay known for ever.
    """
    ids = property_ids(store)
    nulls = {declaration.key: declaration.nulls.value for declaration in declarations.all}
    explicit = {audience.key for audience in declarations.audiences if audience.membership.explicit_false}
    with store.transaction() as connection:
        connection.execute(
            "update engine.property set declared = false where declared and kind in ('contacts', 'audience', 'trait')"
        )
        for item in all_properties(declarations):
            _put(
                store, ids, item.key, kind=item.kind.value, name=item.name, type=item.value_type,
                description=item.description, sent=item.sent, explicit_false=item.key in explicit,
                nulls=nulls[item.declaration_key] if item.key not in _NEVER_CLEARED else Nulls.KEEP.value,
            )  # fmt: skip
        _register_sources(store, declarations)
        # A retired declaration waits for nobody.
        connection.execute(
            """update engine.held set released_at = $now where released_at is null
                and property_id in (select property_id from engine.property where not declared)""",
            {"now": store.now()},
        )
    return property_ids(store)


def _put(store: Store, ids: dict[str, int], key: str, **values: object) -> None:
    """Insert or update one declared property."""
    if key in ids:
        store.connection.execute(
            """update engine.property set kind = $kind, name = $name, value_type = $type, nulls = $nulls,
            description = $description, declared = true, sent = $sent, explicit_false = $explicit_false,
            to_false = false where key = $key""",
            {**values, "key": key},
        )
    else:
        store.connection.execute(
            """insert into engine.property values (nextval('engine.property_ids'), $kind, $key, $name, $type,
            $description, true, $sent, $nulls, $explicit_false, false)""",
            {**values, "key": key},
        )


def _register_sources(store: Store, declarations: Declarations) -> None:
    """Note which audience speaks through which tag and list; those of a retired one stay as they were."""
    for audience in declarations.audiences:
        names = {"key": audience.key}
        store.connection.execute(
            "delete from engine.source using engine.property"
            " where source.source_id = property.property_id and property.key = $key",
            names,
        )
        said = audience.membership
        if said.tag is not None:
            _register_source(store, audience.key, PropertyKind.TAG, tag_key(said.tag), said.tag.strip())
        if said.list is not None:
            _register_source(
                store, audience.key, PropertyKind.LIST, list_key(said.list.list), said.list.list.strip(),
                unsubscribe_on_exit=said.list.unsubscribe_on_exit, resubscribe=said.list.resubscribe,
            )  # fmt: skip


def _register_source(
    store: Store,
    audience: str,
    kind: PropertyKind,
    key: str,
    name: str,
    *,
    unsubscribe_on_exit: bool = False,
    resubscribe: bool = False,
) -> None:
    ids = property_ids(store)
    if key not in ids:
        _put(
            store, ids, key, kind=kind.value, name=name, type=kind.value, description=None, sent=True,
            nulls=Nulls.KEEP.value, explicit_false=False,
        )  # fmt: skip
        ids = property_ids(store)
    store.connection.execute(
        "insert into engine.source values ($source, $property, $unsubscribe, $resubscribe)",
        {"source": ids[audience], "property": ids[key], "unsubscribe": unsubscribe_on_exit, "resubscribe": resubscribe},
    )


def property_ids(store: Store) -> dict[str, int]:
    """Return key → property id of everything ever declared."""
    rows = store.connection.execute("select key, property_id from engine.property").fetchall()
    return {str(key): int(number) for key, number in rows}
