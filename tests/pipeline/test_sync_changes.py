"""What a sync sends: everybody at first, then only what changed."""

from __future__ import annotations

from pipeline.pipeline_support import POINTS, READERS, SYNC, Company, Service


def test_the_first_sync_sends_every_member_with_standard_fields_memberships_and_traits(
    company: Company, account: Service
) -> None:
    """One identify per member, as a segmentation tool would have sent it; nobody else becomes a contact."""
    company.declare("audiences/readers", READERS)
    company.declare("traits/points", POINTS)
    company.people(
        ("1", "Ann@Example.com ", "Ann", "Lee", "+44 20 7946 0001"),
        ("2", "bob@example.com", None, "Ray", None),
        ("3", "never@example.com", "Ned", "Ver", None),
    )
    company.members("buyers", "1", "2")
    company.members("readers", "1")
    company.points({"1": 12.50, "3": 7})

    report = company.sync()

    contacts = account.contacts()
    assert contacts == {
        "ann@example.com": {
            "id": contacts["ann@example.com"]["id"], "first_name": "Ann", "last_name": "Lee",
            "phone": "+44 20 7946 0001", "Buyers": "true", "Readers": "true", "Points": "12.5",
        },
        "bob@example.com": {"id": contacts["bob@example.com"]["id"], "last_name": "Ray", "Buyers": "true"},
    }  # fmt: skip
    assert account.requests(SYNC) == [SYNC] * 2
    assert (report.delivery.acknowledged, report.delivery.created, report.entered) == (2, 2, 3)
    assert report.delivery.total_requests == len(account.requests())
    assert report.delivery.withheld == {"only_members_are_created": 1}


def test_missing_fields_are_created_once_visible_and_with_both_options(company: Company, account: Service) -> None:
    """Marketers choose true or false from a dropdown; a second sync that sends creates nothing more."""
    company.declare("traits/points", POINTS)
    users = company.crowd(2)
    company.members("buyers", users[0])
    company.sync()

    assert account.fields()["Buyers"] == {
        "id": "1", "title": "Buyers", "type": "dropdown", "perstag": "BUYERS",
        "options": ["true", "false"], "lists": [0], "groups": account.fields()["Buyers"]["groups"],
    }  # fmt: skip
    assert (account.fields()["Points"]["type"], account.fields()["Points"]["lists"]) == ("number", [0])

    account.forget_requests()
    company.members("buyers", *users)
    company.sync_later()

    assert account.requests() == ["GET /users/me", "GET /settings/account", "GET /fields", SYNC]


def test_a_second_sync_without_changes_makes_no_request_at_all(company: Company, account: Service) -> None:
    """Neither for the same window again nor for the one after it."""
    company.members("buyers", *company.crowd(5))
    company.sync()
    account.forget_requests()

    assert company.sync().delivery.planned == 0
    assert company.sync_later().delivery.planned == 0
    assert account.requests() == []


def test_later_syncs_send_only_what_changed_and_leavers_get_false(company: Company, account: Service) -> None:
    """Six users: one enters, one leaves, one gets another value, one another name, one is as before, one is new."""
    company.declare("traits/points", POINTS)
    users = company.crowd(5)
    company.members("buyers", "1", "3", "4", "5")
    company.points(dict.fromkeys(users, 1))
    company.sync()
    before = account.contacts()
    account.forget_requests()

    company.people(
        ("1", "u1@example.com", "First1", "Last1", None),
        ("2", "u2@example.com", "First2", "Last2", None),
        ("3", "u3@example.com", "First3", "Last3", None),
        ("4", "u4@example.com", "First4", "Other", None),
        ("5", "u5@example.com", "First5", "Last5", None),
        ("6", "u6@example.com", "First6", "Last6", None),
    )
    company.members("buyers", "2", "3", "4", "5")
    company.points({**dict.fromkeys(users, 1), "3": 9})
    report = company.sync_later()

    after = account.contacts()
    assert account.sent() == 4
    assert after["u1@example.com"] == {**before["u1@example.com"], "Buyers": "false"}
    assert {k: after["u2@example.com"].get(k) for k in ("Buyers", "Points")} == {"Buyers": "true", "Points": "1"}
    assert after["u3@example.com"] == {**before["u3@example.com"], "Points": "9"}
    assert after["u4@example.com"] == {**before["u4@example.com"], "last_name": "Other"}
    assert after["u5@example.com"] == before["u5@example.com"]
    assert "u6@example.com" not in after
    assert (report.entered, report.exited) == (1, 1)
    said = dict(company.ask("select user_id, said from deliveries where run_id = (from runs select last(run_id))"))
    assert said["1"] == {"buyers": "false"}, "only what changed is said"


def test_only_a_true_membership_creates_a_contact(company: Company, account: Service) -> None:
    """A trait alone does not, nor does `false`; somebody who is there already is not taken for granted either."""
    company.declare("traits/points", POINTS)
    company.people(
        ("1", "trait@example.com", "Tra", "It", None),
        ("2", "member@example.com", "Mem", "Ber", None),
        ("3", "nameless@example.com", None, None, None),
    )
    company.points({"1": 5, "2": 6})
    company.members("buyers", "2", "3")
    report = company.sync()

    assert list(account.contacts()) == ["member@example.com"]
    assert report.delivery.withheld == {"no_name": 1, "only_members_are_created": 1}

    company.members("buyers")
    company.declare("audiences/buyers", "name: Buyers\nguard: {min_members: 1, max_exit_share: 1}\nsql: from buyers\n")
    company.members("buyers", "1")
    company.sync_later()

    told = account.told()
    assert told == {
        "member@example.com": {"Buyers": "false", "Points": "6"},
        "trait@example.com": {"Buyers": "true", "Points": "5"},
    }


def test_members_without_a_name_become_contacts_when_the_destination_says_always(
    company: Company, account: Service
) -> None:
    """`create_contacts: always` is the owner's choice; each contact counts on the bill."""
    company.declare("destination", "create_contacts: always\n")
    company.people(("3", "nameless@example.com", None, None, None))
    company.members("buyers", "3")
    company.sync()

    assert account.told() == {"nameless@example.com": {"Buyers": "true"}}


def test_a_trait_that_has_no_value_any_more_is_left_as_it_was(company: Company, account: Service) -> None:
    """Absent is not empty: nothing is sent for it, and a value that returns is compared with the last one told."""
    company.declare("traits/points", POINTS)
    company.crowd(2)
    company.members("buyers", "1", "2")
    company.points({"1": 5, "2": 5})
    company.sync()
    account.forget_requests()

    company.points({"2": 5})
    company.sync_later()
    company.points({"1": 5, "2": 5})
    company.sync_later()

    assert account.requests() == []
    assert account.told()["u1@example.com"] == {"Buyers": "true", "Points": "5"}


def test_an_audience_that_is_not_sent_is_history_only(company: Company, account: Service) -> None:
    """`membership: {field: false}`: no field, no request; its sizes are published."""
    company.declare("audiences/readers", READERS + "membership: {field: false}\n")
    company.crowd(2)
    company.members("readers", "1", "2")
    company.sync()

    assert account.requests() == []
    assert company.ask("select audience, members from audience_sizes order by audience") == [
        ("buyers", 0),
        ("readers", 2),
    ]
