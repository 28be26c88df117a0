"""Writing a custom field value, with all that is not known about it (reference, section 7.3)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.switches import EmptyValue
from ac_pipeline.sandbox.tables import field_parts, field_values
from ac_pipeline.sandbox.tables.field_values import FieldValue
from ac_pipeline.sandbox.tables.fields import Field
from ac_pipeline.sandbox.wire import text

_CHOICES = ("dropdown", "radio", "listbox", "checkbox")


def put(
    account: Account, contact: int, field: Field, sent: object, now: int, *, empty: EmptyValue
) -> tuple[FieldValue, bool] | None:
    """Write a value as sent; also returns whether its row is new. None when no row was written.

    `empty` says what "" does; null is as its switch has it.
    """
    value = text(sent)
    meant = account.switches.null_value if sent is None else empty
    if value == "" and meant == "ignored":
        return None
    if value == "" and meant == "removed":
        field_values.remove_of(account.db, contact, field.id)
        return None
    if account.switches.choices == "checked" and field.type in _CHOICES:
        _check(account, field, value)
    return field_values.write(account.db, contact, field, value[: account.switches.text_limit], now, account.time)


def _check(account: Account, field: Field, value: str) -> None:
    options = {option.value for option in field_parts.options(account.db, [field.id])}
    if not {part for part in value.split("||") if part} <= options:
        raise refusals.not_an_option()
