"""After an answer that never came: does the account show the event? Where it cannot tell, the setting decides."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.automation import Enrolment
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.events import AfterDoubt, Route
from ac_pipeline.model.tracking import LoggedEvent
from ac_pipeline.store.event_doubts import Doubts, doubts
from ac_pipeline.store.events import ABSENT, FOUND, REPEAT, SKIP, EventEnd, fold_events, record_event_ends
from ac_pipeline.store.store import Store
from ac_pipeline.sync.event_calls import EventSender
from ac_pipeline.sync.verdicts import Verdicts

logger = logging.getLogger(__name__)

SKEW = timedelta(minutes=5)
"""How far the service's clock may be off from ours. Moments of equal events are told apart in pauses twice as long."""
SETTLES = timedelta(minutes=1)
"""An event is in the contact's log by then; before that, its absence says nothing."""


async def settle_doubts(
    store: Store,
    sender: EventSender,
    verdicts: Verdicts,
    automations: Mapping[str, str],
    contact_id: int | None = None,
) -> int:
    """Look into every attempt without a certain answer, or those of one contact; return how many are settled.

    Raises ServiceUnavailable when the account cannot be asked; what was settled before is recorded.
    """
    settled = 0
    try:
        for _, of_contact in groupby(doubts(store, contact_id), key=lambda one: one.contact_id):
            if not verdicts.go_on:
                break
            groups = list(of_contact)
            ends = [end for one, lines in await _looked_up(sender, groups, automations)
                    for end in ends_of(one, lines, now=store.now())]  # fmt: skip
            record_event_ends(store, ends)
            settled += len(ends)
    finally:
        fold_events(store)
    if settled:
        logger.info("%d events without a certain answer were looked into", settled)
    return settled


Lines = Sequence[datetime | None] | None
"""When equal events arrived by the account's log, in UTC without a zone; None when it cannot tell."""


async def _looked_up(
    sender: EventSender, groups: Sequence[Doubts], automations: Mapping[str, str]
) -> list[tuple[Doubts, Lines]]:
    """Ask the account once for each kind of doubt about a contact."""
    remote_id = groups[0].remote_id
    log: list[LoggedEvent] | None = None
    enrolled: list[Enrolment] | None = None
    if remote_id is not None:
        try:
            if any(one.route is not Route.ENROL for one in groups):
                log = await sender.tracking_log(remote_id)
            if any(one.route is Route.ENROL for one in groups):
                enrolled = await sender.enrolments(remote_id)
        except OwnerMustAct as error:
            logger.warning("what arrived cannot be read: %s", error.message)
    found: list[tuple[Doubts, Lines]] = []
    for one in groups:
        lines: Lines = None
        if one.route is Route.ENROL:
            number = automations.get(one.name)
            if enrolled is not None and number is not None:
                lines = [_naive(line.entered_at) for line in enrolled if line.automation_id == number]
        elif log is not None:
            lines = [_naive(line.at) for line in log if line.shows(one.name, one.value)]
        found.append((one, lines))
    return found


def ends_of(group: Doubts, lines: Lines, *, now: datetime) -> list[EventEnd]:
    """Return how the attempts of a group ended; none for one whose absence says nothing yet."""
    there = None if lines is None else arrivals(lines, [one.attempted_at for one in group.doubts], group.arrived)
    ends = []
    for number, doubt in enumerate(group.doubts):
        if there is not None and number < there:
            answer = Answer(Outcome.ACKNOWLEDGED, reason=FOUND)
        elif there is not None and timedelta(0) <= now - doubt.attempted_at < SETTLES:
            continue
        elif there is not None and group.route is not Route.VISIT:
            answer = Answer(Outcome.NOT_SENT, reason=ABSENT)
        else:  # Visits may be nowhere to be seen although they arrived.
            answer = Answer(Outcome.UNKNOWN, reason=REPEAT if doubt.after_doubt is AfterDoubt.REPEAT else SKIP)
        ends.append(EventEnd(doubt.attempt_id, group.contact_id, answer))
    return ends


def arrivals(lines: Iterable[datetime | None], doubtful: Sequence[datetime], arrived: Sequence[datetime]) -> int | None:
    """Return how many of the doubtful attempts the log shows; None when it lacks some that arrived for certain.

    Lines are counted from a pause before the first doubtful attempt on, so that no difference of clocks puts a line
    on the wrong side; those that arrived for certain account for theirs. A line without a moment counts.
    """
    since = min(doubtful)
    for moment in sorted(arrived, reverse=True):
        if since - 2 * SKEW < moment <= since:
            since = moment
    since -= SKEW
    seen = sum(line is None or line >= since for line in lines)
    known = sum(moment >= since for moment in arrived)
    return seen - known if seen >= known else None


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
