"""Ledger, planner and delivery against a small model of the service, whatever happens and in whatever order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ac_pipeline.home import Home
from ac_pipeline.model.declaration import MemberList, Membership, Nulls
from ac_pipeline.store.account import save_catalog
from ac_pipeline.store.again import mark_unknown, retry_refused
from ac_pipeline.store.ledger import recover
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store, open_store
from ac_pipeline.sync.verdicts import Verdicts
from pipeline.model_run import DESTINATION, Run
from pipeline.model_service import ACTIVE, UNSUBSCRIBED, Crash, End, Fate, Handing, Member, ModelService
from unit.store.store_support import Ticking, as_of, audience, clear, declared, insert, rows, trait

EXAMPLES, STEPS = 9, 10
"""In `make test`; `make soak` makes more."""
CLUB = MemberList("Club", unsubscribe_on_exit=True, resubscribe=True, reason="consent is ours")
DECLARATIONS = declared(
    audience("buyers", membership=Membership(tag="Vip")),
    audience("readers", membership=Membership(field=False, list=MemberList("News"))),
    audience("club", membership=Membership(list=CLUB)),
    trait("points", nulls=Nulls.CLEAR),
)
AUDIENCES = ("buyers", "readers", "club")
CATALOG = {
    "user_id": "1", "buyers": "2", "club": "3", "points": "4", "tag:vip": "5", "list:news": "6", "list:club": "7",
}  # fmt: skip
VIP, NEWS, CLUBBED = (CATALOG[key] for key in ("tag:vip", "list:news", "list:club"))
USERS = (1, 2, 3, 4)
TABLES = (
    "contact", "desired", "past", "ledger", "attempt", "attempt_value", "outcome", "batch", "folded", "outbox",
    "outbox_value", "remote_contact", "withheld", "opt_out", "directory", "remote_user", "conflict", "unnamed",
)  # fmt: skip


class Wanted(NamedTuple):
    """What the warehouse says of somebody. Who has no name is no contact unless the account has them already."""

    version: int = 0
    """Of the address."""
    named: bool = False
    points: str = ""
    member_of: frozenset[str] = frozenset()


class Wrong(NamedTuple):
    """What goes wrong in a run, in order; `budget` is its time in seconds."""

    fates: list[Fate] = []  # noqa: RUF012  (never changed)
    handings: list[Handing] = []  # noqa: RUF012
    ends: list[End] = []  # noqa: RUF012
    budget: float | None = None


WELL, NOBODY = Wrong(), Wanted()
CHANGED = st.dictionaries(
    st.sampled_from(USERS),
    st.builds(
        Wanted, st.sampled_from([0, 0, 0, 1]), st.sampled_from([True, True, False]), st.sampled_from(["", "1", "2"]),
        st.frozensets(st.sampled_from(AUDIENCES)),
    ),
    min_size=2,
)  # fmt: skip
WRONG = st.builds(
    Wrong, st.lists(st.sampled_from(Fate), max_size=6), st.lists(st.sampled_from(Handing), min_size=1, max_size=2),
    st.lists(st.sampled_from(End), max_size=2), st.sampled_from([None, None, 20.0]),
)  # fmt: skip


@dataclass
class User:
    """Somebody, and what they ever were."""

    number: int
    wanted: Wanted = NOBODY
    was_in: set[str] = field(default_factory=set)
    opted_out: bool = False
    """Of the list that does not subscribe people again."""

    @property
    def email(self) -> str:
        return f"u{self.number}.{self.wanted.version}@example.com"

    @property
    def named(self) -> bool:
        return self.wanted.named

    @property
    def points(self) -> str:
        return self.wanted.points

    @property
    def member_of(self) -> frozenset[str]:
        return self.wanted.member_of

    def values(self) -> dict[str, str]:
        """Return what stands in the table of desired values."""
        found = {"email": self.email, "user_id": f"user {self.number}", **dict.fromkeys(self.member_of, "true")}
        found |= {"first_name": f"First{self.number}"} if self.named else {}
        return found | ({"points": self.points} if self.points else {})


class Deliveries(RuleBasedStateMachine):
    """One home and one account; `store` is used again by each example."""

    store: Store
    clock: Ticking

    @initialize()
    def begin(self) -> None:
        clear(self.store, *TABLES)
        self.users = {number: User(number) for number in USERS}
        self.service = ModelService(
            {"Vip": VIP}, frozenset({CLUBBED}), self._may_be_created, lambda: self.clock.moment.timestamp(),
            self._note_what_is_written,
        )  # fmt: skip
        self.written = 0
        """The newest outcome when the process was killed."""
        self.before: dict[int, Wanted] = {}
        self.deleted: set[int] = set()
        self.once_deleted: set[int] = set()
        """Whose contact was deleted over there: they are told everything at their next change."""
        insert(self.store, "engine.contact", [(number, f"user {number}") for number in USERS])

    def _may_be_created(self, email: str) -> bool:
        return any(user.email == email and user.named and user.member_of for user in self.users.values())

    def _note_what_is_written(self) -> None:
        ((self.written,),) = rows(self.store, "select coalesce(max(outcome_id), 0) from engine.outcome")

    # What happens in the warehouse, and is delivered.

    @rule(people=CHANGED, leaving=st.sets(st.sampled_from(USERS), max_size=2), wrong=WRONG)
    def change(self, people: Mapping[int, Wanted], leaving: set[int], wrong: Wrong) -> None:
        """Some people are other than before, and some opt out; then a run, in which this goes wrong."""
        for number in leaving:
            self._opt_out(number)
        for number, wanted in people.items():
            user = self.users[number]
            self.before[number] = user.wanted
            user.wanted = wanted._replace(named=wanted.named or user.wanted.named)
            user.was_in |= wanted.member_of
        self._run(wrong)

    @rule(wrong=WRONG)
    def change_back(self, wrong: Wrong) -> None:
        """Whoever changed last is again what they were before, but for the name."""
        for number, wanted in self.before.items():
            user = self.users[number]
            user.wanted = wanted._replace(named=user.wanted.named)
        self.before.clear()
        self._run(wrong)

    @rule(wrong=WRONG)
    def deliver(self, wrong: Wrong) -> None:
        self._run(wrong)

    # What happens over there.

    @rule(minutes=st.sampled_from([1, 20]))
    def imports_arrive(self, minutes: int) -> None:
        """Those of which nobody was told, none later than after a quarter of an hour."""
        self.clock.moment += timedelta(minutes=minutes)
        self.service.arrive()

    def _opt_out(self, number: int) -> None:
        if (member := self._member(number)) is not None:
            member.lists[NEWS] = UNSUBSCRIBED
            self.users[number].opted_out = True

    @rule(number=st.sampled_from(USERS))
    def delete(self, number: int) -> None:
        """Whose import may still come is left alone: it would make them again."""
        if (member := self._member(number)) is not None and not self.service.late and not self._queued():
            del self.service.members[str(self.service.id_of(member.email))]
            self.deleted.add(number)
            self.once_deleted.add(number)

    # What a person asks for.

    @rule(keys=st.sets(st.sampled_from([*AUDIENCES, "points"])))
    def say_again(self, keys: set[str]) -> None:
        """What was refused; or what was acknowledged of these, leavers included."""
        if keys:
            self._resend(keys)
        else:
            retry_refused(self.store)

    # What always holds.

    @precondition(lambda self: hasattr(self, "service"))
    @invariant()
    def what_was_acknowledged_is_so(self) -> None:
        """Except of those whom an import may have changed that is not over, or somebody over there."""
        queued = self._queued()
        for number, remote, key, value in rows(
            self.store,
            """select ledger.contact_id, remote.remote_id, property.key, ledger.value
            from engine.ledger
            join engine.property on property.property_id = ledger.property_id
            join engine.remote_contact as remote on remote.contact_id = ledger.contact_id
            where ledger.state = 'acknowledged'""",
        ):
            if number in queued or number in self.deleted:
                continue
            member = self.service.members[remote]
            if key != "list:news" or not self.users[number].opted_out:
                assert _has(member, key, value), f"user {number}: {key} is not {value!r}, which was acknowledged"

    @precondition(lambda self: hasattr(self, "service"))
    @invariant()
    def nobody_is_two_contacts(self) -> None:
        addresses = [member.email for member in self.service.members.values()]
        assert len(addresses) == len(set(addresses))

    def teardown(self) -> None:
        """Once nothing goes wrong any more, the account becomes equal to the truth."""
        if not hasattr(self, "service"):
            return
        self.imports_arrive(20)
        retry_refused(self.store)
        self._settle()
        self._compare(set(USERS) - self.deleted)
        if self.deleted:
            self._resend({"contacts", *AUDIENCES, "points"})
            self._settle()
            self.deleted.clear()
            self._compare(set(USERS))
        self.what_was_acknowledged_is_so()

    def _settle(self) -> None:
        for _ in range(4):
            if not self._run(WELL):
                return
            self.clock.moment += timedelta(minutes=20)
        raise AssertionError("there is always something left to say")

    def _compare(self, users: Collection[int]) -> None:
        for number in users:
            user, member = self.users[number], self._member(number)
            if member is None:
                assert not (user.named and user.member_of), f"user {number} is no contact"
                continue
            assert member.values.get("4", "") == user.points
            assert member.values["1"] == f"user {number}"
            assert not user.named or member.values["firstName"] == f"First{number}"
            for key in ("buyers", "club"):
                allowed = {"true"} if key in user.member_of else {"false", ""} if key in user.was_in else {""}
                assert member.values.get(CATALOG[key], "") in allowed, f"user {number}: {key}"
            assert set(member.tags.values()) == ({VIP} if "buyers" in user.member_of else set())
            self._compare_lists(user, member)
        emails = {user.email for user in self.users.values()}
        assert {member.email for member in self.service.members.values()} <= emails

    def _compare_lists(self, user: User, member: Member) -> None:
        club, news = member.lists.get(CLUBBED), member.lists.get(NEWS)
        left = [UNSUBSCRIBED, None] if "club" in user.was_in else [None]
        assert club in ([ACTIVE] if "club" in user.member_of else left)
        # Nobody knows of an opt-out any more whose contact was deleted over there.
        stayed = [ACTIVE, None] if "readers" in user.was_in else [None]
        allowed = [ACTIVE] if "readers" in user.member_of else stayed
        if user.opted_out:
            allowed = [*allowed, UNSUBSCRIBED] if user.number in self.once_deleted else [UNSUBSCRIBED]
        assert news in allowed

    # One run of the pipeline.

    def _run(self, wrong: Wrong) -> int:
        """Return how many contacts were planned; a run that is killed is followed by the next one's first step."""
        self._write()
        self.service.restart()
        self.service.fates, self.service.handings = deque(wrong.fates), deque(wrong.handings)
        self.service.ends, budget = deque(wrong.ends), wrong.budget
        now = self.service.now
        verdicts = Verdicts(deadline=None if budget is None else now() + budget, clock=now)
        try:
            planned = asyncio.run(asyncio.wait_for(Run(self.store, self.service, self._sleep).deliver(verdicts), 30))
        except Crash:
            # What the process wrote down on its way out, one that is killed would not have.
            self.store.connection.execute("delete from engine.outcome where outcome_id > $id", {"id": self.written})
            self.service.restart()
            recover(self.store)
            return 1
        return planned

    async def _sleep(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=max(0.0, seconds))
        await asyncio.sleep(0)

    def _resend(self, keys: Collection[str]) -> None:
        self._write()
        said = {"first_name", "last_name", "phone", "user_id", *keys} if "contacts" in keys else keys
        mark_unknown(self.store, said, DESTINATION, real_account=False)

    def _write(self) -> None:
        """Make the desired values what the people are."""
        ids = self.ids
        clear(self.store, "desired", "past")
        desired = [(ids[k], user.number, value) for user in self.users.values() for k, value in user.values().items()]
        insert(self.store, "engine.desired", desired)
        stays = [
            (ids[key], user.number, "true", as_of(0), as_of(1)) for user in self.users.values() for key in user.was_in
        ]
        insert(self.store, "engine.past", stays)

    @property
    def ids(self) -> dict[str, int]:
        return {
            str(key): int(number) for key, number in rows(self.store, "select key, property_id from engine.property")
        }

    def _member(self, number: int) -> Member | None:
        """Return the contact of somebody: by their user id over there, or by their address."""
        members = self.service.members.values()
        return next((one for one in members if one.values.get("1") == f"user {number}"), None)

    def _queued(self) -> set[int]:
        found = rows(
            self.store,
            """select attempt.contact_id from engine.attempt join engine.batch on batch.batch_id = attempt.batch_id
            where batch.state = 'queued'""",
        )
        return {int(row[0]) for row in found}


