"""What became of events, and what would: in numbers, for the CLI, Dagster and the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ac_pipeline.model.events import EventState
from ac_pipeline.store.event_counts import EventCount


@dataclass(frozen=True, slots=True)
class EventReport:
    """Events of one run: those it ended, and those that are left. `blocked` says why some could not be sent."""

    counts: tuple[EventCount, ...] = ()
    blocked: tuple[str, ...] = ()

    def of(self, state: EventState) -> int:
        """How many events are in a state."""
        return sum(count.events for count in self.counts if count.state is state)

    @property
    def needs_attention(self) -> bool:
        """Whether something waits for a person: events that could not be sent, were refused or may be lost."""
        return bool(self.blocked or self.of(EventState.REJECTED) or self.of(EventState.UNKNOWN))

    @property
    def reasons(self) -> Mapping[str, int]:
        """Events that are not sent, by state and reason."""
        return added_up((f"{one.state.value}: {one.reason}", one.events) for one in self.counts if one.reason)

    def summary(self) -> dict[str, object]:
        """Return counts only, for programs."""
        return {
            **{state.value: self.of(state) for state in EventState},
            "reasons": dict(self.reasons),
            "streams": [
                {"key": one.key, "kind": one.kind, "state": one.state.value, "reason": one.reason or None,
                 "events": one.events}
                for one in self.counts
            ],
            "blocked": list(self.blocked),
        }  # fmt: skip


NO_EVENTS = EventReport()


@dataclass(frozen=True, slots=True)
class PlannedEvents:
    """Events that would be told. `most` holds if all that wait for a contact get one before."""

    counts: tuple[EventCount, ...] = ()
    due: int = 0
    most: int = 0
    blocked: tuple[str, ...] = field(default=())

    def summary(self) -> dict[str, object]:
        """Return counts only, for programs."""
        return {
            "due": self.due,
            "at_most": self.most,
            "streams": [
                {"key": one.key, "kind": one.kind, "state": one.state.value, "reason": one.reason or None,
                 "events": one.events}
                for one in self.counts
            ],
            "blocked": list(self.blocked),
        }  # fmt: skip


NO_EVENTS_PLANNED = PlannedEvents()


def added_up(items: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return how many in all by name."""
    found: dict[str, int] = {}
    for name, count in items:
        found[name] = found.get(name, 0) + count
    return found
