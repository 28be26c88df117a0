"""track, page, screen and enrolments: one event, recorded before its request and after, as those of streams are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from ac_pipeline.activecampaign import automations_named
from ac_pipeline.calls.announcing import announce_event
from ac_pipeline.calls.connection import Connection
from ac_pipeline.calls.faults import refused, said
from ac_pipeline.calls.happening import Happening
from ac_pipeline.calls.identifying import no_contact
from ac_pipeline.calls.people import Whom, person_known, whom
from ac_pipeline.calls.results import Request, Told
from ac_pipeline.errors import ContactRefused, OwnerMustAct, PipelineError, ServiceUnavailable, UnknownName
from ac_pipeline.model.declaration import Query
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.events import EventState, EventStream, Route
from ac_pipeline.store.called_events import (
    FAILED,
    CalledEvent,
    CalledRow,
    called,
    doubtful,
    judge_call,
    last_judged,
    move_call,
    take_call,
    take_enrolment,
)
from ac_pipeline.store.calls import new_person
from ac_pipeline.store.events import DueContact, EventEnd, begin_event_attempts, fold_events, record_event_ends
from ac_pipeline.store.store import Store
from ac_pipeline.store.streams import CALLS
from ac_pipeline.sync.event_calls import tell
from ac_pipeline.sync.event_doubts import settle_doubts
from ac_pipeline.sync.verdicts import Verdicts

STOPPED = "the call was stopped"
_ENDPOINTS = {Route.EVENT: "POST /event", Route.VISIT: "GET /visit", Route.ENROL: "POST /contactAutomations"}
_OVER = (EventState.SENT, EventState.REJECTED)


@dataclass(frozen=True, slots=True)
class Reached:
    """The contact of the account that an event is about, and whose it is in the store."""

    contact_id: int
    remote_id: str
    email: str = field(repr=False)
    importing: bool = False


async def happen(connection: Connection, happening: Happening, *, dry_run: bool = False) -> Told:
    """Tell an event, or keep it for the next sync where something else has to come first.

    Raises PipelineErrors; then nothing is kept, and the same may be called again.
    """
    store, call = connection.store, happening.call.value
    with store.rehearsal() if dry_run else nullcontext():
        who = whom(connection, call, happening.user_id, happening.email)
        known = called(store, happening.message_id)
        stream = EventStream(CALLS, happening.call, Query(""), Path(), as_event=happening.as_event)
        if known is None:
            row = _row(connection, happening, who)
            if (fault := judge_call(store, stream, row)) is not None:
                raise refused(call, [said(fault)])
            reached = await _reach(connection, who, dry_run=dry_run)
            name = (stream.fixed_name or happening.event or "").strip()
            announcing = await announce_event(connection, stream.route, name, row, dry_run=dry_run)
            if dry_run:
                request = _request(store, stream.route)
                reason = "" if reached else "no_contact"
                state = EventState.PENDING if reached else EventState.WAITING
                remote = reached.remote_id if reached else None
                return Told(happening.message_id, state, reason, remote, (*announcing, request), dry_run=True)
            judge_call(store, stream, row)  # what was asked meanwhile has used the same tables
            person = person_known(connection, who)
            whose = reached or person
            take_call(store, stream, row, whose.contact_id if whose else None)
        else:
            if known.state in _OVER or dry_run:
                return Told(happening.message_id, known.state, known.reason, dry_run=dry_run)
            reached = await _reach(connection, who, dry_run=False)
        return await _send(connection, happening.message_id, reached, {})


async def enrol(connection: Connection, who: Whom, automation: str, message_id: str) -> Told:
    """Let a contact enter an automation, once for each message id. Raises PipelineErrors."""
    number = await _automation(connection, automation)
    known = called(connection.store, message_id)
    if known is not None and known.state in _OVER:
        return Told(message_id, known.state, known.reason)
    reached = await _reach(connection, who, dry_run=False)
    if reached is None:
        raise no_contact()
    if known is None:
        take_enrolment(connection.store, message_id, reached.contact_id, automation)
    return await _send(connection, message_id, reached, {automation: number})


def _row(connection: Connection, happening: Happening, who: Whom) -> CalledRow:
    at = happening.at.isoformat() if happening.at else f"{connection.store.now().isoformat()}+00:00"
    return CalledRow(
        happening.message_id, who.user_id, who.email, at, happening.event, happening.properties, happening.url,
        happening.referrer,
    )  # fmt: skip


def _request(store: Store, route: Route) -> Request:
    """Return the request for the event that was judged last."""
    name, value, referrer = last_judged(store)
    said = {"event": name, "eventdata": value} if route is Route.EVENT else {"u": value, "r": referrer}
    return Request(_ENDPOINTS[route], json.dumps(said, ensure_ascii=False))


async def _automation(connection: Connection, name: str) -> str:
    """Return the id of an automation by its name or id. Raises UnknownName or OwnerMustAct."""
    known = await (await connection.catalog()).automations()
    found = [one for one in known if one.id == name] if name.isdecimal() else automations_named(known, name)
    if not found:
        # What was given is not repeated: it may be an address.
        raise UnknownName("The account has no such automation.", "Give its name, or its id.")
    if len(found) > 1:
        ids = " and ".join(one.id for one in found)
        raise UnknownName(f"{name} is the name of {len(found)} automations.", f"Give the id: {ids}.")
    if not found[0].active:
        raise OwnerMustAct(f"The automation {name} is not active: nobody enters it.", "Activate it in ActiveCampaign.")
    return found[0].id


async def _reach(connection: Connection, who: Whom, *, dry_run: bool) -> Reached | None:
    """Return the contact of the account; one that we never wrote is looked up by the address, and not adopted."""
    person = person_known(connection, who)
    client = await connection.client(bind=not dry_run)
    if person is not None and person.remote_id is not None:
        return Reached(person.contact_id, person.remote_id, person.known_email or "", person.importing)
    email = who.email or (person.desired_email if person else None)
    found = await client.contact_of(email) if email else None
    if found is None:
        return None
    person = person or new_person(connection.store, who.user_id, who.email)
    return Reached(person.contact_id, found.id, found.email.strip().lower(), person.importing)


async def _send(
    connection: Connection, message_id: str, reached: Reached | None, automations: Mapping[str, str]
) -> Told:
    """Send an event that was taken in, unless something else has to come first."""
    store = connection.store
    event = called(store, message_id)
    if event is None:
        raise AssertionError("the event was taken in just now")
    if reached is not None and doubtful(store, reached.contact_id):
        # Its own end, or that of an event before it, is not known: the account's log may say.
        await settle_doubts(store, await connection.client(), Verdicts(), automations, reached.contact_id)
        event = called(store, message_id) or event
    if event.state in (*_OVER, EventState.UNKNOWN):
        return Told(message_id, event.state, event.reason, reached.remote_id if reached else None)
    if reached is None or reached.importing or doubtful(store, reached.contact_id):
        reason = "no_contact" if reached is None else "in_batch" if reached.importing else "after_doubt"
        move_call(store, event.due.event_id, EventState.WAITING, reason, reached.contact_id if reached else None)
        return Told(message_id, EventState.WAITING, reason, reached.remote_id if reached else None)
    move_call(store, event.due.event_id, EventState.PENDING, None, reached.contact_id)
    answer = await _attempt(connection, event, reached, automations)
    request = Request(_ENDPOINTS[event.due.route])
    if answer.outcome in {Outcome.ACKNOWLEDGED, Outcome.UNKNOWN}:
        state = EventState.SENT if answer.outcome is Outcome.ACKNOWLEDGED else EventState.UNKNOWN
        return Told(message_id, state, answer.reason, reached.remote_id, (request,))
    if answer.outcome is Outcome.NOT_SENT:
        move_call(store, event.due.event_id, EventState.DROPPED, FAILED)
    raise _fault(answer, event.due.route)


async def _attempt(
    connection: Connection, event: CalledEvent, reached: Reached, automations: Mapping[str, str]
) -> Answer:
    """Make the request: its attempt is durable before, its end after."""
    store, client = connection.store, await connection.client()
    number = event.due.event_id
    attempt = begin_event_attempts(store, {number: reached.contact_id})[number]
    answer = Answer(Outcome.UNKNOWN, reason=STOPPED)
    try:
        contact = DueContact(0, reached.contact_id, reached.remote_id, reached.email)
        answer = _plain(await tell(client, contact, event.due, automations), event.due.route)
    finally:
        record_event_ends(store, [EventEnd(attempt, reached.contact_id, answer)])
        fold_events(store)
    return answer


def _plain(answer: Answer, route: Route) -> Answer:
    """A wrong key and a wrong event are answered alike (reference, section 12): neither is for ever."""
    in_vain = answer.status == 404 or (answer.unexplained and route is not Route.ENROL)
    if answer.outcome is Outcome.REJECTED and in_vain:
        return Answer(Outcome.NOT_SENT, answer.status, answer.reason, unexplained=answer.unexplained)
    return answer


def _fault(answer: Answer, route: Route) -> PipelineError:
    if answer.stop is not None:
        return answer.stop
    if answer.status == 404:
        return no_contact()
    if answer.unexplained:
        return OwnerMustAct(
            f"ActiveCampaign's tracking host refuses the event and gives no reason ({answer.reason}).",
            "Check ACTIVECAMPAIGN_EVENT_KEY and ACTIVECAMPAIGN_ACTID; nothing is kept.",
        )
    if answer.outcome is Outcome.REJECTED:
        what = "let the contact enter the automation" if route is Route.ENROL else "take the event"
        return ContactRefused(f"ActiveCampaign does not {what} ({answer.reason}).", "Others are not concerned.")
    return ServiceUnavailable(f"ActiveCampaign was not told ({answer.reason}).", "Nothing is kept; call again later.")
