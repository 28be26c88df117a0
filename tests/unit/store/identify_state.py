"""A company with shared tags and lists in every state, and the rules in words for what is pending there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ac_pipeline.model.declaration import Declarations, MemberList, Membership, Nulls
from ac_pipeline.store.account import ACCOUNT_ID, save_catalog
from ac_pipeline.store.named import register_lists, register_tags
from ac_pipeline.store.properties import property_ids, register
from ac_pipeline.store.retirement import end_memberships
from ac_pipeline.store.store import Store
from unit.store.store_support import as_of, audience, clear, declared, give_contacts, insert, trait

NEWS = MemberList("News", unsubscribe_on_exit=True, resubscribe=True, reason="said so")
KEPT = (
    audience("buyers", membership=Membership(explicit_false=True, tag="VIP")),
    audience("readers", membership=Membership(tag=" vip ", list=NEWS)),
    trait("level", nulls=Nulls.CLEAR),
    trait("note"),
)
OLD = audience("old", membership=Membership(tag="Vip", list=NEWS))
GONE = audience("gone", membership=Membership(tag="Gone"))
SPEAKERS = {"tag:vip": ("buyers", "readers", "old"), "list:news": ("readers", "old")}
"""Audiences by tag and list; `old` is retired and left as it is, `gone` is retired to false."""
NAMED = {"tag:vip": "VIP", "tag:a": "a", "list:news": "news", "list:other": "other"}
"""How the columns of the contacts name them."""
FIELDS = ("user_id", "buyers", "readers", "old", "gone", "level", "note")
IDS = {key: str(number) for number, key in enumerate((*FIELDS, *NAMED), 101)}
"""The account's ids; it never had the tag of `gone`."""


class Told(NamedTuple):
    """One row of the ledger."""

    state: str
    value: str
    alone: bool = False


class Pending(NamedTuple):
    """One row of `pending`."""

    value: str
    due: bool
    membership: bool
    resubscribe: bool


