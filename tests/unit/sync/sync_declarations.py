"""Declarations for the tests of what the account has for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ac_pipeline.declarations import key_of
from ac_pipeline.model.declaration import Declaration, Declarations, Destination, Kind, Query, ValueType


def declare(kind: Kind, name: str, **parts: Any) -> Declaration:
    return Declaration(kind, key_of(name), name, Query("select 1"), Path(f"{key_of(name)}.yaml"), **parts)


def audience(name: str, **parts: Any) -> Declaration:
    return declare(Kind.AUDIENCE, name, **parts)


def trait(name: str, value_type: ValueType = ValueType.TEXT, **parts: Any) -> Declaration:
    return declare(Kind.TRAIT, name, value_type=value_type, **parts)


def declarations(*of: Declaration, **destination: Any) -> Declarations:
    audiences = tuple(item for item in of if item.kind is Kind.AUDIENCE)
    traits = tuple(item for item in of if item.kind is Kind.TRAIT)
    return Declarations(declare(Kind.CONTACTS, "contacts"), audiences, traits, Destination(**destination))
