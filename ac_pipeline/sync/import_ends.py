"""What an import that is over did with each contact, written to the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ac_pipeline.model.bulk import ImportProgress, ImportStatus
from ac_pipeline.model.delivery import NOT_TAKEN, Answer, Outcome
from ac_pipeline.store.batches import QueuedBatch, attempts_of, end_batch, known_remote_ids
from ac_pipeline.store.identity import SecondContact, note_second_contact
from ac_pipeline.store.store import Store
from ac_pipeline.sync.importer import Importer
from ac_pipeline.sync.verdicts import Verdicts

OTHER_CONTACT = "another contact has the address"
"""Why what an import said of somebody is unknown: it was said to that one."""


async def close_batch(
    store: Store, importer: Importer, verdicts: Verdicts, batch: QueuedBatch, progress: ImportProgress
) -> None:
    """Write the end of each contact of an import that is over. Raises OwnerMustAct or ServiceUnavailable.

    `processed` names contacts by ids, by one reading only those that are new (reference, D7); `failed` by addresses.
    Whoever is in neither was imported, unless fewer were queued than were sent: then nobody knows who was left out.
    Whose the new ids are is read later, in full pages, unless something depends on it.
    """
    if progress.status is not ImportStatus.COMPLETED:
        lose_batch(store, verdicts, batch, f"the import {progress.status.value}", lost=False)
        return
    ends = _Ends.of(store, batch, progress)
    if not ends.doubtful:
        _end(store, verdicts, batch, ends.answers({}), unnamed=ends.new)
        return
    ids = {contact.email.strip().lower(): contact.id async for contact in importer.contacts(ends.new)}
    seconds = await _second_contacts(importer, ends, ids)
    others = {ends.attempts[second.email][1]: Answer(Outcome.UNKNOWN, reason=OTHER_CONTACT) for second in seconds}
    _end(store, verdicts, batch, {**ends.answers(ids), **others}, seconds=seconds)


def lose_batch(store: Store, verdicts: Verdicts, batch: QueuedBatch, reason: str, *, lost: bool) -> None:
    """Write that nobody knows what became of an import; `lost`: and that it may still come."""
    answer = Answer(Outcome.UNKNOWN, reason=reason)
    answers = {attempt: answer for _, attempt in attempts_of(store, batch.batch_id).values()}
    _end(store, verdicts, batch, answers, lost=lost)


@dataclass(frozen=True, slots=True)
class _Ends:
    """What is known of a completed import. Addresses are contact keys; `known` maps contact to the account's id of it.

    `new` are ids that none of the batch is known by; the contacts behind them are new, or were not known.
    """

    attempts: Mapping[str, tuple[int, int]]
    known: Mapping[int, str]
    processed: frozenset[str]
    failed: frozenset[str]
    left_out: bool

    @classmethod
    def of(cls, store: Store, batch: QueuedBatch, progress: ImportProgress) -> _Ends:
        attempts = attempts_of(store, batch.batch_id)
        return cls(
            attempts,
            known_remote_ids(store, [contact_id for contact_id, _ in attempts.values()]),
            frozenset(progress.processed),
            frozenset(email.strip().lower() for email in progress.failed),
            left_out=batch.queued < len(attempts),
        )

    @property
    def new(self) -> frozenset[str]:
        return self.processed - frozenset(self.known.values())

    @property
    def unseen(self) -> dict[str, int]:
        """Address → contact of those that are known by an id, and were not named by it."""
        return {
            email: contact_id for email, (contact_id, _) in self.attempts.items()
            if contact_id in self.known and self.known[contact_id] not in self.processed and email not in self.failed
        }  # fmt: skip

    @property
    def doubtful(self) -> bool:
        """Whether somebody's end depends on whose the new ids are."""
        return bool(self.new) and (self.left_out or bool(self.unseen))

    def answers(self, ids: Mapping[str, str]) -> dict[int, Answer]:
        """Return the end of each attempt; `ids` maps the addresses of new ids to these, as far as they were read."""
        return {
            attempt: self._answer(email, contact_id, ids.get(email))
            for email, (contact_id, attempt) in self.attempts.items()
        }

    def _answer(self, email: str, contact_id: int, remote_id: str | None) -> Answer:
        if email in self.failed:
            return Answer(Outcome.UNKNOWN, reason=NOT_TAKEN[0])
        if remote_id is not None or self.known.get(contact_id) in self.processed or not self.left_out:
            return Answer(Outcome.ACKNOWLEDGED, remote_id=remote_id)
        return Answer(Outcome.UNKNOWN, reason=NOT_TAKEN[1])


async def _second_contacts(importer: Importer, ends: _Ends, ids: Mapping[str, str]) -> list[SecondContact]:
    """Return the contacts that answered under a new id although the one they are known by is still there."""
    moved = {ends.known[contact_id]: email for email, contact_id in ends.unseen.items() if email in ids}
    if not moved:
        return []
    there = [contact async for contact in importer.contacts(moved)]
    return [
        SecondContact(ends.unseen[moved[left.id]], left, ids[moved[left.id]], moved[left.id])
        for left in there
        if left.email.strip().lower() != moved[left.id]
    ]


def _end(
    store: Store,
    verdicts: Verdicts,
    batch: QueuedBatch,
    answers: Mapping[int, Answer],
    *,
    lost: bool = False,
    unnamed: Collection[str] = (),
    seconds: Iterable[SecondContact] = (),
) -> None:
    with store.transaction():
        end_batch(store, batch.batch_id, answers, lost=lost, unnamed=unnamed)
        for second in seconds:
            note_second_contact(store, second)
    for outcome in Outcome:
        if count := sum(answer.outcome is outcome for answer in answers.values()):
            verdicts.ended(outcome, count)
