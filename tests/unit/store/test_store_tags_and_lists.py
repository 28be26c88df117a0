"""Tags, lists, explicit false and cleared values: what is pending and in which steps, against the rules in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ac_pipeline.store.outbox import OutboxContact, fill_outbox, next_contacts, reconcile, require_catalog
from ac_pipeline.store.properties import register
from ac_pipeline.store.retirement import retired
from ac_pipeline.store.store import Store
from unit.store.identify_state import (
    IDS,
    KEPT,
    NAMED,
    OLD,
    SPEAKERS,
    Pending,
    Person,
    Told,
    World,
    expected,
    prepare,
    put,
)
from unit.store.store_support import ALWAYS, declared, insert, opened, rows

ACTIVE, OFF = "active", "unsubscribed"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        prepare(store)
        yield store


def pending(store: Store) -> dict[tuple[int, str], Pending]:
    reconcile(store)
    found = rows(store, "select contact_id, key, value, due, membership, resubscribe from pending")
    by_key = {(int(contact), str(key)): Pending(*rest) for contact, key, *rest in found}
    assert len(by_key) == len(found), "one row for a contact and property"
    return by_key


MEMBER = st.just("true")
VALUES = {
    "first_name": st.sampled_from("12"), "buyers": MEMBER, "readers": MEMBER, "old": MEMBER,
    "level": st.sampled_from("12"), "note": st.sampled_from("12"),
}  # fmt: skip
SAID = {
    **dict.fromkeys(("buyers", "readers", "old", "gone", "tag:vip", "tag:a", "tag:gone"), ("true", "false")),
    **dict.fromkeys(("list:news", "list:other"), (ACTIVE, OFF)),
    **dict.fromkeys(("first_name", "level", "note"), ("1", "2", "")),
}
STATES = st.sampled_from([("acknowledged", False), ("unknown", False), ("rejected", False), ("rejected", True)])


def told(values: tuple[str, ...]) -> st.SearchStrategy[Told]:
    return st.builds(lambda state, value: Told(state[0], value, state[1]), STATES, st.sampled_from(values))


def people(number: int) -> st.SearchStrategy[Person]:
    email = st.just(f"c{number}@example.com")
    return st.builds(
        Person,
        desired=st.fixed_dictionaries({}, optional=VALUES | {"email": email}),
        tags=st.frozensets(st.sampled_from(["tag:vip", "tag:a"])),
        reset=st.booleans(),
        lists=st.dictionaries(st.sampled_from(["list:news", "list:other"]), st.sampled_from([ACTIVE, OFF])),
        was_reader=st.booleans(),
        told=st.fixed_dictionaries({}, optional={key: told(values) for key, values in SAID.items()}),
        known=st.booleans(),
    )


WORLDS = st.builds(
    World,
    st.fixed_dictionaries({number: people(number) for number in (1, 2)}),
    held=st.frozensets(st.sampled_from(["buyers", "readers", "level", "email", "tags"]), max_size=2),
    approved=st.booleans(),
    columns_resubscribe=st.booleans(),
)


def with_store(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def one(**person: object) -> World:
    return World({1: Person(**person)})  # type: ignore[arg-type]


VIP = {"tag:vip": Told("acknowledged", "true")}
NEWS = {"list:news": Told("acknowledged", ACTIVE)}


@with_store(80)
@given(world=WORLDS)
@example(world=one(desired={"old": "true"}, told=VIP | NEWS, was_reader=True))
@example(world=one(desired={"readers": "true"}, lists={"list:news": OFF}, told=NEWS))
@example(world=one(told={"tag:a": Told("rejected", "true", alone=True)}, tags=frozenset({"tag:a"})))
@example(world=World({1: Person(told=VIP | NEWS, was_reader=True)}, held=frozenset({"readers"})))
def test_pending_is_what_the_rules_say_and_nothing_is_left_once_it_is_confirmed(store: Store, world: World) -> None:
    """Shared tags, both sources of lists, holds, retired audiences, resets and refusals; the account then agrees."""
    put(store, world)
    found = pending(store)
    assert found == expected(world)
    for (number, key), said in found.items():
        world.people[number].told[key] = Told("acknowledged", said.value)
    put(store, world)
    assert pending(store) == {}


def steps_of(person: Person, found: dict[str, Pending]) -> list[tuple[str, object]]:
    """Say which requests a contact gets after its fields, by the rules in words."""
    steps: list[tuple[str, object]] = []
    gone = [key for key, said in found.items() if key.startswith("tag:") and said.value == "false"]
    said = {key for key in ("tag:vip", "tag:a") if key in person.tags or _speaks(person, key)}
    if "tags_reset" in found:
        steps.append(("untag", {"keep": sorted(IDS[key] for key in said)}))
    elif gone:
        steps.append(("untag", {"remove": sorted(IDS[key] for key in gone if key in IDS)}))
    on = [key for key, said in found.items() if key.startswith("tag:") and said.value == "true"]
    steps += sorted(("tag", IDS[key]) for key in on)
    steps += sorted(
        (("list", {"list": IDS[key], "status": said.value, "resubscribe": said.resubscribe})
        for key, said in found.items() if key.startswith("list:")), key=str,
    )  # fmt: skip
    return steps


def _speaks(person: Person, key: str) -> bool:
    return any(audience in person.desired for audience in SPEAKERS.get(key, ()))


def readable(sent: OutboxContact) -> list[tuple[str, object]]:
    """Return a contact's steps after the fields, with ids sorted; tags come before lists."""
    found: list[tuple[str, object]] = []
    for step in sent.steps:
        if step.route in {"sync", "update"}:
            continue
        if step.route == "tag":
            found.append((step.route, step.payload))
            continue
        payload = json.loads(step.payload)
        found.append((step.route, {k: sorted(v) for k, v in payload.items()} if step.route == "untag" else payload))
    order = ["untag", "tag", "list"]
    assert [route for route, _ in found] == sorted((route for route, _ in found), key=order.index)
    return sorted(found, key=lambda step: (order.index(step[0]), str(step[1])))


