"""What any account does with custom fields and their values."""

from __future__ import annotations

import pytest

from contract.desk import Desk


def test_a_field_is_created_read_changed_and_deleted(desk: Desk) -> None:
    """Singular key in the answer to POST, its id text, its tag in upper case without spaces."""
    title = desk.name("field")
    created = desk.post("/fields", {"field": {"title": title, "type": "text", "perstag": f"tag {desk.run} x"}})
    field = created.json()["field"]

    assert (created.status_code in (200, 201), field["title"], type(field["id"])) == (True, title, str)
    assert field["perstag"] == f"TAG{desk.run}X".upper()
    assert desk.get(f"/fields/{field['id']}").json()["field"]["title"] == title
    renamed = desk.name("field")
    assert desk.put(f"/fields/{field['id']}", {"field": {"title": renamed, "type": "text"}}).status_code == 200
    assert desk.get(f"/fields/{field['id']}").json()["field"]["title"] == renamed
    assert desk.delete(f"/fields/{field['id']}").json() == {}
    assert desk.get(f"/fields/{field['id']}").status_code == 404


def test_a_title_in_use_is_422_duplicate(desk: Desk) -> None:
    """The code says so, whatever the words."""
    field = desk.field()

    answer = desk.post("/fields", {"field": {"title": field["title"], "type": "text"}})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "duplicate")


def test_fields_are_listed_with_options_and_relations(desk: Desk) -> None:
    """Beside the fields, all pages together."""
    field = desk.field("dropdown")
    options = [{"field": field["id"], "label": value, "value": value, "orderid": 1} for value in ("true", "false")]
    made = desk.post("/fieldOption/bulk", {"fieldOptions": options})
    related = desk.post("/fieldRels", {"fieldRel": {"field": field["id"], "relid": 0}})

    listed = desk.get("/fields", **{"filters[perstag]": field["perstag"]}).json()

    assert (made.status_code in (200, 201), related.status_code in (200, 201)) == (True, True)
    assert [row["id"] for row in listed["fields"]] == [field["id"]]
    assert {option["value"] for option in listed["fieldOptions"]} == {"true", "false"}
    assert [relation["relid"] for relation in listed["fieldRels"]] == ["0"]
    assert desk.delete(f"/fieldRels/{related.json()['fieldRel']['id']}").json() == {}


def test_options_must_be_an_array(desk: Desk) -> None:
    """`errors` is text in this answer."""
    answer = desk.post("/fieldOption/bulk", {"fieldOptions": "x"})

    assert (answer.status_code, type(answer.json()["errors"])) == (422, str)


def test_a_field_is_put_into_a_group(desk: Desk) -> None:
    """The default group for contacts, with ids that are numbers."""
    field = desk.field()

    answer = desk.post("/groupMembers", {"groupMember": {"rel_id": field["id"], "group_id": "1", "ordernum": None}})

    assert answer.status_code in (200, 201)
    assert answer.json()["groupMember"]["rel_id"] == int(field["id"])
    assert desk.get("/groupMembers").json()["groupDefinitions"][0]["label"] == "{**DEFAULT**}"
    assert desk.delete(f"/groupMembers/{answer.json()['groupMember']['id']}").status_code == 200


def test_a_value_is_written_again_under_the_same_id(desk: Desk) -> None:
    """The contact comes with it; deleting it leaves none."""
    contact, field = desk.contact()["id"], desk.field()["id"]
    sent = {"contact": contact, "field": field, "value": "one"}
    first = desk.post("/fieldValues", {"fieldValue": sent, "useDefaults": False})
    again = desk.post("/fieldValues", {"fieldValue": {**sent, "value": "two"}, "useDefaults": False})
    number = again.json()["fieldValue"]["id"]
    put = desk.put(f"/fieldValues/{number}", {"fieldValue": {**sent, "value": "three"}, "useDefaults": False})

    assert [answer.status_code in (200, 201) for answer in (first, again, put)] == [True] * 3
    assert (first.json()["fieldValue"]["id"], first.json()["contacts"][0]["id"]) == (number, contact)
    assert desk.get(f"/fieldValues/{number}").json()["fieldValue"]["value"] == "three"
    assert desk.delete(f"/fieldValues/{number}").json() == {}
    assert desk.get(f"/contacts/{contact}/fieldValues").json() == {"fieldValues": []}


def test_contacts_are_found_by_a_value(desk: Desk) -> None:
    """The way to look somebody up by an id of one's own."""
    field = desk.field()["id"]
    ids = [desk.contact(fieldValues=[{"field": field, "value": f"u{number}"}])["id"] for number in range(3)]

    body = desk.get("/fieldValues", **{"filters[fieldid]": field, "filters[val]": "u1"}).json()

    assert ([value["contact"] for value in body["fieldValues"]], int(body["meta"]["total"])) == ([ids[1]], 1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "Grüße, 世界"),
        ("textarea", "one\ntwo"),
        ("date", "2026-12-31"),
        ("dropdown", "true"),
        ("radio", "A b"),
        ("listbox", "||A||B||"),
        ("checkbox", "||A||"),
        ("hidden", "x"),
    ],
)
def test_values_come_back_as_they_were_sent(desk: Desk, kind: str, value: str) -> None:
    """For each type of field."""
    field = desk.field(kind)["id"]
    contact = desk.contact(fieldValues=[{"field": field, "value": value}])["id"]

    (stored,) = desk.get(f"/contacts/{contact}/fieldValues").json()["fieldValues"]

    assert stored["value"] == value


def test_a_date_time_is_the_same_moment_in_the_accounts_zone(desk: Desk) -> None:
    """The offset may differ from what was sent."""
    from datetime import datetime

    field, sent = desk.field("datetime")["id"], "2026-05-19T13:05:00-06:00"
    contact = desk.contact(fieldValues=[{"field": field, "value": sent}])["id"]

    (stored,) = desk.get(f"/contacts/{contact}/fieldValues").json()["fieldValues"]

    assert datetime.fromisoformat(stored["value"]) == datetime.fromisoformat(sent)
