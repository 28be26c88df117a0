"""The custom fields that carry audiences, traits and the user id: found by name, created once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ac_pipeline.activecampaign import FieldCatalog
from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.account import Field, FieldSpec, FieldType
from ac_pipeline.model.declaration import Declarations
from ac_pipeline.sync.field_specs import WantedField, wanted_fields

logger = logging.getLogger(__name__)

_TEXTS = frozenset({"text", "textarea", "hidden"})
"""Fields that hold any value as it is written."""
_FITS = {FieldType.DROPDOWN: _TEXTS | {"radio"}, FieldType.LISTBOX: _TEXTS | {"checkbox"}}
_CHOSEN = frozenset({"dropdown", "radio", "listbox", "checkbox"})
"""Fields that have options."""


class FieldMaker(Protocol):
    """The part of the ActiveCampaign client that this needs."""

    async def fields(self) -> list[Field]:
        """Read all custom fields."""

    async def create_field(self, spec: FieldSpec) -> Field:
        """Create a custom field that everybody can see."""

    async def complete_field(self, field: Field, spec: FieldSpec) -> Field:
        """Add what a field lacks."""


@dataclass(frozen=True, slots=True)
class FieldsFound:
    """Property key → its custom field, and the keys of those that were created just now: they hold no values yet."""

    by_key: Mapping[str, Field]
    created: frozenset[str]


async def ensure_fields(client: FieldMaker, declarations: Declarations, *, with_user_id: bool) -> FieldsFound:
    """Return the field of every declaration that has one, and of the user id where asked for; create what is missing.

    Raises OwnerMustAct with all faults at once, before anything is changed: fields that are ambiguous, shared by two
    declarations, of an unfit type, or missing with `create_fields` off. With that off no field is completed either.
    """
    wanted = wanted_fields(declarations, with_user_id=with_user_id)
    create = declarations.destination.create_fields
    found = _found(FieldCatalog(await client.fields()), wanted, create=create)
    by_key: dict[str, Field] = {}
    for item in wanted:
        field = found.get(item.key)
        if field is None:
            logger.info("creating the custom field of %s", item.key)
            field = await client.create_field(item.spec)
        elif create and (field.type == item.spec.type or field.type in _CHOSEN):
            # A creation may have been interrupted; it costs no request when nothing is missing.
            field = await client.complete_field(field, item.spec)
        by_key[item.key] = field
    return FieldsFound(by_key, frozenset(by_key.keys() - found.keys()))


async def ensure_options(client: FieldMaker, field: Field, wanted: tuple[str, ...]) -> Field:
    """Return the field with options for all the values; no request when it has them, or is of a type without any."""
    missing = tuple(value for value in dict.fromkeys(wanted) if value not in field.options)
    if not missing or field.type not in _CHOSEN:
        return field
    logger.info("adding %d options to the custom field %s", len(missing), field.id)
    spec = FieldSpec(field.title, FieldType(field.type), field.perstag, field.options + missing)
    return await client.complete_field(field, spec)


def _found(catalog: FieldCatalog, wanted: tuple[WantedField, ...], *, create: bool) -> Mapping[str, Field]:
    """Return the fields that exist by key; raise OwnerMustAct with everything that keeps values from being sent."""
    matches = {item.key: catalog.matches(item.spec, item.named) for item in wanted}
    found = {key: fields[0] for key, fields in matches.items() if len(fields) == 1}
    missing = [item for item in wanted if not matches[item.key]]
    ambiguous = [
        f"{item.key} may be {' or '.join(map(_shown, matches[item.key]))}"
        for item in wanted
        if len(matches[item.key]) > 1
    ]
    unfit = [*_shared(wanted, found), *_of_unfit_type(wanted, found)]
    faults, hints = [], []
    if missing and not create:
        names = ", ".join(item.shown for item in missing)
        faults.append(f"ActiveCampaign has no custom field for {names}, and create_fields is off.")
        hints.append("Create the fields there, or set create_fields: true in destination.yaml.")
    elif missing:
        unfit += _not_creatable(catalog, missing)
    if ambiguous:
        faults.append(f"Custom fields of ActiveCampaign are ambiguous: {'; '.join(ambiguous)}.")
        hints.append("Say which it is by its tag (a trait's field, or user_id_field), or rename one of the two there.")
    if unfit:
        faults.append(f"Custom fields of ActiveCampaign do not fit: {'; '.join(unfit)}.")
        hints.append("Rename the declaration, or change the field in ActiveCampaign.")
    if faults:
        raise OwnerMustAct(f"{' '.join(faults)} Nothing was sent.", " ".join(hints))
    return found


def _shared(wanted: tuple[WantedField, ...], found: Mapping[str, Field]) -> list[str]:
    keys: dict[str, str] = {}
    faults = []
    for item in wanted:
        field = found.get(item.key)
        if field is not None and (other := keys.setdefault(field.id, item.key)) != item.key:
            faults.append(f"{other} and {item.key} are both the field {_tag(field)}")
    return faults


def _of_unfit_type(wanted: tuple[WantedField, ...], found: Mapping[str, Field]) -> list[str]:
    return [
        f"{item.key} is {item.spec.type.value}, but its field is of type {field.type or 'unknown'}"
        for item in wanted
        if (field := found.get(item.key)) is not None
        and field.type != item.spec.type
        and field.type not in _FITS.get(item.spec.type, _TEXTS)
    ]


def _not_creatable(catalog: FieldCatalog, missing: list[WantedField]) -> list[str]:
    """Say which new fields would be like another: by its title or tag the next run could not tell them apart."""
    faults = []
    new: list[tuple[WantedField, FieldCatalog]] = []
    for item in missing:
        spec = item.spec
        faults += [
            f"a new field {item.shown} for {item.key} would be like {_shown(field)}"
            for field in catalog.alike(spec.title, spec.perstag)
        ]
        faults += [
            f"{other.key} and {item.key} would both be the field {item.shown}"
            for other, alone in new
            if alone.alike(spec.title, spec.perstag)
        ]
        new.append((item, FieldCatalog([Field("", spec.title, spec.type.value, spec.perstag)])))
    return faults


def _tag(field: Field) -> str:
    return f"%{field.perstag.strip('%')}%"


def _shown(field: Field) -> str:
    return f"{field.title} ({_tag(field)}, id {field.id})"
