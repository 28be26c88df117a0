"""Saying again what was refused or acknowledged: `retry` and `resend`, by their commands and over whole syncs."""

from __future__ import annotations

import uuid
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ac_pipeline.sync import again
from ac_pipeline.sync.again import Resend
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_account import SUBSCRIBE, UNTAG
from pipeline.pipeline_support import SYNC, UPDATE, Company, Service, customer

BULK = "POST /import/bulk_import"
CALM = {"guard": {"max_exit_share": 1.0}}


def resend(company: Company, *keys: str) -> Resend:
    """Mark declarations in this process."""
    with open_session(company.settings(), kind="resend", run_id=str(uuid.uuid4()), clock=company.clock) as session:
        return again.resend(session.store, session.settings, session.declarations, keys)


def edit(account: Service, email: str, title: str, value: str) -> None:
    """Change a field of a contact over there, as a person in the account does."""
    field = account.fields()[title]["id"]
    body = {"contact": {"email": email, "fieldValues": [{"field": field, "value": value}]}}
    account.call("POST", "contact/sync", body)


def imports(company: Company) -> list[tuple[bool, int]]:
    """Return of each bulk import whether automations were kept from starting, and how many contacts it had."""
    return company.ask(
        """select batch.exclude_automations, count(*) from engine.batch
        join engine.attempt on attempt.batch_id = batch.batch_id
        group by batch.batch_id, batch.exclude_automations order by batch.batch_id"""
    )


# retry


def test_a_value_that_was_refused_is_sent_again_when_a_person_asks(company: Company, account: Service) -> None:
    """The list is there now, which nothing in the warehouse says: without `retry` it stays as it was."""
    company.customers(customer("1", lists='{"News": "active"}'), customer("2"))
    company.audience("Buyers", "1", "2")
    company.sync()
    assert account.lists("u1@example.com") == {}
    ((user, reason, aged),) = company.ask("select user_id, reason, age >= interval 0 seconds from rejections")
    assert (user, aged) == ("1", True)

    account.create_list("News")
    account.forget_requests()
    assert company.sync_later().delivery.planned == 0

    other = company.run("retry", "--reason", "e-mail")
    assert (other.code, "Nothing is refused for a reason with “e-mail”." in other.out) == (0, True)
    retried = company.run("retry", "--reason", "LIST")
    assert (retried.code, f"1 contacts  {reason}" in retried.out) == (0, True)
    assert account.requests() == []

    report = company.sync_later()
    assert account.lists("u1@example.com") == {"News": "active"}
    assert (report.delivery.acknowledged, len(account.requests(SUBSCRIBE)), account.sent()) == (1, 1, 0)
    assert company.run("retry", "--json").json == {"retried": {}}


def test_a_refused_contact_comes_back_whole_and_alone(company: Company, account: Service) -> None:
    """Nobody else is sent again; until somebody asks, it is not either."""
    company.members("buyers", *company.crowd(3))
    account.misbehave({"script": [None, "email_invalid"], "path": "/contact/sync"})
    assert company.sync().delivery.rejected == 1
    account.misbehave()
    account.forget_requests()
    assert (company.sync_later().delivery.planned, account.requests()) == (0, [])

    assert company.run("retry", "--json").json == {"retried": {"email_invalid": 1}}
    report = company.sync_later()

    assert account.told() == {f"u{number}@example.com": {"Buyers": "true"} for number in range(1, 4)}
    assert (report.delivery.acknowledged, account.requests(SYNC)) == (1, [SYNC])
    assert company.ask("from rejections") == []


# resend


def test_a_resend_repairs_what_was_changed_over_there_for_leavers_too(company: Company, account: Service) -> None:
    """Fields and tags, `true` and `false`; who was never told anything stays untouched, and nothing else is sent."""
    company.audience("Buyers", "1", "2", "3", membership={"tag": "Buyer"}, **CALM)
    company.crowd(4)
    account.create("u4@example.com")
    company.sync()
    company.members("buyers", "1", "2")
    company.sync_later()
    truth, tags = account.contacts(), {email: account.tags(email) for email in account.contacts()}
    assert truth["u3@example.com"]["Buyers"] == "false"

    edit(account, "u1@example.com", "Buyers", "false")
    edit(account, "u3@example.com", "Buyers", "true")
    edit(account, "u4@example.com", "Buyers", "true")
    account.untag("u2@example.com", "Buyer")
    account.tag("u3@example.com", "Buyer")
    account.forget_requests()
    assert company.sync_later().delivery.planned == 0

    assert company.run("resend", "buyers", "--yes").code == 0
    assert account.requests() == []
    report = company.sync_later()

    untouched = {"u4@example.com": {**truth["u4@example.com"], "Buyers": "true"}}
    assert account.contacts() == {**truth, **untouched}
    assert {email: account.tags(email) for email in truth} == tags
    assert report.delivery.acknowledged >= 3
    assert imports(company) == [(True, 3)], "an import keeps automations from starting"
    assert account.requests(BULK, SYNC, UNTAG) == [BULK, UNTAG], "only taking a tag off cannot be said by an import"
    account.forget_requests()
    assert (company.sync_later().delivery.planned, account.requests()) == (0, [])


