"""What identify's arguments say, in Segment's words: who, standard fields, tags, lists, and the rest by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ac_pipeline.calls.faults import said
from ac_pipeline.calls.plain import NotPlain, as_json, as_user_id, is_text, kind_of
from ac_pipeline.declarations.key import RESERVED_TRAITS, fold
from ac_pipeline.errors import InvalidCall

Traits = Mapping[str, object]
NAMES: Final = {"firstname": "first_name", "lastname": "last_name", "phone": "phone"}
"""Standard fields as they are folded → as columns of the contacts."""
_EMAIL, _TAGS, _RESET, _LISTS, _USER_ID = "email", "tags", "tagsreset", "lists", "userid"
_RESERVED = {fold(name) for name in RESERVED_TRAITS}


@dataclass(frozen=True, slots=True)
class Said:
    """Arguments by what they are, each value as JSON. No repr shows one.

    `names` are standard fields by column; `custom` maps a trait's name as given to its value. `ignored` are traits
    that Segment's specification reserves and ActiveCampaign has no place for.
    """

    user_id: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: str | None = field(default=None, repr=False)
    reset: str | None = field(default=None, repr=False)
    lists: str | None = field(default=None, repr=False)
    custom: Mapping[str, object] = field(default_factory=dict, repr=False)
    ignored: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """What of it cannot be used; it is not among the others."""
    unreadable: bool = False
    """Whether who is meant is among what cannot be used."""


def read_arguments(user_id: object, traits: Traits | None, context: Traits | None = None) -> Said:
    """Sort what identify was given. Of the context only `traits` count, behind the traits themselves.

    Names are the same whatever their case, spaces, `_`, `-` and camelCase. Raises InvalidCall for what is no mapping.
    """
    traits = dict(mapping(traits, "traits"))
    behind = mapping(mapping(context, "context").get("traits"), "context.traits")
    given = {fold(name) for name in traits}
    traits |= {name: value for name, value in behind.items() if fold(name) not in given}
    faults, ignored = list[str](), list[str]()
    if odd := {name for name in traits if not is_text(name) or "\0" in name}:
        faults.append("a trait's name is no text")
        traits = {name: value for name, value in traits.items() if name not in odd}
    faults += _twice(traits)
    known: dict[str, str] = {}
    custom: dict[str, object] = {}
    for name, value in traits.items():
        folded = fold(name)
        if folded in _RESERVED - {_EMAIL, *NAMES}:
            ignored.append(name)
        elif folded == _USER_ID:
            faults.append(f"{name}: give it as user_id, not as a trait")
        elif fault := _fault(folded, value):
            faults.append(f"{name}: {fault}")
        elif folded in {_EMAIL, _TAGS, _RESET, _LISTS, *NAMES}:
            known[folded] = as_json(value)
        else:
            custom[name] = value
    identity = json_of("user_id", user_id, faults, as_user_id)
    named = {fold(name) for name in traits}
    return Said(
        user_id=identity,
        email=known.get(_EMAIL),
        names={column: known[folded] for folded, column in NAMES.items() if folded in known},
        tags=known.get(_TAGS),
        reset=known.get(_RESET),
        lists=known.get(_LISTS),
        custom=custom,
        ignored=tuple(ignored),
        faults=tuple(faults),
        unreadable=(user_id is not None and identity is None) or _EMAIL in named - known.keys(),
    )


def json_of(what: str, value: object, faults: list[str], read: Callable[[object], str] = as_json) -> str | None:
    """Return an argument as JSON, None where there is none; what cannot be used is added to the faults."""
    try:
        return None if value is None else read(value)
    except NotPlain as kind:
        faults.append(f"{what}: a {kind} cannot be used")
        return None


def mapping(value: object, what: str) -> Mapping[str, object]:
    """Return an argument that is a mapping of names to values, or nothing. Raises InvalidCall."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise InvalidCall(f"{what} is no mapping of names to values.", "Nothing was sent.")
    return value


def _twice(traits: Traits) -> Iterator[str]:
    first: dict[str, str] = {}
    for name in traits:
        if not fold(name):
            yield "a trait has no name"
        elif (other := first.setdefault(fold(name), name)) != name:
            yield f"{other} and {name} are the same trait"


def _fault(folded: str, value: object) -> str:
    """Return why a value cannot be sent whatever it is sent to; empty when it may be."""
    try:
        nested = kind_of(value) == "nested"
    except NotPlain as kind:
        return f"a {kind} cannot be used"
    return said("nested_value") if nested and folded != _LISTS else ""
