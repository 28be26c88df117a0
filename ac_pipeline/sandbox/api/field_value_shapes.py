"""The shapes of a custom field value (reference, sections 6.2 and 7.3)."""

from __future__ import annotations

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables.field_values import FieldValue
from ac_pipeline.sandbox.wire import Json


def full(account: Account, value: FieldValue, *, by: str | None = "0") -> dict[str, Json]:
    """The shape of reads; contact/sync has `by` None."""
    return _head(account, value) | {"created_by": by, "updated_by": by} | _tail(account, value)


def written(account: Account, value: FieldValue) -> dict[str, Json]:
    """The shape POST and PUT answer with; `owner` comes before `id` here."""
    tail = _tail(account, value)
    return _head(account, value) | {"links": tail["links"], "owner": tail["owner"], "id": tail["id"]}


def _head(account: Account, value: FieldValue) -> dict[str, Json]:
    return {
        "contact": str(value.contact),
        "field": str(value.field),
        "value": value.value,
        "cdate": account.time.iso(value.created_at),
        "udate": account.time.iso(value.updated_at),
    }


def _tail(account: Account, value: FieldValue) -> dict[str, Json]:
    links = {name: account.link(f"fieldValues/{value.id}/{name}") for name in ("owner", "field")}
    return {"links": links, "id": str(value.id), "owner": str(value.contact)}
