"""What is wrong with the arguments of a call, in words; no value is ever repeated."""

from __future__ import annotations

from collections.abc import Iterable

from ac_pipeline.errors import InvalidCall
from ac_pipeline.model.tracking import LONGEST_EVENT, LONGEST_VALUE

_WORDS = {
    "invalid_email": "no e-mail address",
    "invalid_value": "no value of its field's type",
    "nested_value": "a list or an object where one value is needed",
    "too_long": "longer than ActiveCampaign keeps",
    "invalid_tags": "no list of texts",
    "invalid_lists": "neither [{id, status}] nor {list: status}",
    "unknown_status": "a status that is neither active nor unsubscribed",
    "missing_user": "a user_id or an email is needed",
    "missing_email": "an e-mail address is needed: none is known of this user id",
    "missing_event": "the event has no name",
    "reserved_event_name": "the name is one that ActiveCampaign keeps for itself",
    "invalid_event": "the name has characters that cannot be sent",
    "event_name_too_long": f"the name has more than {LONGEST_EVENT} characters",
    "value_too_long": f"acValue has more than {LONGEST_VALUE} characters",
    "invalid_url": "properties.url is no address that begins with http:// or https://",
    "missing_moment": "the timestamp is outside the calendar",
}
"""By the kinds of problem that the store has for rows of the warehouse."""


def said(fault: str, name: str = "") -> str:
    """Return a kind of problem in words, with the argument that has it."""
    words = f"{_WORDS.get(fault, 'cannot be used')} ({fault})"
    return f"{name}: {words}" if name else words


def said_all(faults: Iterable[tuple[str, str | None]]) -> list[str]:
    """Return kinds of problems in words, by the argument that has them; None is no problem."""
    return [said(fault, name) for name, fault in faults if fault is not None]


def refused(call: str, faults: Iterable[str]) -> InvalidCall:
    """Return the error that names all faults of a call."""
    return InvalidCall(f"{call} cannot be sent: {'; '.join(faults)}.", "Nothing was sent.")
