"""Values that a script gives, in the one text form that the warehouse's have; by the same SQL."""

from __future__ import annotations

from dataclasses import dataclass, field

from ac_pipeline.model.declaration import ValueType
from ac_pipeline.store import canonical, canonical_lists, canonical_sets
from ac_pipeline.store.store import Store

_V, _JSON = "v", "JSON"


@dataclass(frozen=True, slots=True)
class Read:
    """A value as text; None where there is none. `fault` is why it cannot be used, a kind of problem."""

    text: str | None = field(repr=False)
    fault: str | None = None


def read_value(store: Store, json: str, value_type: ValueType) -> Read:
    """Read a value of a trait, as JSON."""
    if value_type is ValueType.MULTI_CHOICE:
        return _read(store, json, canonical_sets.multi_choice(_V, _JSON), canonical_sets.multi_choice_fault(_V, _JSON))
    value, fault = canonical.value(_V, value_type, _JSON), canonical.fault(_V, value_type, _JSON)
    return _read(store, json, value, fault)


def read_user_id(store: Store, json: str) -> Read:
    """Read a user id, which is a text or a whole number."""
    return _read(store, json, canonical.user_id(_V, _JSON), canonical.fault(_V, ValueType.TEXT, _JSON))


def read_email(store: Store, json: str) -> Read:
    """Read an address as the contact key: trimmed, in lower case."""
    email = canonical.email(f"({_V} ->> '$')")
    wrong = f"case when not regexp_full_match({email}, $pattern) then 'invalid_email' end"
    return _read(store, json, email, wrong, pattern=canonical.EMAIL_PATTERN)


def read_tags(store: Store, json: str) -> Read:
    """Read tags as a JSON array, each once whatever its case."""
    return _read(store, json, canonical_sets.tags(_V, _JSON), canonical_sets.tags_fault(_V, _JSON))


def read_lists(store: Store, json: str) -> Read:
    """Read states on lists as a JSON object: name in lower case, or id, to `active` or `unsubscribed`."""
    return _read(
        store, json, canonical_lists.value("entries"), canonical_lists.fault("entries", "present"),
        source=f"""select {canonical_lists.entries(_V, _JSON)} as entries,
            {canonical_lists.present(_V, _JSON)} as present from (select $json::json as v)""",
    )  # fmt: skip


def _read(
    store: Store, json: str, value: str, fault: str, source: str = "select $json::json as v", **names: object
) -> Read:
    row = store.connection.execute(
        f"""select if(fault is null, value, null), fault
        from (select {value} as value, {fault} as fault from ({source}))""",
        {"json": json, **names},
    ).fetchone()
    return Read(row[0], row[1]) if row else Read(None)
