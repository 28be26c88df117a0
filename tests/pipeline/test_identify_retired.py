"""Retired declarations, explicit `false`, and people who vanish."""

from __future__ import annotations

from pipeline.pipeline_account import ACTIVE, UNSUBSCRIBED, WRITES
from pipeline.pipeline_support import Company, Service, customer, person

EVERYTHING = {"tag": "Reader", "list": {"list": "News", "unsubscribe_on_exit": True}}


def test_a_retired_declaration_sends_nothing_in_either_direction(company: Company, account: Service) -> None:
    """Its members keep field, tag and list; so do those who would have left; `status` names it."""
    account.create_list("News")
    company.audience("Readers", "1", "2", membership=EVERYTHING)
    company.trait("Points", "number", {"1": 5, "2": 5}, stored="integer", nulls="clear")
    company.people(person("1"), person("2"), person("3"))
    company.members("buyers", "1", "2", "3")
    company.sync()
    account.forget_requests()
    company.retire("audiences/readers")
    company.retire("traits/points")
    company.members("readers", "2", "3")
    company.sync_later()

    assert account.requests(*WRITES) == []
    assert account.told()["u1@example.com"] == {"Buyers": "true", "Readers": "true", "Points": "5"}
    assert (account.tags("u1@example.com"), account.lists("u1@example.com")) == ({"Reader"}, {"News": ACTIVE})
    status = company.run("status", "--json")
    assert [row["declaration"] for row in status.json["retired"]] == ["points", "readers"]


def test_retire_to_false_tells_the_exits(company: Company, account: Service) -> None:
    """`ac-pipeline retire KEY --to-false`: field, tag and, where the declaration said so, list.

    What another declaration still says stays: a shared tag.
    """
    account.create_list("News")
    company.audience("Readers", "1", "2", membership=EVERYTHING)
    company.audience("Buyers", "1", "2", "3", membership={"field": True})
    company.audience("Subscribers", "2", membership={"field": False, "tag": "reader"})
    company.people(person("1"), person("2"), person("3"))
    company.sync()
    company.retire("audiences/readers")
    company.sync_later()
    ended = company.run("retire", "readers", "--to-false")
    company.sync_later()

    assert ended.code == 0
    for email, tags in (("u1@example.com", set()), ("u2@example.com", {"Reader"})):
        assert account.told()[email] == {"Buyers": "true", "Readers": "false"}
        assert ({tag.title() for tag in account.tags(email)}, account.lists(email)) == (tags, {"News": UNSUBSCRIBED})
    assert account.told()["u3@example.com"] == {"Buyers": "true"}
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []


def test_only_what_is_retired_can_be_told_false(company: Company, account: Service) -> None:
    """An unknown key and one whose file is there are refused, and nothing is sent."""
    company.people(person("1"))
    company.members("buyers", "1")
    company.sync()
    account.forget_requests()
    unknown, declared = company.run("retire", "nobody", "--to-false"), company.run("retire", "buyers", "--to-false")
    company.sync_later()

    assert unknown.code == 12
    assert declared.code not in (0, 1)
    assert account.requests() == []
    assert account.told() == {"u1@example.com": {"Buyers": "true"}}


def test_a_declaration_that_comes_back_goes_on(company: Company, account: Service) -> None:
    """The difference to what was acknowledged is sent, those who left meanwhile included."""
    company.audience("Readers", "1", "2", membership={"tag": "Reader"})
    company.people(person("1"), person("2"), person("3"))
    company.members("buyers", "1", "2", "3")
    company.sync()
    company.retire("audiences/readers")
    company.sync_later()
    company.audience("Readers", "2", "3", membership={"tag": "Reader"})
    account.forget_requests()
    company.sync_later()

    told = {email: (fields.get("Readers"), account.tags(email)) for email, fields in account.told().items()}
    assert told == {
        "u1@example.com": ("false", set()), "u2@example.com": ("true", {"Reader"}),
        "u3@example.com": ("true", {"Reader"}),
    }  # fmt: skip


def test_explicit_false_is_told_to_contacts_who_never_were_members(company: Company, account: Service) -> None:
    """Only to contacts; by default who never was a member gets nothing."""
    company.audience("Readers", "1", membership={"explicit_false": True})
    company.people(person("1"), person("2"), person("3"))
    company.members("buyers", "1", "2")
    company.sync()
    company.sync_later()  # who became a contact in this run may be told by the next

    assert account.told() == {
        "u1@example.com": {"Buyers": "true", "Readers": "true"},
        "u2@example.com": {"Buyers": "true", "Readers": "false"},
    }
    company.members("buyers", "1", "2", "3")
    company.sync_later()
    assert account.told()["u3@example.com"] == {"Buyers": "true", "Readers": "false"}
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []


def test_a_user_who_vanishes_is_told_every_exit_and_keeps_the_rest(company: Company, account: Service) -> None:
    """Out of the contacts and all audiences: field false, tags off, list left where asked; nobody is deleted."""
    account.create_list("News")
    company.audience("Readers", "0", "1", membership=EVERYTHING)
    company.trait("Points", "number", {"0": 5, "1": 5}, stored="integer")
    company.customers(customer("0", tags="VIP", phone="555"), customer("1", tags="VIP", phone="555"))
    company.sync()
    company.members("readers", "0")
    company.trait("Points", "number", {"0": 5}, stored="integer")
    company.customers(customer("0", tags="VIP", phone="555"))
    company.sync_later()

    assert account.contacts()["u1@example.com"] == {
        "id": account.id_of("u1@example.com"), "first_name": "First1", "phone": "555", "Readers": "false",
        "Points": "5",
    }  # fmt: skip
    assert account.lists("u1@example.com") == {"News": UNSUBSCRIBED}
    assert "Reader" not in account.tags("u1@example.com")
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []
