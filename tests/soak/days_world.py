"""People who change over weeks, leave, return and are deleted over there; and what an account must say of each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import duckdb

from pipeline.pipeline_support import LONG_AGO, Company

LIST, TAG = "Newsletter", "Vip"
BUYERS, SUBSCRIBERS = "buyers", "subscribers"
AUDIENCES = {BUYERS: "Buyers", SUBSCRIBERS: "Subscribers"}
POINTS, USER_ID = "Points", "User ID"
COLUMN_TAGS = ("Gold", "Silver", TAG)
"""Tags that the contacts name; one of them an audience gives, too."""
LEAST = 5
"""Members an audience keeps: one that loses all of them is held."""
ACTIVE, UNSUBSCRIBED = 1, 2


class Change(StrEnum):
    """What happens to somebody."""

    JOIN_OR_LEAVE = "joins or leaves an audience"
    POINTS = "other points"
    NO_POINTS = "points are gone, or there again"
    SURNAME = "another surname"
    TAGS = "other tags"
    ADDRESS = "a new address"
    HANDED_ON = "takes the address somebody has just given up"
    EXCHANGED = "exchanges addresses with somebody"
    PRESENCE = "vanishes from the warehouse, or returns"


WEIGHTS = {
    Change.JOIN_OR_LEAVE: 40, Change.POINTS: 22, Change.NO_POINTS: 4, Change.SURNAME: 8, Change.TAGS: 8,
    Change.ADDRESS: 6, Change.HANDED_ON: 2, Change.EXCHANGED: 2, Change.PRESENCE: 8,
}  # fmt: skip


REPAIRED = "deleted contacts that were made again"


class Said(NamedTuple):
    """What the warehouse says of somebody; of who vanished, what it said last, and no memberships."""

    address: str
    surname: int
    tags: frozenset[str]
    member_of: frozenset[str]
    points: int | None


@dataclass
class Person:
    """Somebody as the warehouse has them, and what may be known of them over there."""

    user: int
    address: str
    surname: int = 0
    listed: bool = True
    tags: frozenset[str] = frozenset()
    member_of: frozenset[str] = frozenset()
    points: int | None = 1
    exists: bool = False
    """Whether a completed tick saw them over there, and nobody deleted them since."""
    told: set[str] = field(default_factory=set)
    """Audiences of which that contact certainly was told that they are a member."""
    maybe: set[str] = field(default_factory=set)
    """Audiences of which it may have been."""
    moved: bool = False
    """Whether their contact may have been somebody else's, which exchanged addresses bring about."""
    deleted: Said | None = None
    """What was said when their contact was deleted."""
    back: bool = False
    """Whether it may have been made again since."""

    def said(self) -> Said:
        return Said(self.address, self.surname, self.tags, self.member_of, self.points)


