"""What the tests of the plan share: contacts as they are desired and told, and what a plan makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ac_pipeline.model.declaration import Destination
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.outbox import OutboxContact, Planned, fill_outbox, next_contacts, reconcile
from ac_pipeline.store.store import Store
from unit.store.store_support import clear, insert, rows

FIELDS = {"buyers": "11", "lapsed": "12", "spent": "13"}
WITH_NAME = Destination()


@dataclass
class Contact:
    """What is desired of a contact, what it was told, the id it has over there, and its address there."""

    desired: dict[str, str] = field(default_factory=dict)
    told: dict[str, tuple[str, str]] = field(default_factory=dict)
    remote: str | None = None
    address: str | None = None

    @property
    def lives_at(self) -> str:
        """The address over there: what was confirmed, unless the test says another."""
        state, value = self.told.get("email", ("", ""))
        return self.address or (value if state == "acknowledged" else f"{self.remote}@elsewhere.example")


def known(**told: str) -> Contact:
    """Return a contact that exists over there, of whom everything told is desired."""
    return Contact(dict(told), {key: ("acknowledged", value) for key, value in told.items()}, remote="7")


def put(store: Store, contacts: Mapping[int, Contact]) -> None:
    """Make these contacts all there is."""
    ids = dict(rows(store, "select key, property_id from engine.property"))
    clear(store, "desired", "ledger", "remote_contact")
    desired = [(ids[k], c, value) for c, is_ in contacts.items() for k, value in is_.desired.items()]
    told = [
        (ACCOUNT_ID, c, ids[k], *told, None, False, 1) for c, is_ in contacts.items() for k, told in is_.told.items()
    ]
    with store.transaction():
        insert(store, "engine.desired", desired)
        insert(store, "engine.ledger", told)
        known_there = [(ACCOUNT_ID, c, is_.remote, is_.lives_at) for c, is_ in contacts.items() if is_.remote]
        insert(store, "engine.remote_contact", known_there)


def plan(
    store: Store, contacts: Mapping[int, Contact], destination: Destination = WITH_NAME
) -> tuple[Planned, list[OutboxContact]]:
    """Plan for these contacts; return what was planned and who is sent, in order."""
    put(store, contacts)
    reconcile(store)
    planned = fill_outbox(store, destination)
    return planned, next_contacts(store, 0, 100)


def route(sent: OutboxContact) -> str:
    """Return the route of a contact that is sent its fields and nothing else."""
    (step,) = sent.steps
    assert step.number == 0
    return step.route


def body(sent: OutboxContact) -> object:
    """Return the fields a contact is sent."""
    return json.loads(sent.steps[0].payload)["contact"]
