"""Custom fields of declarations: found in whatever spelling, created once, refused all at once."""

from __future__ import annotations

import pytest

from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.account import Field
from ac_pipeline.model.declaration import Choices, Declaration, Membership, ValueType
from ac_pipeline.sync.fields import FieldsFound, ensure_fields, ensure_options
from unit.activecampaign.ac_connection import talk
from unit.activecampaign.scripted_server import scripted
from unit.activecampaign.small_account import SmallAccount
from unit.sync.sync_declarations import audience, declarations, trait

SIZES = ("S", "M", "L")
SHIRT = trait("Shirt Size", ValueType.CHOICE, choices=Choices(SIZES))


def ensure(account: SmallAccount, *of: Declaration, user_id: bool = False, **destination: object) -> FieldsFound:
    declared = declarations(*of, **destination)
    with scripted(then=account) as server:
        return talk(server.url, lambda client: ensure_fields(client, declared, with_user_id=user_id))


def refused(account: SmallAccount, *of: Declaration, user_id: bool = False, **destination: object) -> str:
    """Return why, after making sure that the account was only read."""
    declared = declarations(*of, **destination)
    with scripted(then=account) as server:
        with pytest.raises(OwnerMustAct) as refusal:
            talk(server.url, lambda client: ensure_fields(client, declared, with_user_id=user_id))
        assert {seen.method for seen in server.seen} == {"GET"}
    return refusal.value.message


def values(account: SmallAccount) -> list[str]:
    return [option["value"] for option in account.options]


@pytest.mark.parametrize(
    ("value_type", "field_type", "options"),
    [
        (ValueType.TEXT, "text", ()),
        (ValueType.TEXTAREA, "textarea", ()),
        (ValueType.NUMBER, "number", ()),
        (ValueType.BOOLEAN, "dropdown", ("true", "false")),
        (ValueType.DATE, "date", ()),
        (ValueType.DATETIME, "datetime", ()),
        (ValueType.CHOICE, "dropdown", SIZES),
        (ValueType.MULTI_CHOICE, "listbox", SIZES),
    ],
)
def test_a_missing_field_is_created_for_every_type(
    value_type: ValueType, field_type: str, options: tuple[str, ...]
) -> None:
    """With the title, the tag, the type and the options, and found again by the next run."""
    account = SmallAccount()
    chosen = value_type in {ValueType.CHOICE, ValueType.MULTI_CHOICE}
    declared = trait("Shirt size", value_type, choices=Choices(SIZES if chosen else ()))
    expected = Field("1", "Shirt size", field_type, "SHIRT_SIZE", options)
    assert ensure(account, declared) == FieldsFound({"shirt_size": expected}, frozenset({"shirt_size"}))
    assert ensure(account, declared) == FieldsFound({"shirt_size": expected}, frozenset())


def test_only_what_has_a_field_gets_one() -> None:
    """An audience told by its tag alone has none; the user id has one where it is asked for."""
    silent = audience("Silent", membership=Membership(field=False, tag="x"))
    assert set(ensure(SmallAccount(), silent, audience("Buyers")).by_key) == {"buyers"}
    assert ensure(SmallAccount(), user_id=True).by_key == {"user_id": Field("1", "User ID", "text", "USER_ID")}
    assert ensure(SmallAccount(), user_id=True, user_id_field="Customer-No").by_key["user_id"].perstag == "CUSTOMER_NO"
    assert ensure(SmallAccount(), user_id=True, user_id_field=None).by_key == {}


@pytest.mark.parametrize("name", ["shirtSize", "shirt_size", "SHIRT-SIZE"])
def test_a_field_is_found_in_whatever_spelling(name: str) -> None:
    """And nothing is created beside it."""
    account = SmallAccount()
    account.add("T-Shirt", "SHIRT_SIZE")
    assert ensure(account, trait(name)).by_key[trait(name).key].id == "1"
    assert len(account.fields) == 1


def test_ambiguous_fields_are_named_with_their_declaration() -> None:
    """One is like it by its tag, the other by its title: nobody but people can know."""
    account = SmallAccount()
    account.add("Size", "SHIRT_SIZE")
    account.add("shirt-size", "OTHER")
    message = refused(account, trait("Shirt Size"))
    assert "shirt_size may be Size (%SHIRT_SIZE%, id 1) or shirt-size (%OTHER%, id 2)" in message
    for named, number in (("%SHIRT_SIZE%", "1"), ("Shirt-Size", "2"), ("%other%", "2")):
        assert ensure(account, trait("Shirt Size", field=named)).by_key["shirt_size"].id == number


