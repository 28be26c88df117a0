"""An account in a few lines, that does what a test chooses, and complains of what delivery may never ask of it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.payloads import Batch
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.bulk import ImportProgress, ImportStatus, RefusedRow, Submission
from ac_pipeline.model.contact import Contact, ContactTag, Tagged
from ac_pipeline.model.delivery import Answer, Outcome

ACTIVE, UNSUBSCRIBED = 1, 2
LOST = 900
"""Seconds after which an import that is not over counts as lost."""


class Crash(Exception):
    """The process was killed."""


class Fate(StrEnum):
    """What becomes of a request that writes."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    KILLED_BEFORE = "killed before it arrived"
    KILLED_AFTER = "killed after it took effect"


class Handing(StrEnum):
    """What becomes of an import that is handed over."""

    QUEUED = "queued"
    ROW_REFUSED = "its first row is refused"
    REFUSED = "refused as a whole"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost, imported some time"
    NO_ID = "queued without an id, imported some time"
    KILLED_BEFORE = "killed before it arrived"
    KILLED_AFTER = "killed, imported some time"


class End(StrEnum):
    """What becomes of a queued import."""

    COMPLETED = "completed"
    ROW_FAILED = "completed but for one row"
    LEFT_OUT = "one row left out from the start"
    FAILED = "failed"
    INTERRUPTED = "interrupted after one row"
    SLOW = "completed when asked for the third time"
    SILENT = "nobody can be asked at first"
    NEVER = "never imported"


@dataclass
class Member:
    """A contact of the account."""

    email: str
    values: dict[str, str] = field(default_factory=dict)
    """Standard fields by name, custom ones by id; an empty value is none."""
    tags: dict[str, str] = field(default_factory=dict)
    """Association → tag."""
    lists: dict[str, int] = field(default_factory=dict)

    def set(self, name: str, value: str) -> None:
        self.values.pop(name, None)
        if value:
            self.values[name] = value

    def tag(self, tag: str) -> None:
        if tag not in self.tags.values():
            self.tags[f"on {tag}"] = tag


@dataclass
class Import:
    """A queued import; `rows` are those that will be imported."""

    rows: list[Mapping[str, Any]]
    end: End
    since: float
    """Seconds of the clock."""
    asked: int = 0
    progress: ImportProgress | None = None
    """What was done, once it is over."""


