"""Traits that are custom fields: which field each is, declared by the warehouse or not, and its value as text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ac_pipeline.activecampaign import FieldCatalog
from ac_pipeline.calls.catalog import Catalog
from ac_pipeline.calls.faults import refused, said
from ac_pipeline.calls.plain import as_json, kind_of, type_of
from ac_pipeline.declarations.key import fold, key_of
from ac_pipeline.model.account import Field
from ac_pipeline.model.declaration import (
    Declaration,
    Declarations,
    Kind,
    Nulls,
    Query,
    ValueType,
)
from ac_pipeline.model.properties import USER_ID, call_key
from ac_pipeline.store.call_values import read_value
from ac_pipeline.store.properties import property_ids
from ac_pipeline.store.store import Store
from ac_pipeline.sync.fields import ensure_fields, ensure_options

_CHOSEN = (ValueType.CHOICE, ValueType.MULTI_CHOICE)
_TYPES = {
    "textarea": ValueType.TEXTAREA, "number": ValueType.NUMBER, "date": ValueType.DATE,
    "datetime": ValueType.DATETIME, "dropdown": ValueType.CHOICE, "radio": ValueType.CHOICE,
    "listbox": ValueType.MULTI_CHOICE, "checkbox": ValueType.MULTI_CHOICE,
}  # fmt: skip
"""What the account's own fields hold; text where it is not among these."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DIVIDERS = re.compile(r"[./:]")
"""Stand between words, besides those that `fold` leaves out: `utm.source` is `utm_source`."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What is said of one custom field. `key` is the property's; `number` the field's id."""

    key: str
    name: str
    number: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CustomFields:
    """What traits say by custom fields, and the names of those that say nothing: they have no value."""

    values: tuple[FieldValue, ...] = ()
    left_alone: tuple[str, ...] = ()
    user_id_field: str | None = None
    """The id of the field that keeps the user id, where it was asked for."""
    kept: bool = False
    """Whether that field may have values already."""


def check_declared(store: Store, declarations: Declarations, custom: Mapping[str, object]) -> list[str]:
    """Return what is wrong with values of declared traits and audiences: known before any request."""
    faults = []
    for name, value in custom.items():
        declaration = declared_as(declarations, name)
        if declaration is not None and (fault := read_value(store, as_json(value), declaration.value_type).fault):
            faults.append(said(fault, name))
    return faults


def declared_as(declarations: Declarations, name: str) -> Declaration | None:
    """Return the audience or trait with a custom field that a trait's name means, in any spelling."""
    for one in (*declarations.audiences, *declarations.traits):
        known = {fold(text) for text in (one.key, one.name, one.field) if text}
        if one.has_field and (fold(name) in known or _key(name) == one.key):
            return one
    return None


async def resolve(
    store: Store, catalog: Catalog, declarations: Declarations, custom: Mapping[str, object], *, with_user_id: bool
) -> CustomFields:
    """Find, or create, the fields of traits and read their values. What has no value needs no field to be made.

    Raises OwnerMustAct for fields that are ambiguous, missing or unfit, as a sync does; InvalidCall for values that a
    field cannot have, all at once.
    """
    known = FieldCatalog(await catalog.fields()) if custom or with_user_id else FieldCatalog(())
    wanted = {name: declared_as(declarations, name) or _undeclared(known, name, value, declarations)
              for name, value in custom.items()}  # fmt: skip
    if twice := _twice(wanted):
        raise refused("identify", twice)
    texts, left_alone, faults = _read(store, wanted, custom)
    if faults:
        raise refused("identify", faults)
    needed = [wanted[name] for name in texts]
    chosen = replace(
        declarations,
        audiences=tuple(one for one in needed if one.kind is Kind.AUDIENCE),
        traits=tuple(one for one in needed if one.kind is not Kind.AUDIENCE),
    )
    ensured = await ensure_fields(catalog, chosen, with_user_id=with_user_id)
    found = ensured.by_key
    await _ensure_options(catalog, declarations, wanted, texts, found)
    keys = property_ids(store)
    values = tuple(
        FieldValue(
            declaration.key if declaration.key in keys and declared_as(declarations, name) else _call_key(field),
            name, field.id, text,
        )
        for name, text in texts.items()
        if (declaration := wanted[name]) and (field := found[declaration.key])
    )  # fmt: skip
    user_id_field = found[USER_ID].id if USER_ID in found else None
    return CustomFields(values, left_alone, user_id_field, kept=USER_ID not in ensured.created)


def _undeclared(known: FieldCatalog, name: str, value: object, declarations: Declarations) -> Declaration:
    """Return a trait that no file declares: of the type of the field that is there, otherwise of its value."""
    key = _key(name)
    there = known.alike(name, key)
    value_type = _TYPES.get(there[0].type.lower(), ValueType.TEXT) if there else type_of(value)
    return Declaration(
        Kind.TRAIT, key, name.strip().strip("%"), Query(""), Path(), value_type=value_type,
        field=f"%{there[0].perstag}%" if len(there) == 1 and there[0].perstag else None,
        nulls=declarations.destination.nulls,
    )  # fmt: skip


def _key(name: str) -> str:
    """Return the key of a trait. A name that is more than its Latin letters and digits say is told apart by a hash."""
    key, folded = key_of(_HUMP.sub(" ", name.strip().strip("%"))), fold(name)
    if key.replace("_", "") == _DIVIDERS.sub("", folded):
        return key
    return f"{key or 'trait'}_{hashlib.sha256(folded.encode()).hexdigest()[:8]}"


def _twice(wanted: Mapping[str, Declaration]) -> list[str]:
    first: dict[str, str] = {}
    return [
        f"{other} and {name} are the same trait"
        for name, one in wanted.items()
        if (other := first.setdefault(one.key, name)) != name
    ]


def _read(
    store: Store, wanted: Mapping[str, Declaration], custom: Mapping[str, object]
) -> tuple[dict[str, str], tuple[str, ...], list[str]]:
    texts: dict[str, str] = {}
    left_alone, faults = [], []
    for name, declaration in wanted.items():
        read = read_value(store, as_json(custom[name]), declaration.value_type)
        text = read.text
        if read.fault is not None:
            faults.append(said(read.fault, name))
            continue
        if kind_of(custom[name]) == "none":
            # Nobody makes a field in order to empty it.
            there = declaration.path != Path() or declaration.field is not None
            text = "" if there and declaration.nulls is Nulls.CLEAR and declaration.kind is Kind.TRAIT else None
        if text is None:
            left_alone.append(name)
        else:
            texts[name] = text
    return texts, tuple(left_alone), faults


async def _ensure_options(
    catalog: Catalog,
    declarations: Declarations,
    wanted: Mapping[str, Declaration],
    texts: Mapping[str, str],
    found: Mapping[str, Field],
) -> None:
    """Add options that values need, where the destination and the trait allow it. Raises InvalidCall."""
    faults = []
    for name, text in texts.items():
        declaration = wanted[name]
        field = found[declaration.key]
        chosen = tuple(one for one in text.split("||") if one)
        missing = [one for one in chosen if one not in field.options]
        if declaration.value_type not in _CHOSEN or not missing:
            continue
        if declarations.destination.create_fields and declaration.choices.create:
            await ensure_options(catalog, field, chosen)
        else:
            faults.append(f"{name}: not one of the field's options")
    if faults:
        raise refused("identify", faults)


def _call_key(field: Field) -> str:
    return call_key(field.perstag.strip("%") or field.id)