@pytest.mark.parametrize(
    ("named", "title", "perstag"),
    [("%EU_SIZE%", "Shirt", "EU_SIZE"), ("EU size", "EU size", "EU_SIZE"), ("尺寸", "尺寸", "SHIRT")],
)
def test_a_named_field_that_is_missing_is_created_as_named(named: str, title: str, perstag: str) -> None:
    """A tag in percent signs becomes the tag, anything else the title."""
    account = SmallAccount()
    created = ensure(account, trait("Shirt", field=named))
    assert created.by_key["shirt"] == Field("1", title, "text", perstag)
    assert ensure(account, trait("Shirt", field=named)).created == frozenset()


def test_a_new_field_is_never_like_another() -> None:
    """The service would answer with the other of that title, or the next run could not tell them apart."""
    account = SmallAccount()
    account.add("Shirt", "OLD")
    message = refused(account, trait("Shirt", field="%EU_SIZE%"))
    assert "a new field %EU_SIZE% for shirt would be like Shirt (%OLD%, id 1)" in message
    message = refused(SmallAccount(), trait("userId"), user_id=True)
    assert "userid and user_id would both be the field User ID" in message


def test_all_faults_come_at_once() -> None:
    """Missing, ambiguous, shared and unfit ones in one message, before anything is changed."""
    account = SmallAccount()
    for title, perstag, kind in [
        ("A", "A", "text"),
        ("a", "B", "text"),
        ("Points", "BUYERS", "text"),
        ("D", "D", "date"),
    ]:
        account.add(title, perstag, kind)
    declared = [audience("Buyers"), audience("New"), trait("A"), trait("d"), trait("Points"), trait("X", field="%Y%")]
    message = refused(account, *declared, user_id=True, create_fields=False)
    assert message == (
        "ActiveCampaign has no custom field for %NEW%, %Y%, User ID, and create_fields is off. "
        "Custom fields of ActiveCampaign are ambiguous: a may be A (%A%, id 1) or a (%B%, id 2). "
        "Custom fields of ActiveCampaign do not fit: buyers and points are both the field %BUYERS%; "
        "d is text, but its field is of type date. Nothing was sent."
    )


@pytest.mark.parametrize(
    ("value_type", "fits"),
    [
        (ValueType.TEXT, {"text", "textarea", "hidden"}),
        (ValueType.NUMBER, {"number", "text", "textarea", "hidden"}),
        (ValueType.BOOLEAN, {"dropdown", "radio", "text", "textarea", "hidden"}),
        (ValueType.CHOICE, {"dropdown", "radio", "text", "textarea", "hidden"}),
        (ValueType.MULTI_CHOICE, {"listbox", "checkbox", "text", "textarea", "hidden"}),
    ],
)
def test_a_field_of_another_type_serves_if_it_holds_the_values(value_type: ValueType, fits: set[str]) -> None:
    """What is not on the list is refused."""
    kinds = ["text", "textarea", "hidden", "number", "date", "datetime", "dropdown", "radio", "listbox", "checkbox"]
    for kind in kinds:
        account = SmallAccount()
        account.add("Shirt", "SHIRT", kind)
        if kind in fits:
            assert ensure(account, trait("Shirt", value_type)).by_key["shirt"].type == kind
        else:
            assert f"its field is of type {kind}" in refused(account, trait("Shirt", value_type))


@pytest.mark.parametrize(("kind", "options"), [("dropdown", ["S", "M", "L"]), ("radio", ["S", "M", "L"]), ("text", [])])
def test_declared_options_are_completed(kind: str, options: list[str]) -> None:
    """On a field that has options, and only where fields may be created."""
    account = SmallAccount()
    account.add("Shirt size", "SHIRT_SIZE", kind)
    ensure(account, SHIRT, create_fields=False)
    assert values(account) == []
    assert ensure(account, SHIRT).by_key["shirt_size"].options == tuple(options)
    assert values(account) == options


def test_options_that_values_need_are_added_once() -> None:
    """Behind those that are there; a text field takes any value."""
    account = SmallAccount()
    field = ensure(account, SHIRT).by_key["shirt_size"]
    with scripted(then=account) as server:
        grown = talk(server.url, lambda client: ensure_options(client, field, ("XL", "S", "XS", "XL")))
        assert grown.options == ("S", "M", "L", "XL", "XS")
        before = len(server.seen)
        assert talk(server.url, lambda client: ensure_options(client, grown, ("XS", "M"))) == grown
        text = Field("9", "T", "text", "T")
        assert talk(server.url, lambda client: ensure_options(client, text, ("a",))) == text
        assert len(server.seen) == before
    assert values(account) == ["S", "M", "L", "XL", "XS"]
