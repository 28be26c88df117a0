"""What the tests of events share: a store with audiences that tell events, and how attempts end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ac_pipeline.model.declaration import Declarations, MemberAutomation, Membership
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.events import (
    EventEnd,
    begin_event_attempts,
    fill_due,
    fold_events,
    next_due,
    note_members,
    record_event_ends,
)
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from ac_pipeline.store.streams import register_streams
from unit.store.store_support import as_of, audience, clear, declared, give_contacts, insert, opened, rows

MEMBERS = "members"
ENDS = {
    "acknowledged": Answer(Outcome.ACKNOWLEDGED),
    "rejected": Answer(Outcome.REJECTED, 422, "refused"),
    "not_sent": Answer(Outcome.NOT_SENT, reason="no connection"),
    "unknown": Answer(Outcome.UNKNOWN, reason="no answer"),
    "found": Answer(Outcome.ACKNOWLEDGED, reason="found"),
    "absent": Answer(Outcome.NOT_SENT, reason="absent"),
    "skip": Answer(Outcome.UNKNOWN, reason="skip"),
    "repeat": Answer(Outcome.UNKNOWN, reason="repeat"),
}


@dataclass
class Told:
    """A store in which an audience tells events; `attempts` are those in doubt, by contact."""

    store: Store
    declarations: Declarations
    ids: Mapping[str, int]
    contacts: Mapping[str, int]
    attempts: dict[str, int] = field(default_factory=dict)

    def members(self, users: Iterable[str]) -> None:
        """Approve who is in the audience now."""
        property_id = self.ids[MEMBERS]
        self.store.connection.execute("delete from engine.desired where property_id = ?", [property_id])
        insert(self.store, "engine.desired", [(property_id, self.contacts[user], "true") for user in sorted(users)])
        if not rows(self.store, "from engine.approval"):
            insert(self.store, "engine.approval", [(property_id, as_of(0), as_of(0), "run-1")])

    def known(self, users: Iterable[str]) -> None:
        """Say which of the users are contacts of the account."""
        clear(self.store, "remote_contact")
        insert(self.store, "engine.remote_contact", [(1, self.contacts[u], f"r{u}", f"{u}@example.com") for u in users])

    def note(self) -> None:
        """Notice who entered and left, and what is due."""
        note_members(self.store, self.declarations)
        fill_due(self.store)

    def send(self, ends: Mapping[str, str]) -> list[tuple[str, str]]:
        """Tell each user's first due event, ended so; return user and name of what was attempted."""
        users = {number: user for user, number in self.contacts.items()}
        attempted = []
        for contact in next_due(self.store, 0, 100):
            user, first = users[contact.contact_id], contact.events[0]
            if user not in ends:
                continue
            (attempt,) = begin_event_attempts(self.store, {first.event_id: contact.contact_id}).values()
            record_event_ends(self.store, [EventEnd(attempt, contact.contact_id, ENDS[ends[user]])])
            attempted.append((user, first.name))
            if ends[user] == "unknown":
                self.attempts[user] = attempt
        fold_events(self.store)
        return attempted

    def settle(self, user: str, end: str) -> None:
        """End the doubt about a user's event."""
        answer = ENDS[end]
        record_event_ends(self.store, [EventEnd(self.attempts.pop(user), self.contacts[user], answer)])
        fold_events(self.store)

    def states(self) -> list[tuple[str, str, str | None]]:
        """Return name, state and reason of every event, oldest first."""
        return rows(self.store, "select name, state, reason from engine.event order by event_id")


TABLES = ("event", "event_attempt", "event_outcome", "said_member", "desired", "approval", "remote_contact", "stream")


@contextmanager
def telling(
    root: Path, users: Iterable[str], *, events: bool = True, automation: MemberAutomation | None = None
) -> Iterator[Told]:
    """Open a store whose audience tells its events; `begin_anew` empties it."""
    membership = Membership(events=events, automation=automation)
    declarations = declared(audience(MEMBERS, membership=membership))
    with opened(root) as store:
        ids = register(store, declarations)
        told = Told(store, declarations, ids, give_contacts(store, users))
        begin_anew(told)
        yield told


def begin_anew(told: Told) -> None:
    """Forget every event; all users are contacts of the account."""
    clear(told.store, *TABLES)
    told.attempts.clear()
    register_streams(told.store, told.declarations)
    told.known(told.contacts)
