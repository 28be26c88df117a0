"""What any account does with contacts."""

from __future__ import annotations

import httpx
import pytest

from contract.accounts import Account
from contract.desk import Desk
from contract.sandbox_support import keys

RECORDED = keys(
    "cdate email phone firstName lastName orgid orgname segmentio_id bounced_hard bounced_soft bounced_date ip ua hash"
    " socialdata_lastcheck email_local email_domain sentcnt rating_tstamp gravatar deleted anonymized adate udate edate"
    " deleted_at created_utc_timestamp updated_utc_timestamp created_timestamp updated_timestamp created_by updated_by"
    " email_empty links id organization"
)


def read(desk: Desk, contact: str) -> dict[str, str]:
    return desk.get(f"/contacts/{contact}").json()["contact"]


def test_the_key_is_that_of_a_user(desk: Desk) -> None:
    """The credential check everybody uses."""
    answer = desk.get("/users/me")

    assert answer.status_code == 200
    assert {"id", "email", "username", "links"} <= set(answer.json()["user"])


@pytest.mark.parametrize("key", [None, "", "wrong"])
def test_a_wrong_key_is_403(account: Account, key: str | None) -> None:
    """Not 401."""
    headers = {} if key is None else {"Api-Token": key}

    assert httpx.get(f"{account.url}/api/3/users/me", headers=headers).status_code == 403


def test_sync_creates_once_and_then_updates(desk: Desk) -> None:
    """A new address answers with what was sent, a known one with the whole contact under the same id."""
    email = desk.email()
    first = desk.post("/contact/sync", {"contact": {"email": email, "firstName": "A", "lastName": "B", "phone": "1"}})
    again = desk.post("/contact/sync", {"contact": {"email": email, "firstName": "C"}})

    assert (first.status_code, again.status_code in (200, 201)) == (201, True)
    assert first.json()["contact"]["firstName"] == "A"
    assert first.json()["contact"]["id"] == again.json()["contact"]["id"]
    assert set(again.json()["contact"]) >= set(RECORDED)
    contact = again.json()["contact"]
    assert (contact["firstName"], contact["lastName"], contact["phone"]) == ("C", "B", "1")


def test_sync_keeps_what_is_absent_and_erases_what_is_empty(desk: Desk) -> None:
    """An empty text is a value."""
    contact = desk.contact(firstName="A", lastName="B", phone="1")

    desk.post("/contact/sync", {"contact": {"email": contact["email"], "firstName": "", "phone": ""}})

    after = read(desk, contact["id"])
    assert (after["firstName"], after["lastName"], after["phone"]) == ("", "B", "")


def test_sync_writes_field_values_and_ignores_unknown_fields(desk: Desk) -> None:
    """The answer has the values of this call; others stay."""
    one, two = desk.field()["id"], desk.field()["id"]
    contact = desk.contact(fieldValues=[{"field": one, "value": "1"}])

    values = [{"field": two, "value": "2"}, {"field": "99999999", "value": "x"}]
    answer = desk.post("/contact/sync", {"contact": {"email": contact["email"], "fieldValues": values}})

    assert answer.status_code in (200, 201)
    assert two in [value["field"] for value in answer.json()["fieldValues"]]
    stored = desk.get(f"/contacts/{contact['id']}/fieldValues").json()["fieldValues"]
    assert {value["field"]: value["value"] for value in stored} == {one: "1", two: "2"}


def test_sync_without_an_address_is_400(desk: Desk) -> None:
    """Nothing else is needed."""
    assert desk.post("/contact/sync", {"contact": {"firstName": "A"}}).status_code == 400


@pytest.mark.parametrize("path", ["/contact/sync", "/contacts"])
@pytest.mark.parametrize("email", ["plain", "a@b", "@contract.ac-pipeline.example"])
def test_an_invalid_address_is_422_with_its_code(desk: Desk, path: str, email: str) -> None:
    """Alike for both ways to create."""
    answer = desk.post(path, {"contact": {"email": email}})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "email_invalid")


def test_creating_an_address_that_exists_is_422_duplicate(desk: Desk) -> None:
    """So is renaming to it."""
    contact, other = desk.contact(), desk.contact()

    created = desk.post("/contacts", {"contact": {"email": contact["email"]}})
    renamed = desk.put(f"/contacts/{other['id']}", {"contact": {"email": contact["email"]}})

    for answer in (created, renamed):
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "duplicate")


def test_create_answers_201_with_what_was_sent(desk: Desk) -> None:
    """And an id that is text."""
    answer = desk.post("/contacts", {"contact": {"email": desk.email(), "firstName": "A"}})

    assert answer.status_code == 201
    assert (answer.json()["contact"]["firstName"], type(answer.json()["contact"]["id"])) == ("A", str)


