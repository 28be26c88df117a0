"""Things people do that must not end in a mass removal, a lost exit, or values in the wrong place."""

from __future__ import annotations

import uuid
from datetime import timedelta

import httpx
import pytest

from ac_pipeline.errors import Inconsistent, OwnerMustAct
from ac_pipeline.sync.approval import release
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import POINTS, READERS, Company, Service, person


def call(account: Service, method: str, path: str, body: object = None) -> httpx.Response:
    """Do something in the account as a marketer would."""
    return httpx.request(
        method, f"{account.sandbox.url}/api/3/{path}", json=body, headers={"Api-Token": account.sandbox.api_key}
    ).raise_for_status()


def rekeyed(user: str) -> tuple[str | None, str | None, str | None, str | None, str | None]:
    """Return the same person under another user id."""
    return ("C-" + user, *person(user)[1:])


@pytest.mark.parametrize("members_too", [True, False])
def test_users_who_all_get_other_ids_are_told_nothing(company: Company, account: Service, members_too: bool) -> None:
    """A migration of ids looks like everybody leaving: it is held, and nobody is told `false` meanwhile."""
    users = company.crowd(60)
    company.members("buyers", *users)
    company.sync()
    account.forget_requests()
    company.people(*(rekeyed(user) for user in users))
    if members_too:
        company.members("buyers", *("C-" + user for user in users))
    report = company.sync_later()
    assert "contacts" in {held.key for held in report.held}
    assert account.sent() == 0
    assert {fields["Buyers"] for fields in account.told().values()} == {"true"}


def test_an_exit_is_told_although_somebody_changed_the_address_over_there(company: Company, account: Service) -> None:
    """Two users that turn out to be one contact: what the second was told is not forgotten."""
    company.declare("audiences/readers", READERS)
    company.people(person("1"), person("2"), person("3"))
    company.members("buyers", "1")
    company.sync()
    call(account, "PUT", "contacts/1", {"contact": {"email": "u2@example.com"}})
    company.members("readers", "2", "3")
    company.sync_later()
    company.members("readers", "3")
    company.sync_later()
    company.sync_later()
    assert account.told()["u2@example.com"]["Readers"] == "false"


def test_a_contact_deleted_over_there_is_whole_again_in_the_same_run(company: Company, account: Service) -> None:
    """Made again by its next change, it is told everything it was, not the change alone."""
    company.declare("traits/points", POINTS)
    company.crowd(1)
    company.members("buyers", "1")
    company.points({"1": 1})
    company.sync()
    call(account, "DELETE", "contacts/1")
    company.points({"1": 2})
    company.sync_later()
    assert account.told() == {"u1@example.com": {"Buyers": "true", "Points": "2"}}


def test_two_declarations_never_share_a_field(company: Company, account: Service) -> None:
    """One found by its tag, the other by its title: refused by name, before anything is sent."""
    call(account, "POST", "fields", {"field": {"title": "Points", "type": "text", "perstag": "BUYERS"}})
    company.declare("traits/points", POINTS.replace("type: number", "type: text"))
    company.crowd(1)
    company.members("buyers", "1")
    with pytest.raises(OwnerMustAct, match=r"buyers and points are both the field %BUYERS%"):
        company.sync()
    assert account.contacts() == {}


def test_a_field_of_another_type_is_refused_before_anything_is_sent(company: Company, account: Service) -> None:
    """ActiveCampaign stores whatever it is given; a marketer's number field must not get `true`."""
    call(account, "POST", "fields", {"field": {"title": "Buyers", "type": "number"}})
    company.crowd(1)
    company.members("buyers", "1")
    with pytest.raises(OwnerMustAct, match="buyers is dropdown, but its field is of type number"):
        company.sync()
    assert account.contacts() == {}


def test_a_text_field_that_is_there_already_serves(company: Company, account: Service) -> None:
    """It holds `true` and `false` as well as a dropdown does."""
    call(account, "POST", "fields", {"field": {"title": "Buyers", "type": "text"}})
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()
    assert account.told() == {"u1@example.com": {"Buyers": "true"}}


def test_a_held_window_computed_again_unseen_is_not_released(company: Company, account: Service) -> None:
    """An older held window can be recomputed after newer ones: the numbers must match those that are shown."""
    users = company.crowd(60)
    company.members("buyers", *users)
    company.sync()
    company.members("buyers", *users[:30])
    company.clock.next_window()
    held = company.window()
    company.sync()
    company.run_sql("alter table buyers rename to away")
    company.clock.next_window()
    company.sync()
    company.run_sql("alter table away rename to buyers")
    company.members("buyers", "1")
    company.sync(held)

    def accept() -> None:
        with open_session(company.settings(), kind="release", run_id=str(uuid.uuid4()), clock=company.clock) as session:
            release(session.store, session.declarations, session.ids, "buyers")

    with pytest.raises(Inconsistent, match="computed again after it was held"):
        accept()
    accept()
    company.sync()
    assert [told["Buyers"] for told in account.told().values()].count("false") == 59


def test_a_clock_that_was_ahead_asks_for_attention(company: Company, account: Service) -> None:
    """Nothing can be sent until time catches up: the run says which window is in the way."""
    company.crowd(1)
    company.members("buyers", "1")
    company.clock.moment += timedelta(days=30)
    company.sync()
    company.clock.moment -= timedelta(days=30)
    report = company.sync()
    assert report.needs_attention
    assert "2024-03-31" in report.delivery.skipped
