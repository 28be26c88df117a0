"""What an asset shows of itself: owners and columns, from the declarations."""

from __future__ import annotations

import re
from collections.abc import Sequence

import dagster as dg
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ac_pipeline.model.declaration import Declaration, Declarations, Kind
from ac_pipeline.model.events import EventStream
from ac_pipeline.model.properties import CONTACT_COLUMNS, USER_ID

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_ABOUT = {
    "user_id": "The person's key; without it the e-mail address is.",
    "email": "The contact key, trimmed and in lower case.",
    "first_name": "Standard field.",
    "last_name": "Standard field.",
    "phone": "Standard field.",
    "tags": "Tags that the contact has because of its row.",
    "tags_reset": "Whether other tags are taken off whenever these change.",
    "lists": "Lists and the state on each.",
}


def owners_of(declaration: Declaration | EventStream) -> list[str]:
    """Return the owner as Dagster takes it: an address as it is, anything else as a team."""
    if not declaration.owner:
        return []
    return [declaration.owner if _EMAIL.fullmatch(declaration.owner) else f"team:{declaration.owner}"]


def declared_columns(declaration: Declaration, dialect: str) -> dg.TableSchema:
    """Return the columns that are used of a query's result."""
    if declaration.kind is Kind.CONTACTS:
        selected = _selected(declaration, dialect)
        names = [name for name in (USER_ID, *CONTACT_COLUMNS) if selected is None or name in selected]
        return _schema([(name, "text", _ABOUT[name]) for name in dict.fromkeys(names)])
    selected = _selected(declaration, dialect) or frozenset({"user_id"})
    key = "user_id" if "user_id" in selected else "email"
    columns = [(key, "text", "A member." if declaration.kind is Kind.AUDIENCE else "Whose value it is.")]
    if declaration.kind is Kind.TRAIT:
        columns.append(("value", declaration.value_type.value, _options(declaration)))
    return _schema(columns)


def destination_columns(declarations: Declarations) -> dg.TableSchema:
    """Return what a contact in ActiveCampaign has because of the declarations."""
    columns = [("email", "contact key", _ABOUT["email"])]
    if declarations.destination.user_id_field:
        columns.append((declarations.destination.user_id_field, "text field", "The user id."))
    for audience in declarations.audiences:
        said = audience.membership
        about = audience.description or audience.name
        if said.field:
            columns.append((audience.name, "dropdown field: true, false", about))
        if said.tag:
            columns.append((said.tag, "tag", f"On members of {audience.name}."))
        if said.list:
            columns.append((said.list.list, "list", f"Members of {audience.name} are subscribed to it."))
    columns += [
        (trait.field or trait.name, f"{trait.value_type.value} field", trait.description or trait.name)
        for trait in declarations.traits
    ]
    return _schema(columns)


SNAPSHOT_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("property", "text", "Audience, trait or column of the contacts."),
        dg.TableColumn("contact", "id", "The contact's dense id; the store knows the user id."),
        dg.TableColumn("value", "text", "`true` for a member, a trait's value, a column's value."),
        dg.TableColumn("valid_from, valid_to", "timestamp", "From which computed window until which it holds."),
    ]
)
CHANGE_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("as_of", "timestamp", "End of the window."),
        dg.TableColumn("audience or trait", "text", "The declaration."),
        dg.TableColumn("user_id", "text", "Whose membership or value changed."),
        dg.TableColumn("change", "text", "`entered` or `exited`; of a trait old and new value."),
    ]
)


def _selected(declaration: Declaration, dialect: str) -> frozenset[str] | None:
    """Return the names of a query's columns; None where only the warehouse knows them."""
    try:
        tree = sqlglot.parse_one(declaration.query.text, read=dialect)
    except SqlglotError:
        return None
    if not isinstance(tree, exp.Query) or tree.is_star:
        return None
    return frozenset(name.lower() for name in tree.named_selects)


def _options(declaration: Declaration) -> str:
    options = ", ".join(declaration.choices.options)
    return f"The value; one of {options}." if options else "The value."


def _schema(columns: Sequence[tuple[str, str, str]]) -> dg.TableSchema:
    return dg.TableSchema(columns=[dg.TableColumn(name, kind, about) for name, kind, about in columns])