def test_put_changes_in_part_and_renames(desk: Desk) -> None:
    """The address is an attribute like the others."""
    contact, email = desk.contact(firstName="A", lastName="B"), desk.email()

    answer = desk.put(f"/contacts/{contact['id']}", {"contact": {"email": email, "lastName": "C"}})

    assert answer.status_code == 200
    after = read(desk, contact["id"])
    assert (after["email"], after["firstName"], after["lastName"]) == (email, "A", "C")


def test_what_does_not_exist_is_404(desk: Desk) -> None:
    """On every verb, in a message."""
    answers = [
        desk.get("/contacts/99999999"),
        desk.put("/contacts/99999999", {"contact": {"firstName": "A"}}),
        desk.delete("/contacts/99999999"),
        desk.get("/contacts/99999999/contactTags"),
        desk.get("/contacts/99999999/fieldValues"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert answers[0].json() == {"message": "No Result found for Subscriber with id 99999999"}


def test_delete_is_an_empty_object_and_then_404(desk: Desk) -> None:
    """The list has it no more."""
    contact = desk.contact()

    assert desk.delete(f"/contacts/{contact['id']}").json() == {}
    assert desk.delete(f"/contacts/{contact['id']}").status_code == 404
    assert desk.get("/contacts", email=contact["email"]).json()["contacts"] == []


def test_contacts_are_found_by_address_and_ids(desk: Desk) -> None:
    """Nobody found is no error; totals are read as text or number."""
    contacts = [desk.contact() for _ in range(3)]

    by_email = desk.get("/contacts", email=contacts[1]["email"]).json()
    by_ids = desk.get("/contacts", **{"ids[]": [contacts[0]["id"], contacts[2]["id"]]}).json()
    nobody = desk.get("/contacts", email=desk.email()).json()

    assert [contact["id"] for contact in by_email["contacts"]] == [contacts[1]["id"]]
    assert {contact["id"] for contact in by_ids["contacts"]} == {contacts[0]["id"], contacts[2]["id"]}
    assert (nobody["contacts"], int(nobody["meta"]["total"])) == ([], 0)


def test_contacts_are_paged_by_offset_and_by_id(desk: Desk) -> None:
    """From the oldest to the newest, each once."""
    ids = [desk.contact()["id"] for _ in range(5)]
    start = str(int(ids[0]) - 1)

    by_offset: list[str] = []
    while len(by_offset) < 5:
        page = desk.get("/contacts", id_greater=start, limit=2, offset=len(by_offset), **{"orders[id]": "ASC"}).json()
        by_offset += [contact["id"] for contact in page["contacts"]]
    by_id = [start]
    while page := desk.get("/contacts", id_greater=by_id[-1], limit=2, **{"orders[id]": "ASC"}).json()["contacts"]:
        by_id += [contact["id"] for contact in page]

    assert by_offset == ids
    assert by_id[1:] == ids


def test_a_change_moves_udate_and_is_found_by_it(desk: Desk, account: Account) -> None:
    """In whatever zone the time is written."""
    contact = desk.contact()
    before = read(desk, contact["id"])["udate"]
    account.wait(2)
    desk.post("/contact/sync", {"contact": {"email": contact["email"], "firstName": "A"}})
    after = read(desk, contact["id"])["udate"]

    assert after > before
    for moment, found in ((before, True), (after.replace("-05:00", "+05:00"), "-05:00" in after)):
        answer = desk.get("/contacts", email=contact["email"], **{"filters[updated_after]": moment}).json()
        assert bool(answer["contacts"]) == found


def test_reading_a_contact_side_loads_what_hangs_on_it(desk: Desk) -> None:
    """Values and subscriptions beside it, their ids in it."""
    contact = desk.contact(fieldValues=[{"field": desk.field()["id"], "value": "x"}])

    body = desk.get(f"/contacts/{contact['id']}").json()

    assert {"contactAutomations", "contactLists", "deals", "fieldValues", "geoIps", "contact"} <= set(body)
    assert body["contact"]["fieldValues"] == [value["id"] for value in body["fieldValues"]]
    assert set(body["contact"]) >= set(RECORDED)
    assert all(link.startswith("http") for link in body["contact"]["links"].values())


@pytest.mark.parametrize(
    "part", ["contactTags", "contactLists", "fieldValues", "contactAutomations", "scoreValues", "trackingLogs"]
)
def test_parts_of_a_contact_are_bare_arrays(desk: Desk, part: str) -> None:
    """Without `meta`."""
    assert desk.get(f"/contacts/{desk.contact()['id']}/{part}").json() == {part: []}