def test_a_resend_says_beforehand_what_it_will_do_and_waits_for_yes(company: Company, account: Service) -> None:
    """Without `--yes` nothing is marked; the exit code says that something waits for a person."""
    company.members("buyers", *company.crowd(5))
    company.sync()
    account.forget_requests()

    asked = company.run("resend", "buyers")
    assert asked.code == 11
    assert "the next sync says 5 values again to 5 contacts, about 2 requests" in asked.out
    assert "--yes" in asked.out
    said = company.run("resend", "buyers", "--json")
    assert (said.code, said.json["contacts"], said.json["in_bulk"], said.json["marked"]) == (11, 5, 5, False)
    assert company.ask("select distinct state from acknowledged") == [("acknowledged",)]
    assert company.sync_later().delivery.planned == 0

    meant = company.run("resend", "buyers", "--yes", "--json")
    assert (meant.code, meant.json["marked"], meant.json["requests"]) == (0, True, 2)
    assert company.ask("select distinct state, reason from acknowledged") == [("unknown", "resend")]
    assert company.sync_later().delivery.acknowledged == 5
    assert (len(account.requests(BULK)), account.requests(SYNC)) == (1, [])


def test_what_nobody_was_told_is_not_resent(company: Company, account: Service) -> None:
    """A new audience, and names that no file declares."""
    company.crowd(2)
    company.sync()
    ended = company.run("resend", "buyers", "--yes")
    assert (ended.code, "nothing was ever told" in ended.out) == (0, True)

    wrong = company.run("resend", "buyers", "byers", "--yes")
    assert wrong.code == 12
    assert "Not declared: `byers`; declared are: contacts, buyers." in wrong.err
    assert company.sync_later().delivery.planned == 0
    assert account.requests() == []


def test_one_contact_alone_goes_by_a_single_call(company: Company, account: Service) -> None:
    """An import is for two contacts or more when everything in it was told before."""
    company.members("buyers", *company.crowd(1))
    company.sync()
    assert resend(company, "buyers").in_bulk == 0
    company.sync_later()
    assert (account.requests(SYNC, UPDATE), imports(company)) == ([SYNC, UPDATE], [])


def test_what_is_said_again_and_what_is_new_do_not_share_an_import(company: Company, account: Service) -> None:
    """Automations start for those who entered, and not for those who are told once more; the news goes first."""
    company.members("buyers", *company.crowd(30))
    company.audience("Readers")
    company.sync()
    company.members("readers", *[str(number) for number in range(2, 31, 2)])
    forecast = resend(company, "buyers")
    assert forecast.contacts == 30
    report = company.sync_later()

    assert report.delivery.acknowledged == 30
    assert imports(company)[1:] == [(False, 15), (True, 15)]


def test_a_held_audience_is_resent_as_it_was_approved_last(company: Company, account: Service) -> None:
    """Members are told `true` again, those who left before the hold `false`; nobody is taken out."""
    company.declare(
        "audiences/buyers",
        "name: Buyers\nguard: {min_members: 1, max_exit_share: 0.3}\n"
        "sql: select user_id from buyers where since <= :as_of",
    )
    users = company.crowd(6)
    company.members("buyers", *users)
    company.sync()
    company.members("buyers", *users[:5])
    company.sync_later()
    truth = account.told()
    company.members("buyers")
    assert [held.key for held in company.sync_later().held] == ["buyers"]

    for email, value in (("u1@example.com", "false"), ("u6@example.com", "true")):
        edit(account, email, "Buyers", value)
    ended = company.run("resend", "buyers", "--yes")
    assert (ended.code, "buyers is held" in ended.out) == (0, True)
    company.sync_later()

    assert account.told() == truth


