"""Values of custom fields as text and back, for each type the service has (reference, section 7.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import assert_never

from ac_pipeline.activecampaign.payloads.refusal import Unsendable
from ac_pipeline.model.account import Field, FieldType

Value = str | bool | int | float | Decimal | date | datetime | Sequence[str]
"""What may be sent to a field."""
Decoded = str | Decimal | date | datetime | tuple[str, ...] | None
"""What a field's text means: None where it holds nothing, or nothing that its type has."""

ALIASES = {"": FieldType.TEXT, "null": FieldType.TEXT, "multiselect": FieldType.LISTBOX}
"""Types of the reference that have no place of their own in FieldType."""
SEPARATOR = "||"
MOST_CHARACTERS = {FieldType.TEXTAREA: 10_000}
MOST_OTHERS = 255
"""Characters a field takes. The service documents no number; these are the reference's careful ones."""
_EMPTY_DATES = ("0000-00-00", "0000-00-00 00:00:00")


def encode(field: Field, value: Value | None) -> str:
    """Return the text that puts `value` into `field`; None and no choices empty it. Raises Unsendable."""
    if value is None:
        return ""
    text = _encoded(field, _type(field), value)
    check_text(field.title, text)
    most = MOST_CHARACTERS.get(_type(field), MOST_OTHERS)
    if len(text) > most:
        raise Unsendable(field.title, f"longer than {most} characters")
    return text


def decode(field: Field, text: str) -> Decoded:
    """Return what the service's text in `field` means. Raises Unsendable only for a type that is not known."""
    if text == "":
        return None
    match _type(field):
        case FieldType.TEXT | FieldType.TEXTAREA | FieldType.HIDDEN | FieldType.DROPDOWN | FieldType.RADIO:
            return text
        case FieldType.LISTBOX | FieldType.CHECKBOX:
            return tuple(choice for choice in text.split(SEPARATOR) if choice)
        case FieldType.NUMBER:
            return _number(text)
        case FieldType.DATE:
            return _date(text)
        case FieldType.DATETIME:
            return _datetime(text)
        case _ as never:
            assert_never(never)


def check_text(field: str, text: str) -> None:
    """Raise Unsendable for text that JSON or the service's database cannot carry."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Unsendable(field, "has characters that are no text")


def _encoded(field: Field, kind: FieldType, value: Value) -> str:
    match kind:
        case FieldType.TEXT | FieldType.TEXTAREA | FieldType.HIDDEN:
            return _text(field, value)
        case FieldType.DROPDOWN | FieldType.RADIO:
            return _choice(field, _text(field, value))
        case FieldType.LISTBOX | FieldType.CHECKBOX:
            return _choices(field, value)
        case FieldType.NUMBER:
            return _numeric(field, value)
        case FieldType.DATE:
            if isinstance(value, date) and not isinstance(value, datetime):
                return value.isoformat()
            raise Unsendable(field.title, "takes a date without a time")
        case FieldType.DATETIME:
            return _moment(field, value)
        case _ as never:
            assert_never(never)


def _type(field: Field) -> FieldType:
    name = field.type.strip().lower()
    try:
        return ALIASES.get(name) or FieldType(name)
    except ValueError:
        raise Unsendable(field.title, "a custom field of a type this version does not know") from None


def _text(field: Field, value: Value) -> str:
    """Return a value as text; true and false in lower case, moments in ISO 8601."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return _numeric(field, value)
        case datetime():
            return value.isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case _:
            raise Unsendable(field.title, "takes one value, not several")


def _moment(field: Field, value: Value) -> str:
    """Return a moment in UTC, whole seconds; the service turns it into the account's time zone."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Unsendable(field.title, "takes a moment with its time zone")
    try:
        return value.astimezone(UTC).isoformat(timespec="seconds")
    except OverflowError:
        raise Unsendable(field.title, "a moment outside the calendar") from None


def _numeric(field: Field, value: Value) -> str:
    """Return a number in digits, never with an exponent."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Unsendable(field.title, "takes a number")
    exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        raise Unsendable(field.title, "takes a finite number")
    if abs(exact.adjusted()) > MOST_OTHERS:
        raise Unsendable(field.title, f"longer than {MOST_OTHERS} characters")
    return format(exact, "f")


def _choices(field: Field, value: Value) -> str:
    """Return `||A||B||`, each choice once (reference: leading and trailing bars too)."""
    several = [value] if isinstance(value, str | bool | int | float | Decimal | date) else value
    chosen = dict.fromkeys(_choice(field, _text(field, item)) for item in several)
    return SEPARATOR.join(["", *chosen, ""]) if chosen else ""


def _choice(field: Field, choice: str) -> str:
    """Return a choice that can be told from its neighbours and, where the options are known, is one of them.

    The service checks neither: it stores what it gets (reference, section 7.3).
    """
    if not choice:
        raise Unsendable(field.title, "an empty choice")
    if SEPARATOR in choice or choice[0] == "|" or choice[-1] == "|":
        raise Unsendable(field.title, "a choice with the bars that separate choices")
    if field.options and choice not in field.options:
        raise Unsendable(field.title, "not one of the field's options")
    return choice


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _date(text: str) -> date | None:
    try:
        return None if text in _EMPTY_DATES else date.fromisoformat(text[:10])
    except ValueError:
        return None


def _datetime(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