@dataclass
class Person:
    """One contact. `desired` are fields and audiences; None for a column that says nothing."""

    desired: dict[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    reset: bool = False
    lists: dict[str, str] = field(default_factory=dict)
    was_reader: bool = False
    told: dict[str, Told] = field(default_factory=dict)
    known: bool = False

    def values(self) -> dict[str, str]:
        """Return what stands in the table of desired values."""
        tags = json.dumps(sorted((NAMED[key] for key in self.tags), key=str.lower), separators=(",", ":"))
        lists = {NAMED[key]: status for key, status in sorted(self.lists.items())}
        return (
            self.desired
            | ({"tags": tags} if self.tags else {})
            | ({"tags_reset": tags} if self.reset else {})
            | ({"lists": json.dumps(lists, separators=(",", ":"))} if lists else {})
        )


@dataclass
class World:
    """All there is. `held` are properties a person has to decide about, `columns_resubscribe` a setting."""

    people: dict[int, Person]
    held: frozenset[str] = frozenset()
    approved: bool = True
    columns_resubscribe: bool = False

    def holds(self, key: str) -> bool:
        """Whether nothing of a speaker is taken back; what is held of the contacts holds all of them."""
        return bool(self.held & {"email", "tags"}) if key in {"email", "first_name", "columns"} else key in self.held


def prepare(store: Store) -> Declarations:
    """Register everything, retired declarations included; return what is still declared."""
    register(store, declared(*KEPT, OLD, GONE, nulls=Nulls.CLEAR))
    kept = declared(*KEPT, nulls=Nulls.CLEAR)
    ids = register(store, kept)
    end_memberships(store, "gone")
    store.connection.execute(
        "create or replace temp table incoming as select $id::integer as property_id, 1 as contact_id, $value as value",
        {"id": ids["tags"], "value": '["a","VIP"]'},
    )
    register_tags(store, ids["tags"])
    name_lists(store, resubscribe=False)
    save_catalog(store, IDS)
    give_contacts(store, ["u1", "u2"])
    return kept


def name_lists(store: Store, *, resubscribe: bool) -> None:
    """Register the lists that the column names."""
    store.connection.execute(
        """create or replace temp table judged as select [{'name': 'news', 'status': 'active'},
        {'name': 'other', 'status': 'active'}] as entries, null::varchar as fault"""
    )
    register_lists(store, property_ids(store)["lists"], resubscribe=resubscribe)


def put(store: Store, world: World) -> None:
    """Make this all there is."""
    ids = property_ids(store)
    clear(store, "desired", "ledger", "remote_contact", "held", "past", "approval")
    name_lists(store, resubscribe=world.columns_resubscribe)
    for number, person in world.people.items():
        insert(store, "engine.desired", [(ids[key], number, value) for key, value in person.values().items()])
        told = [(ACCOUNT_ID, number, ids[key], *told[:2], None, told.alone, 1) for key, told in person.told.items()]
        insert(store, "engine.ledger", told)
        member = "readers" in person.desired
        # Two stays in an audience are two rows of history.
        stays = [(0, 1)] * person.was_reader + [(2, 9)] * (member or person.was_reader)
        history = [(ids["readers"], number, "true", as_of(begin), as_of(end)) for begin, end in stays]
        insert(store, "engine.past", history)
        if person.known:
            insert(store, "engine.remote_contact", [(ACCOUNT_ID, number, f"r{number}", f"c{number}@example.com")])
    insert(store, "engine.held", [(ids[key], as_of(1), "", 1, 0, 1, as_of(1), None) for key in sorted(world.held)])
    insert(store, "engine.approval", [(ids["buyers"], as_of(1), as_of(1), "run")] if world.approved else [])


def expected(world: World) -> dict[tuple[int, str], Pending]:
    """Say what is pending, by the rules in words."""
    found = {}
    for number, person in world.people.items():
        for key, aim, quiet in _aims(world, person):
            told = person.told.get(key)
            if told is not None and told.state != "unknown" and told.value == aim.value:
                # Confirmed, or refused by itself; refused with its contact it goes along.
                if told.state == "acknowledged" or told.alone:
                    continue
                aim = aim._replace(due=False)
            found[number, key] = aim._replace(due=aim.due and not quiet)
    return found


def _aims(world: World, person: Person) -> Iterator[tuple[str, Pending, bool]]:
    """Yield what somebody should be told, whether or not it was; and whether it asks for nothing by itself."""
    for key, value in person.values().items():
        if key not in {"tags", "lists", "old"}:
            yield key, _aim(value, membership=key in {"buyers", "readers"}), False
    yield from _exits(world, person)
    for key in ("first_name", "level"):
        if key not in person.desired and not world.holds(key) and _may_have(person, key, "1", "2"):
            yield key, _aim(""), False
    for said in (*_tags(world, person), *_lists(world, person)):
        yield *said, False


def _exits(world: World, person: Person) -> Iterator[tuple[str, Pending, bool]]:
    for key in ("buyers", "readers", "gone"):
        if key in person.desired or world.holds(key):
            continue
        if key == "buyers" and world.approved and "email" in person.desired:
            yield key, _aim("false"), not person.known
        elif _may_have(person, key, "true"):
            yield key, _aim("false"), False


def _tags(world: World, person: Person) -> Iterator[tuple[str, Pending]]:
    for key in ("tag:vip", "tag:a", "tag:gone"):
        members = {one for one in SPEAKERS.get(key, ()) if one in person.desired}
        if key in person.tags or members - {"old"}:
            yield key, _aim("true", membership=bool(members - {"old"}))
        elif not members and _may_have(person, key, "true") and not _any_held(world, key):
            yield key, _aim("false")


def _lists(world: World, person: Person) -> Iterator[tuple[str, Pending]]:
    for key in ("list:news", "list:other"):
        reader = key == "list:news" and "readers" in person.desired
        said = {person.lists.get(key, ""), "active" if reader else ""} - {""}
        again = (reader and NEWS.resubscribe) or (key in person.lists and world.columns_resubscribe)
        left = key == "list:news" and person.was_reader and "old" not in person.desired
        if said:
            yield key, _aim(max(said), membership=reader, resubscribe=again)
        elif left and _may_be_on(person, key) and not _any_held(world, key):
            yield key, _aim("unsubscribed")


def _may_be_on(person: Person, key: str) -> bool:
    """Whether somebody was subscribed by us, or may have been; a subscription that was refused never was."""
    told = person.told.get(key)
    return told is not None and told.state != "rejected" and _may_have(person, key, "active")


def _aim(value: str, *, membership: bool = False, resubscribe: bool = False) -> Pending:
    return Pending(value, True, membership, resubscribe)


def _may_have(person: Person, key: str, *values: str) -> bool:
    told = person.told.get(key)
    return told is not None and (told.state != "acknowledged" or told.value in values)


def _any_held(world: World, key: str) -> bool:
    return key != "tag:gone" and any(world.holds(one) for one in (*SPEAKERS.get(key, ()), "columns"))
