"""What is to be said of one contact, as the requests of a sync: fields first, then tags off, tags on, lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ac_pipeline.calls.custom import FieldValue
from ac_pipeline.calls.results import Request
from ac_pipeline.calls.tags_and_lists import Single
from ac_pipeline.model.properties import USER_ID
from ac_pipeline.store.calls import CallStep, Person, property_of_call
from ac_pipeline.store.outbox import OutboxStep
from ac_pipeline.store.properties import property_ids
from ac_pipeline.store.store import Store

_ENDPOINTS = {
    "sync": "POST /contact/sync", "update": "PUT /contacts/{id}", "untag": "DELETE /contactTags/{id}",
    "tag": "POST /contactTags", "list": "POST /contactLists",
}  # fmt: skip
_STANDARD = {"first_name": "firstName", "last_name": "lastName", "phone": "phone"}
_UNTAG, _AFTER = 1, 2
"""Numbers of steps, as sync's outbox has them; step 0 brings the fields."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of a person. `email` is the address it has afterwards; `user_id` with the id of its field."""

    person: Person
    email: str = field(repr=False)
    user_id: tuple[str, str] | None = field(default=None, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: Sequence[FieldValue] = ()
    singles: Sequence[Single] = ()

    @property
    def renames(self) -> bool:
        """Whether the contact has another address so far."""
        return self.person.remote_id is not None and self.person.known_email != self.email


def steps_of(store: Store, wanted: Wanted) -> list[CallStep]:
    """Return the requests; none to fields of a contact that is known when nothing is said by them."""
    steps = []
    if wanted.person.remote_id is None or wanted.renames or wanted.user_id or wanted.names or wanted.fields:
        steps.append(_fields(store, wanted))
    off = [one for one in wanted.singles if one.route == "untag"]
    others = [one for one in wanted.singles if one.route != "untag"]
    steps += [CallStep(OutboxStep(_UNTAG, one.route, one.payload), one.values) for one in off]
    steps += [
        CallStep(OutboxStep(number, one.route, one.payload), one.values) for number, one in enumerate(others, _AFTER)
    ]
    return steps


def named_by_step(wanted: Wanted) -> Mapping[int, str]:
    """Return step number → name of the tag or list."""
    return dict(enumerate((one.name for one in wanted.singles if one.route != "untag"), _AFTER))


def request_of(step: CallStep) -> Request:
    """Return a step for people to see."""
    return Request(_ENDPOINTS[step.step.route], step.step.payload)


def _fields(store: Store, wanted: Wanted) -> CallStep:
    ids = property_ids(store)
    contact: dict[str, object] = {}
    if wanted.person.remote_id is None or wanted.renames:
        contact["email"] = wanted.email
    contact |= {_STANDARD[column]: text for column, text in wanted.names.items()}
    values = {ids["email"]: wanted.email, **{ids[column]: text for column, text in wanted.names.items()}}
    said = [{"field": one.number, "value": one.value} for one in wanted.fields]
    for one in wanted.fields:
        values[ids.get(one.key) or property_of_call(store, one.key, one.name)] = one.value
    if wanted.user_id is not None:
        text, number = wanted.user_id
        said.insert(0, {"field": number, "value": text})
        values[ids[USER_ID]] = text
    if said:
        contact["fieldValues"] = said
    route = "sync" if wanted.person.remote_id is None else "update"
    return CallStep(OutboxStep(0, route, json.dumps({"contact": contact}, ensure_ascii=False)), values)
