"""The custom fields that carry audiences and traits: found by name, created once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

from ac_pipeline.activecampaign import FieldCatalog
from ac_pipeline.declarations import personalisation_tag
from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.account import Field, FieldSpec, FieldType
from ac_pipeline.model.declaration import Declaration, Declarations, Kind, ValueType

logger = logging.getLogger(__name__)

_TYPES = {
    ValueType.TEXT: FieldType.TEXT,
    ValueType.TEXTAREA: FieldType.TEXTAREA,
    ValueType.NUMBER: FieldType.NUMBER,
    ValueType.BOOLEAN: FieldType.DROPDOWN,
    ValueType.DATE: FieldType.DATE,
    ValueType.DATETIME: FieldType.DATETIME,
}
_TEXTS = frozenset({"text", "textarea", "hidden"})
"""Fields that hold any value as it is written."""
_FITS = {FieldType.DROPDOWN: _TEXTS | {"radio"}}
_BOOLEAN = ("true", "false")


class FieldMaker(Protocol):
    """The part of the ActiveCampaign client that this needs."""

    async def fields(self) -> list[Field]:
        """Read all custom fields."""

    async def create_field(self, spec: FieldSpec) -> Field:
        """Create a custom field that everybody can see."""

    async def complete_field(self, field: Field, spec: FieldSpec) -> Field:
        """Add what a field lacks."""


def field_spec(declaration: Declaration) -> FieldSpec:
    """Return the custom field of an audience (dropdown true/false, so that marketers can choose) or trait."""
    value_type = ValueType.BOOLEAN if declaration.kind is Kind.AUDIENCE else declaration.value_type
    options = _BOOLEAN if value_type is ValueType.BOOLEAN else ()
    return FieldSpec(declaration.name, _TYPES[value_type], personalisation_tag(declaration.key), options)


async def ensure_fields(client: FieldMaker, declarations: Declarations) -> Mapping[str, str]:
    """Return property key → field id for everything that is sent, creating what is missing.

    Raises OwnerMustAct before anything is sent when a field is missing and `create_fields` is off,
    naming all of them.
    """
    wanted = [d for d in (*declarations.audiences, *declarations.traits) if d.sent]
    catalog = FieldCatalog(await client.fields())
    missing = [d for d in wanted if catalog.find(field_spec(d)) is None]
    if missing and not declarations.destination.create_fields:
        names = ", ".join(f"%{personalisation_tag(d.key)}%" for d in missing)
        raise OwnerMustAct(
            f"ActiveCampaign has no custom field for {names}, and create_fields is off. Nothing was sent.",
            "Create the fields there, or set create_fields: true in destination.yaml.",
        )
    _refuse_unfit(catalog, wanted)
    ids = {}
    for declaration in wanted:
        spec = field_spec(declaration)
        found = catalog.find(spec)
        if found is None:
            logger.info("creating the custom field of %s", declaration.key)
            found = await client.create_field(spec)
        elif found.type == spec.type:
            # A creation may have been interrupted; it costs no request when nothing is missing.
            found = await client.complete_field(found, spec)
        ids[declaration.key] = found.id
    return ids


def _refuse_unfit(catalog: FieldCatalog, wanted: list[Declaration]) -> None:
    """Raise OwnerMustAct when two declarations meet in one field, or a field cannot hold its values."""
    faults = []
    keys: dict[str, str] = {}
    for declaration in wanted:
        spec = field_spec(declaration)
        found = catalog.find(spec)
        if found is None:
            continue
        other = keys.setdefault(found.id, declaration.key)
        if other != declaration.key:
            faults.append(f"{other} and {declaration.key} are both the field %{found.perstag.strip('%')}%")
        if found.type != spec.type and found.type not in _FITS.get(spec.type, _TEXTS):
            faults.append(f"{declaration.key} is {spec.type.value}, but its field is of type {found.type}")
    if faults:
        raise OwnerMustAct(
            f"Custom fields of ActiveCampaign do not fit: {'; '.join(faults)}. Nothing was sent.",
            "Rename the declaration, or change the field in ActiveCampaign.",
        )
