"""Bodies of contacts, rows of imports and batches of them: read back as the service reads them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.activecampaign.payloads import (
    MOST_BYTES,
    MOST_ROWS,
    Batch,
    ContactChange,
    Unsendable,
    contact_body,
    import_row,
    pack,
)

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
emails = st.from_regex(r"[a-z0-9+._-]{1,20}@([a-z0-9]{1,10}\.){1,2}[a-z]{2,5}", fullmatch=True)
ids = st.integers(1, 10**6).map(str)
changes = st.builds(
    ContactChange,
    email=emails,
    first_name=st.none() | words,
    last_name=st.none() | words,
    phone=st.none() | words,
    fields=st.dictionaries(ids, words, max_size=5),
)
NAMES = ("first_name", "last_name", "phone")


def with_parts(change: ContactChange, tags: list[str], lists: list[str]) -> ContactChange:
    return ContactChange(
        change.email, change.first_name, change.last_name, change.phone, change.fields, tuple(tags),
        tuple(lists[::2]), tuple(set(lists[1::2]) - set(lists[::2])),
    )  # fmt: skip


@settings(deadline=None)
@given(change=changes)
def test_a_contact_comes_back(change: ContactChange) -> None:
    """Names in the camel case of contact/sync; what is None is absent, what is empty is there."""
    contact = json.loads(contact_body(change))["contact"]
    sent = [contact.get(name) for name in ("firstName", "lastName", "phone")]
    fields = {item["field"]: item["value"] for item in contact.get("fieldValues", [])}
    assert (contact["email"], sent, fields) == (
        change.email, [change.first_name, change.last_name, change.phone], dict(change.fields),
    )  # fmt: skip
    assert None not in contact.values()


@settings(deadline=None)
@given(change=changes, tags=st.lists(words.filter(str.strip)), lists=st.lists(ids, unique=True))
def test_an_import_row_comes_back(change: ContactChange, tags: list[str], lists: list[str]) -> None:
    """Names in snake case, ids as numbers, each tag once whatever its case."""
    change = with_parts(change, tags, lists)
    row = json.loads(import_row(change))
    assert [row.get(name) for name in NAMES] == [getattr(change, name) for name in NAMES]
    assert {str(item["id"]): item["value"] for item in row.get("fields", [])} == change.fields
    assert {tag.casefold() for tag in row.get("tags", [])} == {tag.strip().casefold() for tag in tags}
    assert len(row.get("tags", [])) == len({tag.casefold() for tag in row.get("tags", [])})
    for key in ("subscribe", "unsubscribe"):
        assert tuple(str(item["listid"]) for item in row.get(key, [])) == getattr(change, key)
    assert None not in row.values()


@settings(deadline=None)
@given(
    sizes=st.lists(st.sampled_from([2, 90, 2_000, 40_000, 200_000, 389_000]), max_size=40),
    many=st.sampled_from([0, 1, 249, 250, 251, 501]),
    exclude=st.booleans(),
)
def test_batches_hold_every_row_once_and_keep_the_limits(sizes: list[int], many: int, exclude: bool) -> None:
    """In order, nothing dropped, no batch too large, and none that the next row would have fitted into."""
    rows = [json.dumps("é" * (size // 2 - 1), ensure_ascii=False) for size in sizes] + ['{"email":"a@b.cd"}'] * many
    batches = list(pack(rows, exclude_automations=exclude))
    assert [row for batch in batches for row in batch.rows] == rows
    for batch, following in zip(batches, (*batches[1:], None), strict=False):
        size = len(batch.body.encode())
        assert 0 < len(batch.rows) <= MOST_ROWS
        assert size <= MOST_BYTES
        assert json.loads(batch.body)["exclude_automations"] is exclude
        if following and len(batch.rows) < MOST_ROWS:
            assert size + len(following.rows[0].encode()) + 2 > MOST_BYTES


def test_a_row_for_no_batch_is_refused() -> None:
    """One contact larger than a request."""
    with pytest.raises(Unsendable, match="390000 bytes"):
        list(pack(["x" * MOST_BYTES]))


def test_refused_rows_are_left_out_by_their_position() -> None:
    """Positions count from 1, as the service counts."""
    batch = Batch(("1", "2", "3", "4"), exclude_automations=True).without([1, 3, 9])
    assert batch == Batch(("2", "4"), exclude_automations=True)


def change(**parts: object) -> ContactChange:
    return ContactChange(**({"email": "ada@example.com"} | parts))  # type: ignore[arg-type]


def test_addresses_are_trimmed_and_in_lower_case() -> None:
    """So that one person does not become two."""
    assert json.loads(contact_body(change(email=" Foo@Example.TEST ")))["contact"]["email"] == "foo@example.test"


SECRET = "ada.lovelace"
REFUSED: list[tuple[Callable[[ContactChange], str], ContactChange, str]] = [
    (contact_body, change(email=SECRET), "email: no e-mail"),
    (contact_body, change(email=""), "email: no e-mail"),
    (contact_body, change(email=f"{SECRET} x@example.com"), "email: no e-mail"),
    (contact_body, change(email=f"{SECRET * 30}@example.com"), "email: longer than 254"),
    (contact_body, change(first_name=f"{SECRET}\0"), "first_name: has characters"),
    (contact_body, change(fields={"3": f"{SECRET}\ud800"}), "field 3: has characters"),
    (contact_body, change(tags=(SECRET,)), "tags and lists"),
    (contact_body, change(unsubscribe=("1",)), "tags and lists"),
    (import_row, change(email=f"{SECRET}'@example.com"), "bulk import refuses"),
    (import_row, change(email=f"{SECRET}@invaliddomain"), "bulk import refuses"),
    (import_row, change(tags=(" ",)), "tag: an empty name"),
    (import_row, change(fields={SECRET: "x"}), "field: an id that is no number"),
    (import_row, change(subscribe=(SECRET,)), "list: an id that is no number"),
    (import_row, change(subscribe=("1",), unsubscribe=("1",)), "at once"),
]


@pytest.mark.parametrize(("build", "given", "rule"), REFUSED)
def test_refusals_name_the_field_and_never_the_value(
    build: Callable[[ContactChange], str], given: ContactChange, rule: str
) -> None:
    """Before anything is sent, in error and repr."""
    with pytest.raises(Unsendable, match=rule) as caught:
        build(given)
    assert SECRET not in f"{caught.value} {caught.value!r}"


def test_no_repr_shows_a_person() -> None:
    """Neither of a change nor of a batch."""
    shown = repr(change(first_name="Ada", fields={"1": SECRET})) + repr(Batch((import_row(change()),)))
    assert not any(word in shown for word in ("ada", "Ada", "example"))
