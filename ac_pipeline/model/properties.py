"""Properties: what one value of a contact hangs on."""

from __future__ import annotations

from dataclasses import dataclass

from ac_pipeline.model.declaration import Declaration, Declarations, Kind

CONTACT_FIELDS = ("email", "first_name", "last_name", "phone")
"""Standard fields of a contact, as columns of `contacts.yaml`; email always comes first."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property: `kind` is contacts, audience or trait; `key` is unique over all kinds."""

    kind: Kind
    key: str
    name: str
    value_type: str
    description: str
    sent: bool
    declaration_key: str


def properties_of(declaration: Declaration) -> tuple[Property, ...]:
    """Return the properties a declaration gives: four for contacts, otherwise itself."""
    if declaration.kind is Kind.CONTACTS:
        return tuple(
            Property(Kind.CONTACTS, key, key, "text", f"standard field {key}", sent=True, declaration_key="contacts")
            for key in CONTACT_FIELDS
        )
    return (
        Property(
            declaration.kind, declaration.key, declaration.name, declaration.value_type.value,
            declaration.description, declaration.sent, declaration.key,
        ),
    )  # fmt: skip


def all_properties(declarations: Declarations) -> tuple[Property, ...]:
    """Return every property in the order in which contacts are told: contacts, audiences, traits."""
    return tuple(item for declaration in declarations.all for item in properties_of(declaration))
