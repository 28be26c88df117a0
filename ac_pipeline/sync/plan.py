"""The plan: what a sync would do now, in numbers. Said before anything is sent, and followed by the sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ac_pipeline.model.estimate import Estimate, at_most, exactly, total
from ac_pipeline.store.plan_counts import RouteCount, ValueCount
from ac_pipeline.sync.event_report import NO_EVENTS_PLANNED, PlannedEvents


@dataclass(frozen=True, slots=True)
class PlannedDeclaration:
    """How the members or values of a declaration change. None is not known: it was not computed in this run."""

    key: str
    kind: str
    entered: int | None
    exited: int | None
    changed: int | None
    held: str = ""
    """Why the guard holds its new result; then nothing of it changes."""


@dataclass(frozen=True, slots=True)
class PlannedRequests:
    """Requests to one endpoint. `apart`: they read many contacts, and are counted apart from delivery."""

    endpoint: str
    requests: Estimate
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do. Repetitions that faults of the network or the service ask for are never in it."""

    contacts: tuple[RouteCount, ...] = ()
    values: tuple[ValueCount, ...] = ()
    declarations: tuple[PlannedDeclaration, ...] = ()
    withheld: Mapping[str, int] = field(default_factory=dict)
    requests: tuple[PlannedRequests, ...] = ()
    seconds: float = 0.0
    """At the account's limits, for the requests that are reckoned with."""
    budget: float | None = None
    """Seconds a delivery may take from now on; None without end."""
    carried_over: Mapping[str, int] = field(default_factory=dict)
    """Contacts, by reason, that would be left for the run after, because the time is used up before."""
    known_contacts: int = 0
    """Contacts of ours that are known to be contacts of the account."""
    not_known: tuple[str, ...] = ()
    """What only the account can say; see NOT_KNOWN."""
    skipped: str = ""
    """Why nothing would be sent on purpose; empty when a delivery would take place."""
    events: PlannedEvents = NO_EVENTS_PLANNED

    @property
    def planned(self) -> int:
        """Contacts that would be told something."""
        return sum(count.contacts for count in self.contacts)

    @property
    def creates(self) -> Estimate:
        """Contacts that become new ones, unless the account has them already."""
        return at_most(sum(count.contacts for count in self.contacts if count.reason == "create"))

    @property
    def updates(self) -> Estimate:
        """Contacts that are there, and those that turn out to be."""
        creates = self.creates.most or 0
        known = self.planned - creates
        return Estimate(known, known, self.planned) if creates else exactly(known)

    @property
    def delivery(self) -> Estimate:
        """All requests but those that read many contacts."""
        return total(one.requests for one in self.requests if not one.apart)

    @property
    def reading(self) -> Estimate:
        """Requests that read many contacts."""
        return total(one.requests for one in self.requests if one.apart)

    @property
    def fits(self) -> bool | None:
        """Whether it would be over in time; None when too little is known of how much has to be read."""
        if self.budget is None:
            return True
        if self.seconds > self.budget:
            return False
        return None if self.delivery.expected is None or self.reading.expected is None else True

    def summary(self) -> dict[str, object]:
        """Return it for programs: counts only, null where something cannot be known."""
        return {
            "create": self.creates.summary(),
            "update": self.updates.summary(),
            "contacts": [
                {"reason": one.reason, "route": one.route, "contacts": one.contacts} for one in self.contacts
            ],
            "declarations": [
                {"key": one.key, "kind": one.kind, "entered": one.entered, "exited": one.exited,
                 "changed": one.changed, "held": one.held or None}
                for one in self.declarations
            ],
            "values": [
                {"key": one.key, "kind": one.kind, "said": one.said, "taken_back": one.taken_back}
                for one in self.values
            ],
            "withheld": dict(self.withheld),
            "requests": {one.endpoint: one.requests.summary() for one in self.requests if not one.apart},
            "reading": {one.endpoint: one.requests.summary() for one in self.requests if one.apart},
            "total_requests": self.delivery.summary(),
            "directory_requests": self.reading.summary(),
            "seconds": round(self.seconds, 1),
            "budget": None if self.budget is None else round(self.budget, 1),
            "fits": self.fits,
            "carried_over": dict(self.carried_over),
            "known_contacts": self.known_contacts,
            "not_known": {code: NOT_KNOWN[code] for code in self.not_known},
            "events": self.events.summary(),
            "skipped": self.skipped,
        }  # fmt: skip


NOT_KNOWN = {
    "catalog": "which of the custom fields, tags and lists the account has already: those it lacks are created first",
    "existing_contacts": "who of those to be created is a contact there already",
    "user_ids": "who of them the account has under another address, by the user id: they are renamed instead",
    "directory": "how many contacts must be read, and who of ours turns out to be among them",
    "options": "which values are options of their fields already",
    "opt_outs": "who opted out or bounced there, and is not subscribed",
    "tag_resets": "how many other tags a reset finds",
    "imports": "what became of imports that were not over: what their contacts still need is planned when they are",
    "may_not_exist": "whether those became contacts whose creation had no answer: they are looked up first",
}
"""What only the account can say."""
