"""What a call did. No repr shows a person or a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ac_pipeline.model.events import EventState


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was made, or that a dry run would make; `body` as it goes over the wire, without keys."""

    endpoint: str
    body: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Identified:
    """The end of identify, add_tag and remove_tag: ActiveCampaign confirmed what was `said`.

    `contact_id` is the account's; None only after a dry run that would create somebody. `said` names what was told,
    `left_alone` traits without a value, `ignored` those that ActiveCampaign has no place for. `declared` are audiences
    and traits of the warehouse among them, of somebody in its contacts: the next sync sets these to what it says.
    `not_subscribed` maps lists to the reason why nobody was subscribed.
    """

    contact_id: str | None
    said: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    not_subscribed: Mapping[str, str] = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Where an event, a page view or an enrolment stands.

    `sent`: ActiveCampaign took it. `waiting` (for its contact, say) and `unknown` (no certain answer): it is kept, and
    the next sync looks after it; do not send it again under another `message_id`. `pending` is a dry run's.
    """

    message_id: str
    state: EventState
    reason: str = ""
    contact_id: str | None = None
    requests: tuple[Request, ...] = ()
    dry_run: bool = False

    @property
    def sent(self) -> bool:
        """Whether ActiveCampaign took it."""
        return self.state is EventState.SENT
