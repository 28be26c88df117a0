"""Which custom fields the declarations want: what they are called, and what a new one is like."""

from __future__ import annotations

from dataclasses import dataclass

from ac_pipeline.activecampaign.catalog import bare_tag
from ac_pipeline.declarations import key_of, personalisation_tag
from ac_pipeline.model.account import FieldSpec, FieldType
from ac_pipeline.model.declaration import Declaration, Declarations, Kind, ValueType
from ac_pipeline.model.properties import USER_ID

_TYPES = {
    ValueType.TEXT: FieldType.TEXT,
    ValueType.TEXTAREA: FieldType.TEXTAREA,
    ValueType.NUMBER: FieldType.NUMBER,
    ValueType.BOOLEAN: FieldType.DROPDOWN,
    ValueType.DATE: FieldType.DATE,
    ValueType.DATETIME: FieldType.DATETIME,
    ValueType.CHOICE: FieldType.DROPDOWN,
    ValueType.MULTI_CHOICE: FieldType.LISTBOX,
}
_BOOLEAN = ("true", "false")


@dataclass(frozen=True, slots=True)
class WantedField:
    """The custom field of one property. `named` is what the user wrote to say which it is."""

    key: str
    spec: FieldSpec
    named: str | None = None

    @property
    def shown(self) -> str:
        """What the field is called in a message."""
        return self.named or f"%{self.spec.perstag}%"


def wanted_fields(declarations: Declarations, *, with_user_id: bool) -> tuple[WantedField, ...]:
    """Return the fields of audiences and traits that have one, then the user id's where asked for and not declined."""
    wanted = tuple(
        WantedField(declaration.key, field_spec(declaration), declaration.field)
        for declaration in (*declarations.audiences, *declarations.traits)
        if declaration.has_field
    )
    title = declarations.destination.user_id_field
    if not with_user_id or title is None:
        return wanted
    return (*wanted, WantedField(USER_ID, _spec(USER_ID, "User ID", title, FieldType.TEXT), title))


def field_spec(declaration: Declaration) -> FieldSpec:
    """Return the custom field of an audience (dropdown true/false, so that marketers can choose) or trait."""
    value_type = ValueType.BOOLEAN if declaration.kind is Kind.AUDIENCE else declaration.value_type
    options = _BOOLEAN if value_type is ValueType.BOOLEAN else declaration.choices.options
    return _spec(declaration.key, declaration.name, declaration.field, _TYPES[value_type], options)


def _spec(key: str, title: str, named: str | None, type_: FieldType, options: tuple[str, ...] = ()) -> FieldSpec:
    """Return what a new field is like; `named` is its tag if it stands in percent signs, otherwise its title."""
    if not named:
        return FieldSpec(title, type_, personalisation_tag(key), options)
    if (tag := bare_tag(named)) is not None:
        return FieldSpec(title, type_, personalisation_tag(tag), options)
    return FieldSpec(named.strip(), type_, personalisation_tag(key_of(named) or key), options)
