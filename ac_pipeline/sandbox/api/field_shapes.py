"""The shapes of fields, options and relations (reference, section 7)."""

from __future__ import annotations

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables.field_parts import Option, Relation
from ac_pipeline.sandbox.tables.fields import Field
from ac_pipeline.sandbox.wire import Json


def listed(account: Account, field: Field, options: list[Option], relations: list[Relation]) -> dict[str, Json]:
    """The shape of reads. `options` and `relations` may be those of many fields."""
    return {
        **_head(field),
        "show_in_list": field.show_in_list,
        "rows": field.rows,
        "cols": field.cols,
        "visible": field.visible,
        "service": field.service,
        "ordernum": str(field.ordernum),
        "cdate": account.time.iso(field.created_at),
        "udate": account.time.iso(field.updated_at),
        "created_timestamp": account.time.plain(field.created_at),
        "updated_timestamp": account.time.plain(field.updated_at),
        "created_by": None,
        "updated_by": None,
        "options": [str(option.id) for option in options if option.field == field.id],
        "relations": [str(relation.id) for relation in relations if relation.field == field.id],
        "links": _links(account, field),
        "id": str(field.id),
    }


def created(account: Account, field: Field) -> dict[str, Json]:
    """The shape of the answer to POST: `ordernum` is a number here."""
    head = _head(field)
    return {
        **{key: head[key] for key in ("title", "type", "descript", "isrequired", "perstag", "defval")},
        "visible": field.visible,
        "created_by": None,
        "updated_by": None,
        "cdate": account.time.iso(field.created_at),
        "udate": account.time.iso(field.updated_at),
        "ordernum": field.ordernum,
        "links": _links(account, field),
        "id": str(field.id),
    }


def option(account: Account, row: Option) -> dict[str, Json]:
    """The shape of reads of an option."""
    return {
        "field": str(row.field),
        "orderid": str(row.orderid),
        "value": row.value,
        "label": row.label,
        "isdefault": str(row.isdefault),
        "cdate": account.time.iso(row.created_at),
        "udate": account.time.iso(row.updated_at),
        "links": {"field": account.link(f"fieldOptions/{row.id}/field")},
        "id": str(row.id),
    }


def relation(account: Account, row: Relation) -> dict[str, Json]:
    """The shape of reads of a relation; its links are an empty array."""
    return {
        "field": str(row.field),
        "relid": str(row.relid),
        "dorder": "0",
        "cdate": account.time.iso(row.created_at),
        "links": [],
        "id": str(row.id),
    }


def _head(field: Field) -> dict[str, Json]:
    return {
        "title": field.title,
        "descript": field.descript,
        "type": field.type,
        "isrequired": field.isrequired,
        "perstag": field.perstag,
        "defval": field.defval,
    }


def _links(account: Account, field: Field) -> dict[str, Json]:
    return {name: account.link(f"fields/{field.id}/{name}") for name in ("options", "relations")}