def test_a_leaver_who_was_deleted_over_there_is_not_made_again(company: Company, account: Service) -> None:
    """A resend creates nobody who may not be created anyway."""
    company.audience("Buyers", *company.crowd(6), **CALM)
    company.sync()
    company.members("buyers", "1", "2", "3")
    company.sync_later()
    for number in (4, 5):
        account.delete(f"u{number}@example.com")

    resend(company, "buyers", "contacts")
    company.sync_later()

    assert account.told() == {
        **{f"u{number}@example.com": {"Buyers": "true"} for number in (1, 2, 3)},
        "u6@example.com": {"Buyers": "false"},
    }
    company.sync_later()  # asks once whether they are really gone
    account.forget_requests()
    assert (company.sync_later().delivery.planned, account.requests()) == (0, [])


def test_contacts_are_resent_without_their_addresses(company: Company, account: Service) -> None:
    """Names and user ids are repaired by import; the address is how a contact is found."""
    company.members("buyers", *company.crowd(3))
    company.sync()
    before, user_ids = account.contacts(), account.user_ids()
    account.call("POST", "contact/sync", {"contact": {"email": "u2@example.com", "firstName": "Wrong"}})
    edit(account, "u3@example.com", "User ID", "99")
    account.forget_requests()

    assert resend(company, "contacts").contacts == 3
    company.sync_later()

    assert (account.contacts(), account.user_ids()) == (before, user_ids)
    assert account.requests(BULK, SYNC, "PUT /contacts/{id}") == [BULK]


def test_members_whose_ids_no_import_ever_said_are_told_of_their_exit(company: Company, account: Service) -> None:
    """By one reading an import names only those it created: whoever was there before is looked up when it matters."""
    company.audience("Buyers", *company.crowd(12), **CALM)
    for number in range(1, 13):
        account.create(f"u{number}@example.com")
    account.switch(bulk_success="created")
    company.sync()
    assert company.ask("select count(*) from engine.remote_contact") == [(0,)]

    company.members("buyers", *[str(number) for number in range(1, 12)])
    company.sync_later()
    truth = account.told()
    assert truth["u12@example.com"] == {"Buyers": "false"}

    edit(account, "u12@example.com", "Buyers", "true")
    edit(account, "u11@example.com", "Buyers", "false")
    account.forget_requests()
    resend(company, "buyers")
    company.sync_later()
    assert account.told() == truth
    assert account.requests(BULK, "GET /contacts").count("GET /contacts") <= 1, "members need no look"


USERS = tuple(str(number) for number in range(1, 6))
SOME = st.sets(st.sampled_from(USERS))
VALUES = st.dictionaries(st.sampled_from(USERS), st.integers(1, 3))
EDITS = st.lists(
    st.tuples(st.sampled_from(USERS), st.sampled_from([("Buyers", "true"), ("Buyers", "false"), ("Points", "99")])),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=SOME, then=SOME, points=VALUES, edits=EDITS, keys=st.sampled_from([("buyers",), ("buyers", "points")]))
def test_after_a_resend_the_account_equals_the_truth_whatever_was_edited(
    tmp_path: Path,
    account: Service,
    first: set[str],
    then: set[str],
    points: dict[str, int],
    edits: list[tuple[str, tuple[str, str]]],
    keys: tuple[str, ...],
) -> None:
    """For each value that was ever told; what was not resent or never told stays as it was edited."""
    account.start_anew()
    company = Company(tmp_path / uuid.uuid4().hex, account.sandbox.url)
    company.audience("Buyers", *sorted(first), **CALM)
    company.trait("Points", "number", points, stored="integer")
    company.crowd(len(USERS))
    company.sync()
    company.members("buyers", *sorted(then))
    company.sync_later()
    truth = account.told()
    expected = {email: dict(values) for email, values in truth.items()}

    for user, (title, value) in edits:
        email = f"u{user}@example.com"
        if email not in truth or title not in account.fields():
            continue
        edit(account, email, title, value)
        if title not in truth[email] or title.lower() not in keys:
            expected[email][title] = value
    resend(company, *keys)
    company.sync_later()

    assert account.told() == expected, "nobody new, nothing stale"
    account.forget_requests()
    assert (company.sync_later().delivery.planned, account.requests()) == (0, [])
