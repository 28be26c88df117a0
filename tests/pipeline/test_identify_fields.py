"""How declarations find the account's custom fields, and what is said before anything is sent."""

from __future__ import annotations

import pytest

from ac_pipeline.errors import OwnerMustAct
from pipeline.pipeline_account import WRITES
from pipeline.pipeline_support import POINTS, Company, Service, person


def one_member(company: Company) -> None:
    """Let there be something to send."""
    company.people(person("1"))
    company.members("buyers", "1")


def test_missing_fields_with_creation_off_are_all_named_before_anything_is_sent(
    company: Company, account: Service
) -> None:
    """`create_fields: false`; with the fields there, the same declarations work."""
    company.destination(create_fields=False)
    company.trait("Shirt Size", "text", {"1": "M"})
    company.declare("traits/points", POINTS)
    account.create_field("Points", "number")
    one_member(company)
    account.forget_requests()
    with pytest.raises(OwnerMustAct) as raised:
        company.sync()

    said = str(raised.value).upper()
    assert [name for name in ("BUYERS", "SHIRT_SIZE", "USER ID") if name not in said] == []
    assert "POINTS" not in said
    assert account.requests(*WRITES, "POST /fields", "POST /tags") == []

    account.create_field("User ID")
    account.create_field("Buyers")
    account.create_field("%SHIRT_SIZE%")
    company.sync_later()
    assert account.told()["u1@example.com"] == {"Buyers": "true", "%SHIRT_SIZE%": "M"}


def test_a_name_that_fits_two_fields_is_an_error_before_anything_is_sent(company: Company, account: Service) -> None:
    """Declaration and both fields are named; `field:` in the declaration settles it."""
    account.create_field("shirt size", tag="ONE")
    account.create_field("ShirtSize", tag="TWO")
    company.trait("Shirt Size", "text", {"1": "M"})
    company.trait("Other", "text", {"1": "x"})
    one_member(company)
    with pytest.raises(OwnerMustAct) as raised:
        company.sync()
    said = str(raised.value)
    assert "shirt_size" in said
    assert "ONE" in said or "shirt size" in said
    assert "TWO" in said or "ShirtSize" in said
    assert (account.contacts(), "Other" in account.fields()) == ({}, False)

    company.trait("Shirt Size", "text", {"1": "M"}, field="%two%")
    company.sync_later()
    assert account.told()["u1@example.com"] == {"Buyers": "true", "ShirtSize": "M", "Other": "x"}


def test_field_names_a_custom_field_that_the_name_does_not_say(company: Company, account: Service) -> None:
    """By title or by tag; one that is not there is created with that title."""
    account.create_field("Revenue so far", "number", tag="LTV")
    account.create_field("Wears", tag="CLOTHES")
    company.trait("Lifetime Value", "number", {"1": "5"}, field="%LTV%")
    company.trait("Shirt Size", "text", {"1": "M"}, field="wears")
    company.trait("Colour", "text", {"1": "red"}, field="Favourite colour")
    one_member(company)
    company.sync()

    assert account.told()["u1@example.com"] == {
        "Buyers": "true", "Revenue so far": "5", "Wears": "M", "Favourite colour": "red",
    }  # fmt: skip


def test_all_that_is_wrong_with_fields_is_said_at_once(company: Company, account: Service) -> None:
    """A type that does not fit, an ambiguity and a shared field: one error, nothing created, nothing sent."""
    account.create_field("Born", "number")
    account.create_field("Shirt Size", tag="ONE")
    account.create_field("shirt_size", tag="TWO")
    company.trait("Born", "date", {"1": "1999-12-31"})
    company.trait("Shirt Size", "text", {"1": "M"})
    company.trait("New", "text", {"1": "x"})
    one_member(company)
    with pytest.raises(OwnerMustAct) as raised:
        company.sync()

    said = str(raised.value)
    assert [key for key in ("born", "shirt_size") if key not in said] == []
    assert account.requests(*WRITES, "POST /tags") == []
    assert set(account.fields()) == {"Born", "Shirt Size", "shirt_size"}


def test_fields_that_are_there_already_are_not_made_again_and_miss_no_option(
    company: Company, account: Service
) -> None:
    """A dropdown somebody made with `true` alone gets its `false`."""
    account.create_field("Buyers", "dropdown", options=["true"])
    account.create_field("Size", "radio", options=["S"])
    company.trait("Size", "choice", {"1": "M"}, options=["S", "M"])
    one_member(company)
    company.sync()

    fields = account.fields()
    assert set(fields["Buyers"]["options"]) == {"true", "false"}
    assert (fields["Size"]["type"], set(fields["Size"]["options"])) == ("radio", {"S", "M"})
    assert account.told()["u1@example.com"] == {"Buyers": "true", "Size": "M"}