@dataclass
class ModelService:
    """The account. `in_flight` is what delivery asks for; fates are used up in order, then everything goes well."""

    tags: Mapping[str, str]
    """Name → id."""
    asks_again: frozenset[str]
    """Lists to which people are subscribed again who left."""
    may_create: Callable[[str], bool]
    now: Callable[[], float]
    on_kill: Callable[[], None]
    in_flight: int = 2
    members: dict[str, Member] = field(default_factory=dict)
    fates: deque[Fate] = field(default_factory=deque)
    handings: deque[Handing] = field(default_factory=deque)
    ends: deque[End] = field(default_factory=deque)
    imports: dict[str, Import] = field(default_factory=dict)
    late: list[Import] = field(default_factory=list)
    """Imports of which nobody was told an id."""
    killed: bool = False
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def id_of(self, email: str) -> str | None:
        """Return the contact that has an address."""
        return next((number for number, member in self.members.items() if member.email == email), None)

    def restart(self) -> None:
        """Everything goes well from now on."""
        self.killed = False
        for queue in (self.fates, self.handings, self.ends):
            queue.clear()

    def arrive(self, *, after: float = 0.0) -> None:
        """Do the imports of which nobody was told, of those that were handed over so many seconds ago."""
        due = [late for late in self.late if self.now() - late.since >= after]
        self.late = [late for late in self.late if late not in due]
        for late in due:
            for row in late.rows:
                self._import(row)

    # What delivery asks of it.

    async def sync_contact(self, body: str) -> Answer:
        contact = json.loads(body)["contact"]
        self._not_queued(contact["email"])
        known = self.id_of(contact["email"])
        assert known or self.may_create(contact["email"]), "a contact is made of somebody who may not be one"
        return await self._write(lambda: self._sync(contact))

    async def update_contact(self, remote_id: str, body: str) -> Answer:
        contact = json.loads(body)["contact"]
        if "email" in contact and self.id_of(contact["email"]) not in (None, remote_id):
            return Answer(Outcome.REJECTED, 422, "duplicate")
        return await self._to(remote_id, lambda member: self._update(member, contact))

    async def contact_tags(self, contact_id: str) -> list[ContactTag] | None:
        await self._begin()
        member = self.members.get(contact_id)
        return None if member is None else [ContactTag(f"{contact_id} {on}", tag) for on, tag in member.tags.items()]

    async def add_tag(self, contact_id: str, tag_id: str) -> Tagged:
        return Tagged(await self._to(contact_id, lambda member: member.tag(tag_id)))

    async def remove_tag(self, association_id: str) -> Answer:
        contact_id, _, on = association_id.partition(" ")
        return await self._to(contact_id, lambda member: member.tags.pop(on, None))

    async def subscribe(self, contact_id: str, list_id: str, *, resubscribe: bool = False) -> Answer:
        assert resubscribe == (list_id in self.asks_again), "people are subscribed again to a list that does not ask it"
        await self._begin()
        known = self.members[contact_id].lists.get(list_id) if contact_id in self.members else None
        if known is not None and not resubscribe:
            opted_out = Answer(Outcome.REJECTED, reason="opted out")
            return Answer(Outcome.ACKNOWLEDGED) if known == ACTIVE else opted_out
        return await self._to(contact_id, lambda member: member.lists.update({list_id: ACTIVE}))

    async def unsubscribe(self, contact_id: str, list_id: str) -> Answer:
        return await self._to(contact_id, lambda member: member.lists.update({list_id: UNSUBSCRIBED}))

    async def submit_import(self, batch: Batch) -> Submission:
        rows = [json.loads(row) for row in batch.rows]
        self._may_be_handed_over(rows)
        handing = self.handings.popleft() if self.handings else Handing.QUEUED
        await self._begin(killed=handing is Handing.KILLED_BEFORE)
        if handing is Handing.ROW_REFUSED:
            return Submission(Outcome.REJECTED, 400, "refused", refused=(RefusedRow(1, "refused"),))
        if handing is Handing.REFUSED:
            return Submission(Outcome.NOT_SENT, 400, "refused")
        if handing is Handing.REQUEST_LOST:
            return Submission(Outcome.UNKNOWN, reason="no answer")
        if handing is not Handing.QUEUED:
            self.late.append(Import(rows, End.COMPLETED, self.now()))
            self._die_if(killed=handing is Handing.KILLED_AFTER)
            return Submission(Outcome.UNKNOWN if handing is Handing.ANSWER_LOST else Outcome.ACKNOWLEDGED)
        end = self.ends.popleft() if self.ends else End.COMPLETED
        number = f"import {self._next_id()}"
        taken = rows[1:] if end is End.LEFT_OUT else rows
        self.imports[number] = Import(taken, end, self.now())
        return Submission(Outcome.ACKNOWLEDGED, 200, batch_id=number, queued=len(taken))

    async def import_progress(self, batch_id: str) -> ImportProgress:
        await self._begin()
        queued = self.imports[batch_id]
        queued.asked += 1
        if queued.end is End.SILENT and queued.asked == 1:
            raise ServiceUnavailable("ActiveCampaign is away.", "A later run asks again.")
        if queued.end is End.NEVER or (queued.end is End.SLOW and queued.asked < 3):
            return ImportProgress(ImportStatus.ACTIVE)
        if queued.progress is None:
            queued.progress = self._do(queued)
        return queued.progress

    async def contacts(self, remote_ids: Iterable[str], *, rank: Rank = Rank.USUAL) -> AsyncIterator[Contact]:
        assert rank in Rank
        await self._begin()
        for number in sorted(remote_ids):
            if number in self.members:
                yield Contact(number, self.members[number].email)

    # How it does it.

    def _do(self, queued: Import) -> ImportProgress:
        rows = queued.rows
        if queued.end is End.FAILED:
            return ImportProgress(ImportStatus.FAILED)
        if queued.end is End.INTERRUPTED:
            self._import(rows[0])
            return ImportProgress(ImportStatus.INTERRUPTED)
        failed = [rows[0]["email"]] if queued.end is End.ROW_FAILED else []
        done = []
        for row in rows[len(failed) :]:
            number = self._import(row)
            done.append(number) if number else failed.append(row["email"])
        return ImportProgress(ImportStatus.COMPLETED, tuple(done), tuple(failed))

    def _import(self, row: Mapping[str, Any]) -> str | None:
        """Import one row; one that would subscribe somebody who left fails as a whole."""
        known = self.id_of(row["email"])
        subscribed = [str(one["listid"]) for one in row.get("subscribe", ())]
        if known and any(self.members[known].lists.get(one) == UNSUBSCRIBED for one in subscribed):
            return None
        number = known or self._next_id()
        member = self.members.setdefault(number, Member(row["email"]))
        for name, key in (("firstName", "first_name"), ("lastName", "last_name"), ("phone", "phone")):
            if key in row:
                member.set(name, row[key])
        for one in row.get("fields", ()):
            member.set(str(one["id"]), one["value"])
        for name in row.get("tags", ()):
            member.tag(self.tags[name])
        member.lists.update(dict.fromkeys(subscribed, ACTIVE))
        member.lists.update({str(one["listid"]): UNSUBSCRIBED for one in row.get("unsubscribe", ())})
        return number

    def _may_be_handed_over(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self._not_queued(row["email"])
            number = self.id_of(row["email"])
            assert number or self.may_create(row["email"]), "an import makes somebody who may not be a contact"
            left = {one for one, state in self.members[number].lists.items() if state == UNSUBSCRIBED} if number else ()
            subscribed = {str(one["listid"]) for one in row.get("subscribe", ())}
            assert subscribed.isdisjoint(left), "an import subscribes somebody who opted out"
            assert subscribed.isdisjoint(self.asks_again), "an import cannot subscribe people again"

    def _not_queued(self, email: str) -> None:
        queued = {
            row["email"] for one in self.imports.values()
            if one.progress is None and self.now() - one.since <= LOST for row in one.rows
        }  # fmt: skip
        assert email not in queued, "somebody is sent who is inside a queued import"

    async def _to(self, number: str, effect: Callable[[Member], object]) -> Answer:
        if number not in self.members:
            await self._begin()
            return Answer(Outcome.REJECTED, 404, "not found")
        self._not_queued(self.members[number].email)

        def to_known() -> str:
            effect(self.members[number])
            return number

        return await self._write(to_known)

    async def _write(self, effect: Callable[[], str]) -> Answer:
        """`effect` returns the id of the contact it wrote."""
        fate = self.fates.popleft() if self.fates else Fate.ANSWERED
        await self._begin(killed=fate is Fate.KILLED_BEFORE)
        if fate is Fate.REFUSED:
            return Answer(Outcome.REJECTED, 422, "refused")
        if fate is Fate.NOT_SENT:
            return Answer(Outcome.NOT_SENT, 429, "throttled")
        if fate is Fate.REQUEST_LOST:
            return Answer(Outcome.UNKNOWN, reason="no answer")
        number = effect()
        self._die_if(killed=fate is Fate.KILLED_AFTER)
        if fate is Fate.ANSWER_LOST:
            return Answer(Outcome.UNKNOWN, reason="no answer")
        return Answer(Outcome.ACKNOWLEDGED, 200, remote_id=number)

    def _sync(self, contact: Mapping[str, Any]) -> str:
        number = self.id_of(contact["email"]) or self._next_id()
        self._update(self.members.setdefault(number, Member("")), contact)
        return number

    def _update(self, member: Member, contact: Mapping[str, Any]) -> None:
        member.email = contact.get("email", member.email)
        for name in ("firstName", "lastName", "phone"):
            if name in contact:
                member.set(name, contact[name])
        for one in contact.get("fieldValues", ()):
            member.set(str(one["field"]), one["value"])

    async def _begin(self, *, killed: bool = False) -> None:
        """Let others go on; a process that was killed asks nothing any more. No import comes later than `LOST`."""
        await asyncio.sleep(0)
        self.arrive(after=LOST)
        if self.killed:
            await asyncio.Future[None]()  # until it is cancelled
        self._die_if(killed=killed)

    def _die_if(self, *, killed: bool) -> None:
        if killed:
            self.killed = True
            self.on_kill()
            raise Crash

    def _next_id(self) -> str:
        return str(next(self._ids))