def _has(member: Member, key: str, value: str) -> bool:
    """Whether a contact has what was said of it."""
    match key.split(":"):
        case ["email"]:
            return member.email == value
        case ["first_name"]:
            return member.values.get("firstName", "") == value
        case ["tag", _]:
            return (CATALOG[key] in member.tags.values()) == (value == "true")
        case ["list", _]:
            return member.lists.get(CATALOG[key]) == (ACTIVE if value == "active" else UNSUBSCRIBED)
        case _:
            return member.values.get(CATALOG[key], "") == value


def machine(store: Store, clock: Ticking) -> type[Deliveries]:
    """Return the machine for a home; its declarations are registered."""
    register(store, DECLARATIONS)
    save_catalog(store, CATALOG)
    return type("Machine", (Deliveries,), {"store": store, "clock": clock})


@contextmanager
def prepared(folder: Path) -> Iterator[type[Deliveries]]:
    """Return the machine for a new home."""
    clock = Ticking()
    with open_store(Home.at(folder), kind="test", run_id="run-1", clock=clock) as store:
        store.connection.execute("set threads = 1")  # of no use for four people
        yield machine(store, clock)


def run(folder: Path, examples: int) -> None:
    """Try so many stories."""
    with prepared(folder) as chosen:
        run_state_machine_as_test(
            chosen,
            settings=settings(
                max_examples=examples, stateful_step_count=STEPS, deadline=None,
                phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


def test_whatever_happens_the_ledger_is_true_and_the_account_becomes_equal(tmp_path: Path) -> None:
    """Refusals, lost requests and answers, kills, imports that fail, vanish or come late, deletions, opt-outs."""
    run(tmp_path / "home", EXAMPLES)


def test_a_new_address_waits_for_an_import_that_may_still_come(tmp_path: Path) -> None:
    """An import finds people by the address they had: it would make a second contact of somebody renamed meanwhile."""
    buyer = Wanted(named=True, member_of=frozenset({"buyers"}))
    with prepared(tmp_path / "home") as chosen:
        story = chosen()
        story.begin()
        story.change({1: buyer, 2: buyer}, set(), WELL)
        richer = buyer._replace(points="1")
        story.change({1: richer, 2: richer}, set(), Wrong(handings=[Handing.NO_ID]))
        story.change({1: richer._replace(version=1)}, set(), WELL)
        assert story._member(1).email == "u1.0@example.com"
        story.teardown()