@with_store(60)
@given(world=WORLDS)
def test_each_contact_is_sent_fields_then_removals_then_tags_then_lists(store: Store, world: World) -> None:
    """One request for each tag and list, one step for what is taken off; fields only where there are any."""
    put(store, world)
    found = pending(store)
    planned = fill_outbox(store, ALWAYS)
    require_catalog(store)
    sent = next_contacts(store, 0, 10)
    assert len(sent) == planned.contacts
    due = {number for (number, _), said in found.items() if said.due}
    assert {contact.contact_id for contact in sent} <= due
    for number in due:
        person = world.people[number]
        if "email" in person.desired and person.known:
            assert number in {contact.contact_id for contact in sent}
    for contact in sent:
        own = {key: said for (number, key), said in found.items() if number == contact.contact_id}
        numbers = [step.number for step in contact.steps]
        assert numbers == sorted(set(numbers))
        fields = {key for key in own if key != "tags_reset" and ":" not in key}
        assert (contact.steps[0].number == 0) == (bool(fields) or contact.remote_id is None)
        assert all(step.number > 0 for step in contact.steps[1:])
        assert readable(contact) == steps_of(world.people[contact.contact_id], own)


@pytest.mark.parametrize("name", ['"q"', 'a"b', "*", "$.a", "a.b", "back\\slash", "é", "{}"])
def test_a_list_of_whatever_name_is_read(store: Store, name: str) -> None:
    """A name the warehouse brings is no path and no pattern; otherwise one row would stop every sync."""
    put(store, one(desired={"email": "c1@example.com"}))
    ids = dict(rows(store, "select key, property_id from engine.property"))
    number = max(ids.values()) + 1
    store.connection.execute(
        """insert into engine.property by name select $n as property_id, 'list' as kind, $key as key, $name as name,
        'list' as value_type, true as declared, true as sent, 'keep' as nulls, false as explicit_false,
        false as to_false""",
        {"n": number, "key": f"list:{name}", "name": name},
    )
    insert(store, "engine.source", [(ids["lists"], number, False, False)])
    insert(store, "engine.desired", [(ids["lists"], 1, json.dumps({name: ACTIVE}, ensure_ascii=False))])
    assert pending(store)[1, f"list:{name}"].value == ACTIVE


def test_a_retired_audience_counts_whom_it_told_and_speaks_again_when_it_is_back(store: Store) -> None:
    """Its field and its tag are left as they are meanwhile; declared again, leavers are told."""
    put(store, one(told={"old": Told("acknowledged", "true")} | VIP))
    assert {found.key: (found.told, found.to_false) for found in retired(store)} == {
        "old": (1, False), "gone": (0, True),
    }  # fmt: skip
    assert (1, "old") not in pending(store)
    register(store, declared(*KEPT, OLD))
    assert pending(store)[1, "old"] == Pending("false", True, False, False)


def test_every_tag_and_list_has_one_property_whatever_its_spelling(store: Store) -> None:
    """` vip `, `VIP` and `Vip` are one tag, News and news one list."""
    keys = {key for (key,) in rows(store, "select key from engine.property where kind in ('tag', 'list')")}
    assert keys == {*NAMED, "tag:gone"}
