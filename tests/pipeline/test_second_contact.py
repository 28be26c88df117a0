"""An import is by address: whose address was changed over there gets a second contact, and nobody is forgotten."""

from __future__ import annotations

import pytest

from ac_pipeline.errors import OwnerMustAct
from pipeline.pipeline_support import Company, Service


def test_the_contact_that_has_the_address_is_the_users_and_the_other_one_is_told_the_exit(
    company: Company, account: Service
) -> None:
    """The old one is left behind as a former contact, whatever was said to the new one is said in full, once."""
    company.declare("destination", "import_from: 2\n")
    company.trait("Points", "number", dict.fromkeys(users := company.crowd(4), "1"))
    company.members("buyers", *users)
    company.sync()
    old = account.id_of("u3@example.com")
    account.move("u3@example.com", "x3@example.com")
    company.trait("Points", "number", dict.fromkeys(users, "2"))
    report = company.sync_later()

    told = {f"u{user}@example.com": {"Buyers": "true", "Points": "2"} for user in users}
    assert account.told() == {**told, "x3@example.com": {"Buyers": "false", "Points": "1"}}
    assert (report.delivery.unknown, report.delivery.rejected) == (0, 0)
    assert account.contacts()["x3@example.com"]["id"] == old
    ((user, kept, left),) = company.ask("select user_id, contact_kept, contact_left from conflicts")
    assert (user, kept, left) == ("3", account.id_of("u3@example.com"), old)
    account.forget_requests()
    assert company.sync_later().delivery.planned == 0
    assert account.requests() == []


def test_ids_that_a_sync_left_unread_are_read_by_the_page_before_anybody_is_looked_for(
    company: Company, account: Service
) -> None:
    """A first sync that is cut short after its imports knows no ids; who leaves then costs no look of their own."""
    company.declare("destination", "import_from: 2\n")
    company.members("buyers", *(users := company.crowd(30)))
    account.misbehave({"kind": "forbidden", "method": "GET", "path": "/contacts"})
    with pytest.raises(OwnerMustAct):
        company.sync()
    account.misbehave()
    assert len(account.told()) == len(users)

    company.members("buyers", *users[20:])
    account.forget_requests()
    company.sync_later()
    assert account.told() == {
        f"u{user}@example.com": {"Buyers": "true" if user in users[20:] else "false"} for user in users
    }
    pages = ["GET /contacts", "GET /contacts"]
    assert account.requests("GET /contacts") == pages, "whose the ids are; whether leavers have their addresses still"