class World:
    """The warehouse of `company`. `seen` counts what happened, for the page."""

    def __init__(self, company: Company, seed: str, people: int) -> None:
        self.company = company
        self.chance = random.Random(seed)
        self.seen: dict[str, int] = {}
        self._addresses = 0
        self._touched: set[int] = set()
        self.people = {user: self._newcomer(user) for user in range(1, people + 1)}
        self._declare()

    # What happens in the warehouse.

    def change(self, changes: int) -> None:
        """Let up to this many things happen, to each person at most one, and write the warehouse of the next tick."""
        self._touched = set[int]()
        for person in self.chance.sample(list(self.people.values()), min(changes, len(self.people))):
            if person.user not in self._touched:
                self._change(person)
        if changes and self.chance.random() < 0.05:
            user = len(self.people) + 1
            self.people[user] = self._newcomer(user)
        self._write()
        for person in self.people.values():
            person.maybe |= person.member_of
            person.back |= bool(person.deleted and person.member_of and person.said() != person.deleted)

    def _newcomer(self, user: int) -> Person:
        audiences = [key for key in AUDIENCES if self.chance.random() < 0.5]
        tags = frozenset(self.chance.sample(COLUMN_TAGS, self.chance.randint(0, 2)))
        return Person(user, self._fresh(user), tags=tags, member_of=frozenset(audiences))

    def _fresh(self, user: int) -> str:
        self._addresses += 1
        return f"u{user}.{self._addresses}@example.com"

    def _change(self, person: Person) -> None:
        what = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if not person.listed:
            what = self.chance.choice([Change.PRESENCE, Change.POINTS])
        self._touched.add(person.user)
        self._count(what, happened=True)
        if what in (Change.HANDED_ON, Change.EXCHANGED):
            self._address_of_another(person, exchange=what is Change.EXCHANGED)
        elif what is Change.PRESENCE:
            self._vanish_or_return(person)
        elif what is Change.JOIN_OR_LEAVE:
            key = self.chance.choice(list(AUDIENCES))
            if key not in person.member_of or self._members(key) > LEAST:
                person.member_of ^= {key}
        else:
            self._other_values(person, what)

    def _other_values(self, person: Person, what: Change) -> None:
        match what:
            case Change.POINTS:
                self.nudge(person)
            case Change.NO_POINTS:
                person.points = 1 if person.points is None else None
            case Change.SURNAME:
                person.surname += 1
            case Change.TAGS:
                person.tags = frozenset(self.chance.sample(COLUMN_TAGS, self.chance.randint(0, 3)))
            case _:
                person.address = self._fresh(person.user)

    def _address_of_another(self, person: Person, *, exchange: bool) -> None:
        others = [
            one for one in self.people.values()
            if one is not person and one.listed and one.deleted is None and one.user not in self._touched
        ]  # fmt: skip
        if person.deleted is not None or not others:
            return
        other = self.chance.choice(others)
        self._touched.add(other.user)
        mine, person.address = person.address, other.address
        other.address = mine if exchange else self._fresh(other.user)
        both = person.maybe | other.maybe
        for one in (person, other):
            one.moved, one.told, one.maybe = True, set(), set(both)

    def _vanish_or_return(self, person: Person) -> None:
        if not person.listed:
            person.listed, person.member_of = True, frozenset({self.chance.choice(list(AUDIENCES))})
        elif all(self._members(key) > LEAST for key in person.member_of):
            person.listed, person.member_of = False, frozenset()

    def _members(self, key: str) -> int:
        return sum(key in person.member_of for person in self.people.values())

    def _declare(self) -> None:
        company = self.company
        company.declare("destination", "guard: {max_exit_share: 1}\n")
        company.declare(
            "contacts",
            "sql: select user_id, email, first_name, last_name, tags from contacts where :as_of is not null\n",
        )
        lines = {
            BUYERS: {"field": True, "tag": TAG},
            SUBSCRIBERS: {
                "list": {"list": LIST, "unsubscribe_on_exit": True, "resubscribe": True, "reason": "consent is ours"}
            },
        }
        for key, membership in lines.items():
            sql = f"sql: select user_id from {key} where since <= :as_of\n"
            company.declare(f"audiences/{key}", f"name: {AUDIENCES[key]}\n{sql}membership: {json.dumps(membership)}\n")
        sql = "sql: select user_id, value from points where since <= :as_of\n"
        company.declare("traits/points", f"name: {POINTS}\ntype: number\nnulls: clear\n{sql}")
        company.run_sql(
            "create or replace table contacts (user_id varchar, email varchar, first_name varchar, last_name varchar, "
            "tags varchar)",
            "create table subscribers (user_id varchar, since timestamp)",
        )

    def _write(self) -> None:
        people = self.people.values()
        tables: dict[str, list[tuple[object, ...]]] = {
            "contacts": [
                (str(one.user), one.address, f"First{one.user}", f"Last{one.surname}", ", ".join(sorted(one.tags)))
                for one in people if one.listed
            ],
            "points": [(str(one.user), one.points, LONG_AGO) for one in people if one.points is not None],
        }  # fmt: skip
        for key in AUDIENCES:
            tables[key] = [(str(one.user), LONG_AGO) for one in people if key in one.member_of]
        with duckdb.connect(self.company.warehouse) as connection:
            for table, rows in tables.items():
                connection.execute(f"delete from {table}")
                marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
                connection.execute(f"insert into {table} values {marks}", [value for row in rows for value in row])

    # What happens over there.

    def deletable(self) -> list[Person]:
        """Return those whose contact may be deleted now: after a completed tick, who is there."""
        return [person for person in self.people.values() if person.exists and person.deleted is None]

    def nudge(self, person: Person) -> None:
        """Let somebody have other points in the next tick."""
        person.points = (person.points or 0) + 1

    def delete(self, person: Person) -> None:
        """Note that the contact of somebody was deleted over there."""
        person.deleted, person.back = person.said(), False
        person.exists, person.moved, person.told = False, False, set()

    # What an account must be after a completed tick.

    def truth(self) -> list[dict[str, Any]]:
        """Return the contacts of an account that was told of these people for the first time."""
        return [
            {
                "email": one.address, "first_name": f"First{one.user}", "last_name": f"Last{one.surname}",
                "fields": {USER_ID: str(one.user), POINTS: str(one.points)}
                | {AUDIENCES[key]: "true" for key in one.member_of},
                "tags": sorted(one.tags | ({TAG} if BUYERS in one.member_of else set())),
                "lists": {LIST: ACTIVE} if SUBSCRIBERS in one.member_of else {},
            }
            for one in self.people.values() if one.member_of
        ]  # fmt: skip

    def settle(self, contacts: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return how the account differs from the truth, and note what it was told."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for contact in contacts:
            found.setdefault(str(contact["fields"].get(USER_ID)), []).append(contact)
        wrong = [f"somebody nobody knows: {user}" for user in found.keys() - {str(user) for user in self.people}]
        wrong += [f"user {user} has {len(several)} contacts" for user, several in found.items() if len(several) > 1]
        for person in self.people.values():
            several = found.get(str(person.user), [])
            wrong += [
                f"user {person.user} {text}" for text in self._differences(person, several[0] if several else None)
            ]
            self._note(person, there=bool(several))
        return wrong

    def _differences(self, person: Person, contact: Mapping[str, Any] | None) -> list[str]:
        if contact is None:
            return ["is no contact"] if self._must_exist(person) else []
        if not self._may_exist(person):
            return ["is a contact and never had to be one"]
        return [
            f"{name}: {was!r} instead of one of {sorted(map(str, expected))}"
            for name, was, expected in _compared(person, contact)
            if was not in expected
        ]

    def _must_exist(self, person: Person) -> bool:
        if person.deleted is not None:
            return bool(person.member_of) and person.said() != person.deleted
        return person.exists or bool(person.member_of)

    def _may_exist(self, person: Person) -> bool:
        if person.deleted is not None:
            return person.back
        return person.exists or bool(person.maybe)

    def _note(self, person: Person, *, there: bool) -> None:
        changed = person.deleted is not None and person.said() != person.deleted
        if there:
            self._count(REPAIRED, happened=person.deleted is not None)
            person.exists, person.deleted = True, None
            person.told |= person.member_of
        elif changed or person.deleted is None:
            # Whoever is not there, and has been looked for, begins anew.
            person.deleted, person.told, person.maybe, person.moved = None, set(), set(), False

    def _count(self, what: str, *, happened: bool) -> None:
        self.seen[what] = self.seen.get(what, 0) + happened


def _compared(person: Person, contact: Mapping[str, Any]) -> Iterator[tuple[str, object, set[object]]]:
    """Yield what each part of a contact is, and what it may be; absent is None."""
    standard = {"email": person.address, "first_name": f"First{person.user}", "last_name": f"Last{person.surname}"}
    for name, value in standard.items():
        yield name, contact[name], {value}
    buyer, subscriber = BUYERS in person.member_of, SUBSCRIBERS in person.member_of
    fields = {title: value or None for title, value in contact["fields"].items() if title != USER_ID}
    yield POINTS, fields.pop(POINTS, None), {None if person.points is None else str(person.points)}
    for key, title in AUDIENCES.items():
        yield title, fields.pop(title, None), {"true"} if key in person.member_of else _after(person, key, "false")
    yield "other fields", frozenset(fields), {frozenset()}
    yield "tags", frozenset(contact["tags"]), {person.tags | ({TAG} if buyer else set())}
    lists = dict(contact["lists"])
    left = _after(person, SUBSCRIBERS, UNSUBSCRIBED) | ({ACTIVE, UNSUBSCRIBED, None} if person.moved else set())
    yield LIST, lists.pop(LIST, None), {ACTIVE} if subscriber else left
    yield "other lists", frozenset(lists), {frozenset()}


def _after(person: Person, key: str, value: object) -> set[object]:
    """Return what may be said of who is no member: `value` where the entry was told, nothing where it was not."""
    if key in person.told:
        return {value}
    return {value, None} if key in person.maybe else {None}
