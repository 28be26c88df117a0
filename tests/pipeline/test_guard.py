"""The guard: an empty table or a mass exit reaches nobody before a person has looked."""

from __future__ import annotations

from pipeline.pipeline_support import READERS, Company, Service


def test_an_empty_result_is_held_until_a_person_releases_it(company: Company, account: Service) -> None:
    """The command says so with its own exit code, the rest goes on, and the sync after the release delivers."""
    company.declare("audiences/readers", READERS)
    company.crowd(3)
    company.members("buyers", "1", "2")
    company.sync()

    company.members("buyers")
    company.members("readers", "3")
    ended = company.run_sync()

    assert ended.code == 11
    assert "buyers: returned nothing, after 2 contacts before" in ended.out
    assert "ac-pipeline release buyers" in ended.out
    assert account.told() == {
        "u1@example.com": {"Buyers": "true"},
        "u2@example.com": {"Buyers": "true"},
        "u3@example.com": {"Readers": "true"},
    }
    assert [row["declaration"] for row in company.run("status", "--json").json["held"]] == ["buyers"]

    wrong = company.run("release", "readers")
    assert (wrong.code, "`readers` is not held; held now: buyers" in wrong.err) == (12, True)

    account.forget_requests()
    released = company.run("release", "buyers", "--json")
    assert (released.code, released.json["before"], released.json["after"]) == (0, 2, 0)
    assert account.requests() == []
    assert company.run("status", "--json").json["held"] == []

    report = company.sync()
    assert (report.delivery.acknowledged, report.held, report.needs_attention) == (2, (), False)
    assert account.told()["u1@example.com"] == {"Buyers": "false"}


def test_a_mass_exit_is_held_and_fewer_are_not(company: Company, account: Service) -> None:
    """The default: more than 30 % of at least 50 members; entries of the same result wait with it."""
    users = company.crowd(52)
    company.members("buyers", *users[:50])
    company.sync()

    company.members("buyers", *users[:34], users[51])
    report = company.sync_later()

    assert [(held.key, held.before, held.exits) for held in report.held] == [("buyers", 50, 16)]
    assert "32%" in report.held[0].reason
    assert report.needs_attention
    assert report.delivery.planned == 0
    assert {told["Buyers"] for told in account.told().values()} == {"true"}

    company.members("buyers", *users[:35])
    report = company.sync_later()

    assert (report.held, report.exited, report.delivery.acknowledged) == ((), 15, 15)
    assert [told["Buyers"] for told in account.told().values()].count("false") == 15


def test_a_declaration_may_have_limits_of_its_own(company: Company, account: Service) -> None:
    """`guard:` of one audience; destination.yaml for all others."""
    company.declare("destination", "guard: {max_exit_share: 0.5, min_members: 2}\n")
    company.declare("audiences/readers", READERS + "guard: {max_exit_share: 1}\n")
    company.crowd(3)
    company.members("buyers", "1", "2", "3")
    company.members("readers", "1", "2", "3")
    company.sync()

    company.members("buyers", "1")
    company.members("readers", "1")
    report = company.sync_later()

    assert [held.key for held in report.held] == ["buyers"]
    assert account.told()["u3@example.com"] == {"Buyers": "true", "Readers": "false"}


def test_empty_contacts_are_held_and_members_keep_their_address(company: Company, account: Service) -> None:
    """A half-loaded customers table loses nobody: exits can still be told."""
    company.crowd(2)
    company.members("buyers", "1", "2")
    company.sync()

    company.people()
    company.members("buyers", "1")
    report = company.sync_later()

    assert [held.key for held in report.held] == ["contacts"]
    assert account.told() == {"u1@example.com": {"Buyers": "true"}, "u2@example.com": {"Buyers": "false"}}
