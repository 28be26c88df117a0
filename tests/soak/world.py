"""A company whose people change by chance, the same way for the same seed, and what must be said of each of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipeline.pipeline_support import LONG_AGO, Company

Contact = Mapping[str, str]
"""One contact of the account, flat: `email`, `first_name`, `field Points`, `tag VIP`, `list Newsletter` → value."""
Expected = Mapping[str, frozenset[str | None]]
"""What each of these may be; None is absent. What is not named here must be absent."""

PROJECT = Path(__file__).parents[2]
AUDIENCES = {"buyers": "Buyers", "readers": "Readers", "vips": "Vips"}
LIST = "Newsletter"
LEVELS = ("bronze", "silver", "gold")
DECLARED = 6
"""Declarations: contacts, the audiences, two traits."""
_ADDRESS = re.compile(r"u(\d+)\.\d+@")
_WHOEVER = "guard: {max_exit_share: 1}\n"
_SINGLY = "import_from: 1000000\n"


@dataclass
class Person:
    """Somebody as the warehouse has them, and all that was ever said of them there."""

    user: int
    version: int = 0
    """Of the address."""
    surname: int = 0
    listed: bool = True
    """Whether they stand among the contacts; who does not is nowhere else either."""
    member_of: set[str] = field(default_factory=set)
    was_in: set[str] = field(default_factory=set)
    points: float = 0.5
    level: str = LEVELS[0]
    past: dict[str, set[str]] = field(default_factory=dict)
    """Every value that each aspect ever had."""

    def aspects(self) -> dict[str, str]:
        """Return what is to be said of somebody who is listed, memberships apart."""
        return {
            "email": f"u{self.user}.{self.version}@example.com",
            "first_name": f"First{self.user}",
            "last_name": f"Last{self.user}v{self.surname}",
            "field Points": str(self.points),
            "field Level": self.level,
        }

    def remember(self) -> None:
        """Keep for the comparison what was true in a window."""
        self.was_in |= self.member_of
        for name, value in self.aspects().items():
            self.past.setdefault(name, set()).add(value)


class World:
    """The warehouse of `company`, with `people` people at first; `labels` lets memberships set a tag and a list too.

    With `imports` changes of ten contacts or more go by bulk import, otherwise all go singly.
    """

    def __init__(
        self, company: Company, seed: str, people: int, *, labels: bool = False, imports: bool = False
    ) -> None:
        self.company = company
        self.imports = imports
        self.labels = {"tag Vip": "vips", f"list {LIST}": "readers"} if labels else {}
        self._chance = random.Random(seed)
        self._people: dict[int, Person] = {}
        self._declare()
        self.grow(people)
        self._write()

    def grow(self, people: int) -> None:
        """Let new people in, each a member somewhere."""
        for user in range(len(self._people) + 1, len(self._people) + people + 1):
            chosen = self._chance.sample(sorted(AUDIENCES), self._chance.randint(1, 3))
            self._people[user] = Person(user, member_of=set(chosen), points=self._chance.randint(1, 999) + 0.5)

    def churn(self, changes: int) -> None:
        """Begin the next window, in which `changes` people changed."""
        for person in self._chance.sample(list(self._people.values()), min(changes, len(self._people))):
            self._change(person)
        self.grow(self._chance.randint(0, 2))
        self.next_window()

    def nudge(self, users: Iterable[int]) -> None:
        """Begin the next window, in which these people have other points."""
        for user in users:
            self._people[user].points += 1
        self.next_window()

    def next_window(self) -> None:
        """Write the warehouse, and let two hours pass."""
        self._write()
        self.company.clock.next_window()

    def truth(self) -> list[dict[str, str]]:
        """Return the contacts of an account that was told everything from the beginning, by user."""
        contacts = []
        for person in self._people.values():
            if person.was_in:
                told = {name: next(iter(values)) for name, values in self._expected(person).items() if len(values) == 1}
                former = {f"field {AUDIENCES[key]}": "false" for key in person.was_in - person.member_of}
                kept = {} if person.listed else {name: min(values) for name, values in person.past.items()}
                contacts.append({name: value for name, value in {**told, **former, **kept}.items() if value})
        return contacts

    def differences(self, contacts: Iterable[Contact]) -> list[tuple[int, str]]:
        """Return (user, what is wrong) of an account that was told everything; of nobody else's contacts 0."""
        found: dict[int, list[Contact]] = {}
        for contact in contacts:
            named = _ADDRESS.match(contact["email"])
            found.setdefault(int(named[1]) if named else 0, []).append(contact)
        wrong = [(user, "is nobody we know") for user in found if user not in self._people]
        wrong += [(user, f"has {len(several)} contacts") for user, several in found.items() if len(several) > 1]
        for user, person in self._people.items():
            if user in found:
                wrong += [(user, text) for text in self._compare(person, found[user][0])]
            elif person.listed and person.member_of:
                wrong.append((user, "is no contact"))
        return wrong

    def _compare(self, person: Person, contact: Contact) -> list[str]:
        if not person.was_in:
            return ["never was a member, and was created"]
        expected = self._expected(person)
        names = sorted({*expected, *contact})
        return [
            f"{name}: {contact.get(name)} instead of {'/'.join(sorted(map(str, expected.get(name, {None}))))}"
            for name in names
            if contact.get(name) not in expected.get(name, frozenset({None}))
        ]

    def _expected(self, person: Person) -> Expected:
        """Who vanished keeps something that was true once; an exit is told whoever might have been told the entry."""
        told: dict[str, frozenset[str | None]] = {
            name: frozenset({value}) if person.listed else frozenset({*person.past[name]})
            for name, value in person.aspects().items()
        }
        for key, title in AUDIENCES.items():
            outside = frozenset({"false", None}) if key in person.was_in else frozenset({None})
            told[f"field {title}"] = frozenset({"true"}) if key in person.member_of else outside
        for label, key in self.labels.items():
            gone = {None, "1"} if label.startswith("list") and key in person.was_in else {None}
            told[label] = frozenset({"1"}) if key in person.member_of else frozenset(gone)
        told["field User ID"] = frozenset({str(person.user), None})
        return told

    def _change(self, person: Person) -> None:
        what = self._chance.choices(
            ["membership", "points", "level", "surname", "address", "presence"], [45, 25, 8, 6, 8, 8]
        )[0]
        if not person.listed or what == "presence":
            person.listed = not person.listed
            person.member_of = {"buyers"} if person.listed else set()
        elif what == "membership":
            person.member_of ^= {self._chance.choice(sorted(AUDIENCES))}
        elif what == "points":
            person.points = self._chance.randint(1, 999) + 0.5
        elif what == "level":
            person.level = LEVELS[(LEVELS.index(person.level) + 1) % len(LEVELS)]
        elif what == "surname":
            person.surname += 1
        else:
            person.version += 1

    def _declare(self) -> None:
        company = self.company
        company.declare("destination", _WHOEVER if self.imports else _WHOEVER + _SINGLY)
        company.declare(
            "contacts",
            "sql: select user_id, email, first_name, last_name, phone from contacts where :as_of is not null\n",
        )
        for key, title in AUDIENCES.items():
            sql = f"sql: select user_id from {key} where since <= :as_of\n"
            company.declare(f"audiences/{key}", f"name: {title}\n{sql}{self._membership(key)}")
        for key, title, kind in (("points", "Points", "number"), ("levels", "Level", "text")):
            name = "level" if key == "levels" else key
            sql = f"sql: select user_id, value from {key} where since <= :as_of\n"
            company.declare(f"traits/{name}", f"name: {title}\ntype: {kind}\n{sql}")
        company.run_sql(
            "create table vips (user_id varchar, since timestamp)",
            "create table levels (user_id varchar, value varchar, since timestamp)",
        )

    def _membership(self, key: str) -> str:
        parts = [label.replace(" ", ": ", 1) for label, audience in self.labels.items() if audience == key]
        return f"membership: {{field: true, {', '.join(parts)}}}\n" if parts else ""

    def _write(self) -> None:
        """Make the warehouse what the people are; what is in it counts as true once."""
        listed = [person for person in self._people.values() if person.listed]
        tables: dict[str, list[tuple[object, ...]]] = {
            "contacts": [
                (str(one.user), said["email"], said["first_name"], said["last_name"], None)
                for one in listed
                for said in [one.aspects()]
            ],
            "points": [(str(one.user), one.points, LONG_AGO) for one in listed],
            "levels": [(str(one.user), one.level, LONG_AGO) for one in listed],
        }
        for key in AUDIENCES:
            tables[key] = [(str(one.user), LONG_AGO) for one in listed if key in one.member_of]
        with duckdb.connect(self.company.warehouse) as connection:
            for table, rows in tables.items():
                connection.execute(f"delete from {table}")
                marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
                if rows:
                    connection.execute(f"insert into {table} values {marks}", [value for row in rows for value in row])
        for person in self._people.values():
            person.remember()
