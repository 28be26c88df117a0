"""Tags and lists that the contacts name: each becomes a property of its own, spoken for by the column."""

from __future__ import annotations

from ac_pipeline.model.properties import PropertyKind
from ac_pipeline.store.store import Store


def register_tags(store: Store, tags: int) -> None:
    """Register the tags in `incoming` of the property `tags`."""
    store.connection.execute(
        """create or replace temp table named as
        select 'tag:' || lower(name) as key, min(name) as name
        from (
            select distinct unnest(from_json(value, '["varchar"]')) as name
            from (select distinct value from incoming where property_id = $tags)
        )
        group by 1""",
        {"tags": tags},
    )
    _register(store, PropertyKind.TAG, tags, resubscribe=False)


def register_lists(store: Store, lists: int, *, resubscribe: bool) -> None:
    """Register the lists that the rows of `judged` in use name; `resubscribe` holds for all the column names."""
    store.connection.execute(
        """create or replace temp table named as
        select 'list:' || lower(name) as key, min(name) as name
        from (select distinct unnest(entries).name as name from judged where fault is null)
        group by 1"""
    )
    _register(store, PropertyKind.LIST, lists, resubscribe=resubscribe)
    store.connection.execute(
        "update engine.source set resubscribe = $resubscribe where source_id = $lists and resubscribe <> $resubscribe",
        {"lists": lists, "resubscribe": resubscribe},
    )


def _register(store: Store, kind: PropertyKind, source_id: int, *, resubscribe: bool) -> None:
    """Give what is in `named(key, name)` properties and this source; what has them already keeps its id and name."""
    connection = store.connection
    connection.execute(
        """insert into engine.property
        select nextval('engine.property_ids'), $kind, key, name, $kind, null, true, true, 'keep', false, false
        from (select * from named where key not in (select key from engine.property) order by key)""",
        {"kind": kind.value},
    )
    connection.execute(
        """insert into engine.source
        select $source_id, property_id, false, $resubscribe
        from engine.property join named using (key)
        where not exists (
            select 1 from engine.source as known
            where known.source_id = $source_id and known.property_id = property.property_id
        )""",
        {"source_id": source_id, "resubscribe": resubscribe},
    )
