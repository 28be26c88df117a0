"""The steps of a contact: their order, what an end means for the rest, and that each answer is on record first."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.errors import OwnerMustAct, ServiceUnavailable
from ac_pipeline.model.contact import ContactTag, Tagged
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.ledger import fold, opt_outs_of_run, outcomes_of_run
from ac_pipeline.store.outbox import fill_outbox, reconcile
from ac_pipeline.store.store import Store
from ac_pipeline.sync.deliver import deliver_singly
from ac_pipeline.sync.verdicts import Verdicts
from unit.store.identify_state import IDS, Person, Told, World, prepare, put
from unit.store.store_support import ALWAYS, opened, rows

VIP, A, NEWS, OTHER = (IDS[key] for key in ("tag:vip", "tag:a", "list:news", "list:other"))
ACCEPTED = Answer(Outcome.ACKNOWLEDGED, 200)
REFUSED = Answer(Outcome.REJECTED, 422, reason="refused")
LOST = Answer(Outcome.UNKNOWN, reason="no answer")
GONE = Answer(Outcome.REJECTED, 404, reason="not found")
RECORDED = """select count(*) from engine.attempt join engine.outcome using (attempt_id) where contact_id = $contact"""


@dataclass
class Script:
    """A client that writes down what it is asked, and answers as the test says: call → answer or error."""

    store: Store
    answers: Mapping[str, Answer | Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    """How many answers of contact 1 were on record when each call began."""

    async def _end(self, call: str) -> Answer:
        self.calls.append(call)
        self.recorded.append(rows(self.store, RECORDED, contact=1)[0][0])
        await asyncio.sleep(0)
        answer = self.answers.get(call, ACCEPTED)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sync_contact(self, body: str) -> Answer:
        """Create the contact of the address in the body: its id is 70 and the number of the address."""
        answer = await self._end("sync")
        remote_id = f"70{body.partition('@')[0][-1]}"
        return Answer(answer.outcome, answer.status, answer.reason, remote_id) if answer is ACCEPTED else answer

    async def update_contact(self, remote_id: str, body: str) -> Answer:
        """Update a contact."""
        return await self._end(f"update {remote_id}")

    async def contact_tags(self, contact_id: str) -> list[ContactTag] | None:
        """Return both tags and a third one; none of a contact that is gone."""
        answer = await self._end(f"look {contact_id}")
        return None if answer is GONE else [ContactTag(f"on-{tag}", tag) for tag in (VIP, A, "5")]

    async def add_tag(self, contact_id: str, tag_id: str) -> Tagged:
        """Put a tag on."""
        return Tagged(await self._end(f"tag {contact_id} {tag_id}"))

    async def remove_tag(self, association_id: str) -> Answer:
        """Take a tag off."""
        return await self._end(f"remove {association_id}")

    async def subscribe(self, contact_id: str, list_id: str, *, resubscribe: bool = False) -> Answer:
        """Subscribe."""
        return await self._end(f"subscribe {contact_id} {list_id}" + " again" * resubscribe)

    async def unsubscribe(self, contact_id: str, list_id: str) -> Answer:
        """Unsubscribe."""
        return await self._end(f"unsubscribe {contact_id} {list_id}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        prepare(store)
        yield store


def person(number: int = 1, *, known: bool = False) -> Person:
    """Return somebody with a field, a tag that goes, one that comes, a list to join and one to leave."""
    return Person(
        {"email": f"c{number}@example.com", "note": "1", "readers": "true"},
        lists={"list:other": "unsubscribed"},
        told={"tag:a": Told("acknowledged", "true")},
        known=known,
    )


def deliver(
    store: Store, answers: Mapping[str, Answer | Exception] | None = None, *people: Person
) -> tuple[Script, Counter[Outcome]]:
    """Plan for these people and send them; return what was asked and the contacts by outcome."""
    put(store, World(dict(enumerate(people or (person(),), 1))))
    reconcile(store)
    planned = fill_outbox(store, ALWAYS)
    script = Script(store, answers or {})
    verdicts = Verdicts(total=planned.contacts)
    asyncio.run(asyncio.wait_for(deliver_singly(store, script, verdicts, in_flight=2), 30))
    if verdicts.stop is not None:
        raise verdicts.stop
    return script, verdicts.tally


ALL = [
    "sync",
    "look 701",
    f"remove on-{A}",
    f"tag 701 {VIP}",
    f"subscribe 701 {NEWS} again",
    f"unsubscribe 701 {OTHER}",
]


def said(store: Store) -> dict[str, tuple[str, bool]]:
    """Return what the ledger has of contact 1 after folding: state, and whether the value is refused alone."""
    fold(store)
    found = rows(
        store,
        "select key, state, alone from engine.ledger join engine.property using (property_id) where contact_id = 1",
    )
    return {key: (state, alone) for key, state, alone in found}


OF_STEP = {0: "note", 1: "tag:a", 2: "tag:vip", 3: "list:news", 4: "list:other"}


def test_fields_come_first_then_removals_then_tags_then_lists(store: Store) -> None:
    """A contact that was made is known by the id in its answer; each answer is on record before the next request."""
    script, tally = deliver(store)
    assert script.calls == ALL
    # The look and the removal are one step.
    assert script.recorded == [0, 1, 1, 2, 3, 4]
    assert tally == {Outcome.ACKNOWLEDGED: 1}
    assert set(said(store).values()) == {("acknowledged", False)}
    assert outcomes_of_run(store) == {Outcome.ACKNOWLEDGED: 1}


def test_contacts_are_sent_side_by_side_and_each_in_order(store: Store) -> None:
    """What one waits for does not keep the other, and neither gets ahead of its own steps."""
    script, tally = deliver(store, {}, person(), person(2))
    ours = [call for call in script.calls if call == "sync" or "701" in call or "on-" in call]
    assert len(ours) > len(ALL) - 1
    assert tally == {Outcome.ACKNOWLEDGED: 2}
    for number in ("701", "702"):
        own = [call.partition(" ")[0] for call in script.calls if f" {number} " in call]
        assert own == ["tag", "subscribe", "unsubscribe"]


def test_without_its_fields_a_contact_gets_no_tags_and_lists(store: Store) -> None:
    """Everything is refused with the contact, and goes along when it is sent again."""
    script, tally = deliver(store, {"sync": REFUSED})
    assert script.calls == ["sync"]
    assert tally == {Outcome.REJECTED: 1}
    assert {said(store)[key] for key in OF_STEP.values()} == {("rejected", False)}
    reconcile(store)
    assert rows(store, "select key from pending where due") == []
    assert {key for (key,) in rows(store, "select key from pending")} >= set(OF_STEP.values())


@pytest.mark.parametrize(
    ("end", "state"), [(LOST, "unknown"), (Answer(Outcome.NOT_SENT, 429, "throttled"), None)]
)  # fmt: skip
def test_after_fields_without_a_certain_end_nothing_else_is_sent(store: Store, end: Answer, state: str | None) -> None:
    """The rest is as it was before."""
    script, tally = deliver(store, {"sync": end})
    assert script.calls == ["sync"]
    assert tally == {Outcome.NOT_SENT: 1} or tally == {end.outcome: 1}
    told = said(store)
    assert told.get("note", (None, False))[0] == state
    assert told["tag:a"] == ("acknowledged", False)
    assert told.keys().isdisjoint({"tag:vip", "list:news", "list:other"})


@pytest.mark.parametrize("call", range(2, 6))
def test_a_refused_tag_or_list_keeps_none_of_the_others(store: Store, call: int) -> None:
    """It is refused by itself: it asks for nothing, and does not go along with the contact."""
    script, tally = deliver(store, {ALL[call]: REFUSED})
    assert script.calls == ALL
    assert tally == {Outcome.REJECTED: 1}
    states = {key: state for key, state in said(store).items() if key in OF_STEP.values()}
    refused = OF_STEP[call - 1]
    assert states.pop(refused) == ("rejected", True)
    assert set(states.values()) == {("acknowledged", False)}
    reconcile(store)
    assert rows(store, "select key from pending where contact_id = 1") == []


def test_who_opted_out_is_remembered_and_no_failure(store: Store) -> None:
    """Counted and listed; the contact itself is well."""
    deliver(store, {ALL[4]: Answer(Outcome.REJECTED, reason="opted out")})
    fold(store)
    assert rows(store, "select user_id, list, reason from opt_outs") == [("u1", "News", "opted out")]
    assert outcomes_of_run(store) == {Outcome.ACKNOWLEDGED: 1}
    assert opt_outs_of_run(store) == 1


@pytest.mark.parametrize("call", ["look 701", f"subscribe 701 {NEWS} again"])
def test_what_had_to_be_known_first_and_could_not_be_read_is_no_refusal(store: Store, call: str) -> None:
    """Neither told nor refused; a service that is down does not stop the run by one contact."""
    script, _ = deliver(store, {call: ServiceUnavailable("down")})
    assert script.calls == ALL[: ALL.index(call) + 1]
    assert "list:news" not in said(store)


def test_a_refused_key_stops_the_run_after_what_came_is_on_record(store: Store) -> None:
    """The rest of the contact is certainly unsent."""
    with pytest.raises(OwnerMustAct):
        deliver(store, {"look 701": OwnerMustAct("the key is refused", "look")})
    outcomes = rows(store, "select outcome from engine.outcome order by attempt_id")
    assert outcomes == [("acknowledged",), *[("not_sent",)] * 4]


@pytest.mark.parametrize("call", ["update r1", "look r1", f"tag r1 {VIP}"])
def test_a_contact_that_is_gone_is_forgotten_whatever_step_finds_it_out(store: Store, call: str) -> None:
    """What earlier steps said went with it; nothing else is tried, and all of it is due again."""
    gone = person(known=True)
    deliver(store, {call: GONE}, gone)
    told = said(store)
    assert {key for key, (state, _) in told.items() if state != "unknown"} == set()
    assert rows(store, "from engine.remote_contact") == []
    reconcile(store)
    due = {key for (key,) in rows(store, "select key from pending where due")}
    assert due >= {"email", "note", "readers", "tag:vip", "list:news", "list:other"}


def test_a_failure_to_record_is_raised(store: Store) -> None:
    """It neither hangs nor goes on sending."""
    put(store, World({1: person(), 2: person(2)}))
    reconcile(store)
    planned = fill_outbox(store, ALWAYS)
    sender = Script(store)
    store.connection.execute("alter table engine.outcome rename column status to lost")
    store.connection.execute("alter table engine.outcome add column more integer")
    with pytest.raises(duckdb.Error):
        asyncio.run(asyncio.wait_for(deliver_singly(store, sender, Verdicts(total=planned.contacts), in_flight=2), 30))
    assert sender.calls == ["sync", "sync"]
