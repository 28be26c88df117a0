"""Events and visits: where they go, what fits into one, and what a contact's log shows of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

LONGEST_EVENT = 32
"""Characters of an event's name (reference, section 12)."""
LONGEST_VALUE = 250
"""Characters the service keeps of an event's value (reference, section 12)."""


@dataclass(frozen=True, slots=True)
class TrackingAccess:
    """The tracking host and its own credentials: `actid` is the account's number there, `key` its event key."""

    url: str
    actid: str
    key: SecretStr


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event in a contact's log. `at` is when it arrived, to the second, with the account's offset."""

    id: str
    name: str
    value: str = field(repr=False)
    at: datetime | None = None

    def shows(self, name: str, value: str) -> bool:
        """Whether it may be an event of this name and value: names without case, values as far as they are kept."""
        same_name = self.name.strip().casefold() == name.strip().casefold()
        return same_name and self.value.strip() == value[:LONGEST_VALUE].strip()


def event_name_fault(name: str) -> str:
    """Return what is wrong with the name of an event; nothing when it can be registered."""
    length = len(name.strip())
    if not length:
        return "an event needs a name"
    if length > LONGEST_EVENT:
        return f"the name of an event has at most {LONGEST_EVENT} characters, this one has {length}"
    return "" if name.isprintable() else "the name of an event has characters that cannot be printed"
