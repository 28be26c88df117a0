"""One event as a call of the client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from ac_pipeline.model.automation import Automation, Enrolled, Enrolment
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.events import Route
from ac_pipeline.model.tracking import LoggedEvent
from ac_pipeline.store.events import DueContact, DueEvent


class EventSender(Protocol):
    """The part of the ActiveCampaign client that events need."""

    @property
    def in_flight(self) -> int:
        """How many requests are under way at most."""

    async def tracks_events(self) -> bool:
        """Whether event tracking is switched on."""

    async def tracks_sites(self) -> bool:
        """Whether site tracking is switched on."""

    async def register_events(self, names: Iterable[str]) -> list[str]:
        """Register the names of events that are not, and return these."""

    async def register_domain(self, domain: str) -> bool:
        """Have visits to a domain tracked; False when only people can."""

    async def send_event(self, email: str, name: str, value: str = "") -> Answer:
        """Send an event, never twice by itself."""

    async def send_visit(self, email: str, page: str, referrer: str = "") -> Answer:
        """Send a page visit, never twice by itself."""

    async def tracking_log(self, contact_id: str) -> list[LoggedEvent] | None:
        """Return the events of a contact."""

    async def automations(self) -> list[Automation]:
        """Return all automations."""

    async def enrol(self, contact_id: str, automation_id: str) -> Enrolled:
        """Let a contact enter an automation, never twice by itself."""

    async def enrolments(self, contact_id: str) -> list[Enrolment] | None:
        """Return the automations a contact has entered."""


async def tell(sender: EventSender, contact: DueContact, event: DueEvent, automations: Mapping[str, str]) -> Answer:
    """Tell one event; `automations` maps names as declared to ids."""
    match event.route:
        case Route.EVENT:
            return await sender.send_event(contact.email, event.name, event.value)
        case Route.VISIT:
            return await sender.send_visit(contact.email, event.value, event.referrer)
        case Route.ENROL:
            enrolled = await sender.enrol(contact.remote_id, automations[event.name])
            answer = replace(enrolled.answer, remote_id=enrolled.enrolment_id)
            gone = answer.status == 404 and answer.outcome is Outcome.REJECTED
            return replace(answer, outcome=Outcome.NOT_SENT) if gone else answer
