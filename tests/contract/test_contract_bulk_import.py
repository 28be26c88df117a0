"""What any account does with a bulk import."""

from __future__ import annotations

from typing import Any

from contract.accounts import Account
from contract.desk import Desk

TERMINAL = ("completed", "failed", "interrupted")


def imported(desk: Desk, account: Account, *rows: dict[str, Any]) -> dict[str, Any]:
    """Import rows, wait for the end, see to it that what was made is deleted, and return the outcome."""
    answer = desk.post("/import/bulk_import", {"contacts": rows, "exclude_automations": True})
    assert (answer.status_code, answer.json()["queued_contacts"]) == (200, len(rows))
    for _ in range(60):
        info = desk.get("/import/info", batchId=answer.json()["batchId"]).json()
        if info["status"] in TERMINAL:
            break
        assert info["status"] in (False, "waiting", "claimed", "active")
        account.wait(2)
    desk.created += [f"/contacts/{number}" for number in info["success"] if f"/contacts/{number}" not in desk.created]
    return info


def test_rows_are_created_and_updated(desk: Desk, account: Account) -> None:
    """Names, fields by id, tags by name, lists by id; what is absent stays."""
    field, mailing_list, tag = desk.field()["id"], desk.list()["id"], desk.tag()
    known = desk.contact(firstName="A", lastName="B")
    rows = [
        {"email": known["email"], "first_name": "C", "fields": [{"id": int(field), "value": "x"}]},
        {"email": desk.email(), "last_name": "D", "tags": [tag["tag"]], "subscribe": [{"listid": mailing_list}]},
    ]

    info = imported(desk, account, *rows)

    assert (info["status"], info["failure"]) == ("completed", [])
    updated = desk.get(f"/contacts/{known['id']}").json()
    assert (updated["contact"]["firstName"], updated["contact"]["lastName"]) == ("C", "B")
    assert [value["value"] for value in updated["fieldValues"]] == ["x"]
    (created,) = desk.get("/contacts", email=rows[1]["email"]).json()["contacts"]
    assert created["lastName"] == "D"
    assert [row["tag"] for row in desk.get(f"/contacts/{created['id']}/contactTags").json()["contactTags"]] == [
        tag["id"]
    ]
    lists = desk.get(f"/contacts/{created['id']}/contactLists").json()["contactLists"]
    assert [(row["list"], row["status"]) for row in lists] == [(mailing_list, "1")]


def test_nobody_who_left_is_subscribed_again(desk: Desk, account: Account) -> None:
    """Whether the rest of the row is kept is not known."""
    contact, mailing_list = desk.contact(), desk.list()["id"]
    sent = {"contact": contact["id"], "list": mailing_list, "status": 2}
    desk.post("/contactLists", {"contactList": sent})

    imported(desk, account, {"email": contact["email"], "subscribe": [{"listid": mailing_list}]})

    (row,) = desk.get(f"/contacts/{contact['id']}/contactLists").json()["contactLists"]
    assert row["status"] == "2"


def test_one_bad_row_refuses_all_and_is_named_from_1(desk: Desk) -> None:
    """Nothing is queued."""
    good = desk.email()

    answer = desk.post("/import/bulk_import", {"contacts": [{"email": good}, {"email": "plain"}]})

    assert (answer.status_code, answer.json()["success"]) == (400, 0)
    assert [reason["contact"] for reason in answer.json()["failureReasons"]] == [2]
    assert desk.get("/contacts", email=good).json()["contacts"] == []


def test_asking_without_a_batch_is_400(desk: Desk) -> None:
    """The message names what is missing."""
    answer = desk.get("/import/info")

    assert (answer.status_code, "batchId" in answer.json()["message"]) == (400, True)
    assert {"outstanding", "recentlyCompleted"} <= set(desk.get("/import/bulk_import").json())
