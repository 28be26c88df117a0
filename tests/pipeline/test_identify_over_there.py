"""What people change in the account itself: an exit creates nobody, and leaving says no more than was said."""

from __future__ import annotations

import pytest

from pipeline.pipeline_account import BOUNCED, UNCONFIRMED
from pipeline.pipeline_support import Company, Service, person


@pytest.mark.parametrize("import_from", [2, 1000])
def test_an_exit_finds_a_contact_whose_address_was_changed_over_there(
    company: Company, account: Service, import_from: int
) -> None:
    """By import as by single calls: nobody new is created by a `false`, the person that left is told, and keeps it."""
    company.declare("destination", f"guard: {{max_exit_share: 1}}\nimport_from: {import_from}\n")
    users = company.crowd(4)
    company.members("buyers", *users)
    company.sync()
    account.move("u3@example.com", "x3@example.com")
    company.members("buyers", "1")
    company.sync_later()

    left = {email: {"Buyers": "false"} for email in ("u2@example.com", "x3@example.com", "u4@example.com")}
    assert account.told() == {**left, "u1@example.com": {"Buyers": "true"}}


def test_leaving_does_not_touch_who_never_was_subscribed(company: Company, account: Service) -> None:
    """Who bounced or did not confirm was refused; when they leave the audience they stay what they are."""
    news = account.create_list("News")
    states = {"1": BOUNCED, "2": UNCONFIRMED}
    for user, state in states.items():
        account.create(f"u{user}@example.com")
        account.put_on_list(f"u{user}@example.com", news, state)
    company.people(*(person(user) for user in ("1", "2", "3")))
    company.declare("destination", "guard: {max_exit_share: 1}\n")
    company.audience("Buyers", "1", "2", "3", membership={"list": {"list": "News", "unsubscribe_on_exit": True}})
    company.sync()
    company.audience("Buyers", "3", membership={"list": {"list": "News", "unsubscribe_on_exit": True}})
    company.sync_later()

    assert {user: account.lists(f"u{user}@example.com")["News"] for user in states} == states
