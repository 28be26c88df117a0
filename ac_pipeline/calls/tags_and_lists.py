"""Tags and lists of one call: which they are in the account, and what is said of them by which request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ac_pipeline.calls.catalog import Catalog
from ac_pipeline.calls.faults import refused, said
from ac_pipeline.calls.plain import is_text
from ac_pipeline.model.properties import TAGS_RESET, call_key, list_key, tag_key
from ac_pipeline.store.call_values import Read, read_tags
from ac_pipeline.store.calls import property_of_call, spoken
from ac_pipeline.store.store import Store
from ac_pipeline.sync.names import ensure_tags, find_lists


@dataclass(frozen=True, slots=True)
class Named:
    """Tags to put on and to take off, and states on lists, by name or id. `reset`: every other tag goes."""

    tags: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    reset: bool = False
    lists: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Single:
    """A request about one tag or list, or that takes tags off: what it says, by property id."""

    route: str
    payload: str
    values: Mapping[int, str]
    name: str = ""


def names_of(tags: str | None, lists: str | None, *, reset: bool) -> Named:
    """Return what canonical texts say."""
    return Named(tuple(json.loads(tags or "[]")), (), reset, json.loads(lists or "{}"))


def tag_names(store: Store, call: str, tag: object) -> tuple[str, ...]:
    """Return the one tag that a call names. Raises InvalidCall."""
    usable = isinstance(tag, str) and is_text(tag)
    read = read_tags(store, json.dumps([tag])) if usable else Read(None, "invalid_tags")
    if read.fault is not None or read.text is None:
        raise refused(call, [said("invalid_tags", "tag")])
    return tuple(json.loads(read.text))


async def resolve_names(store: Store, catalog: Catalog, named: Named, contact_id: int) -> list[Single]:
    """Find or create the tags, find the lists, and return the requests in their order: off, on, lists.

    What a declaration gives the contact as well counts as told by the declaration, and is not said again by a sync.
    Everything else syncs leave alone: it is said by a property of its own. A reset keeps what declarations give.
    Raises InvalidCall for lists that cannot be used, OwnerMustAct or ServiceUnavailable.
    """
    given = spoken(store, contact_id)
    kept = [name for key, (_, name, _) in given.items() if key.startswith("tag:")] if named.reset else []
    lists = await find_lists(catalog, {list_key(name): name for name in named.lists})
    if lists.faults:
        raise refused("identify", [f"lists: {fault}" for fault in lists.faults.values()])
    wanted = {tag_key(name): name for name in (*kept, *named.remove, *named.tags)}
    ids = await ensure_tags(catalog, wanted, create={tag_key(name) for name in named.tags})

    def values(key: str, name: str, value: str) -> dict[int, str]:
        own = {property_of_call(store, call_key(key), name): value}
        declared = given.get(key)
        return own if declared is None or declared[2] != value else {declared[0]: value, **own}

    found = []
    if named.reset:
        stay = [ids[tag_key(name)] for name in (*kept, *named.tags) if tag_key(name) in ids]
        reset = property_of_call(store, call_key(TAGS_RESET), TAGS_RESET)
        found.append(Single("untag", json.dumps({"keep": stay}), {reset: "true"}, "no other tag"))
    elif leaving := [name for name in named.remove if tag_key(name) in ids]:
        off = {property_of_call(store, call_key(tag_key(name)), name): "false" for name in leaving}
        payload = json.dumps({"remove": [ids[tag_key(name)] for name in leaving]})
        found.append(Single("untag", payload, off, f"no tag {', '.join(leaving)}"))
    found += [
        Single("tag", ids[tag_key(name)], values(tag_key(name), name, "true"), f"tag {name}") for name in named.tags
    ]
    for name, status in named.lists.items():
        payload = json.dumps({"list": lists.by_key[list_key(name)], "status": status, "resubscribe": False})
        found.append(Single("list", payload, values(list_key(name), name, status), f"list {name}"))
    return found
