"""What any account does with tags, lists and subscriptions."""

from __future__ import annotations

import pytest

from contract.accounts import Account
from contract.desk import Desk


def test_a_tag_is_created_once_found_changed_and_deleted(desk: Desk) -> None:
    """The same name again is the same tag, or a refusal; never a second one."""
    tag = desk.tag()
    again = desk.post("/tags", {"tag": {"tag": tag["tag"], "tagType": "contact", "description": ""}})

    assert again.status_code in (200, 422)
    assert again.status_code != 200 or again.json()["tag"]["id"] == tag["id"]
    found = desk.get("/tags", search=tag["tag"]).json()
    assert ([row["id"] for row in found["tags"]], int(found["meta"]["total"])) == ([tag["id"]], 1)
    assert desk.get(f"/tags/{tag['id']}").json()["tag"]["tagType"] == "contact"
    renamed = desk.name("tag")
    changed = desk.put(f"/tags/{tag['id']}", {"tag": {"tag": renamed, "tagType": "contact", "description": "d"}})
    assert (changed.status_code, changed.json()["tag"]["tag"]) == (200, renamed)
    assert desk.delete(f"/tags/{tag['id']}").json() == {}
    assert desk.get(f"/tags/{tag['id']}").status_code == 404


def test_a_contact_is_tagged_once(desk: Desk) -> None:
    """Again is the same association; it is removed by its own id, and then gone."""
    contact, tag = desk.contact()["id"], desk.tag()["id"]
    first = desk.post("/contactTags", {"contactTag": {"contact": contact, "tag": tag}})
    again = desk.post("/contactTags", {"contactTag": {"contact": contact, "tag": tag}})
    number = first.json()["contactTag"]["id"]

    assert (first.status_code in (200, 201), again.status_code in (200, 201)) == (True, True)
    assert again.json()["contactTag"]["id"] == number
    (row,) = desk.get(f"/contacts/{contact}/contactTags").json()["contactTags"]
    assert (row["id"], row["tag"], row["contact"]) == (number, tag, contact)
    assert desk.get("/contacts", tagid=tag).json()["contacts"][0]["id"] == contact
    assert desk.delete(f"/contactTags/{number}").json() == {}
    assert desk.delete(f"/contactTags/{number}").status_code == 404


def test_tagging_changes_the_contact(desk: Desk, account: Account) -> None:
    """Its `udate` moves."""
    contact, tag = desk.contact(), desk.tag()["id"]
    account.wait(2)

    answer = desk.post("/contactTags", {"contactTag": {"contact": contact["id"], "tag": tag}})

    assert answer.json()["contacts"][0]["udate"] > contact["udate"]


def test_tagging_with_a_name_or_for_nobody_is_refused(desk: Desk) -> None:
    """400 or 422 for the tag, 404 for the contact."""
    contact, tag = desk.contact()["id"], desk.tag()

    by_name = desk.post("/contactTags", {"contactTag": {"contact": contact, "tag": tag["tag"]}})
    nobody = desk.post("/contactTags", {"contactTag": {"contact": "99999999", "tag": tag["id"]}})

    assert (by_name.status_code in (400, 422), nobody.status_code) == (True, 404)


def test_a_list_is_created_shown_and_found(desk: Desk) -> None:
    """Users see it once their group does."""
    mailing_list = desk.list()

    shown = desk.post("/listGroups", {"listGroup": {"listid": mailing_list["id"], "groupid": 3}})

    assert shown.status_code in (200, 201)
    found = desk.get("/lists", **{"filters[name][eq]": mailing_list["name"]}).json()
    assert [row["id"] for row in found["lists"]] == [mailing_list["id"]]
    assert desk.get(f"/lists/{mailing_list['id']}").json()["list"]["stringid"] == mailing_list["stringid"]


def test_a_subscription_is_one_row_whose_status_changes(desk: Desk) -> None:
    """Subscribed, left, subscribed again: always the same id."""
    contact, mailing_list = desk.contact()["id"], desk.list()["id"]
    seen = []
    for status in (1, 2, 1):
        sent = {"contact": contact, "list": mailing_list, "status": status}
        answer = desk.post("/contactLists", {"contactList": sent})
        assert answer.status_code in (200, 201)
        (row,) = desk.get(f"/contacts/{contact}/contactLists").json()["contactLists"]
        seen.append((str(answer.json()["contactList"]["id"]), row["status"]))

    assert [status for _, status in seen] == ["1", "2", "1"]
    assert len({number for number, _ in seen}) == 1
    assert desk.get("/contacts", listid=mailing_list, status="1").json()["contacts"][0]["id"] == contact


@pytest.mark.parametrize("status", ["4", "x"])
def test_a_status_out_of_range_is_422(desk: Desk, status: str) -> None:
    """0 to 3 are statuses."""
    sent = {"contact": desk.contact()["id"], "list": desk.list()["id"], "status": status}

    assert desk.post("/contactLists", {"contactList": sent}).status_code == 422


def test_webhooks_are_listed(desk: Desk) -> None:
    """With the events there are."""
    sent = {"name": desk.name("hook"), "url": "https://example.com/x", "events": ["subscribe"], "sources": ["api"]}
    created = desk.post("/webhooks", {"webhook": sent})

    listed = desk.get("/webhooks", **{"filters[name]": sent["name"]}).json()

    assert created.status_code == 201
    assert [row["id"] for row in listed["webhooks"]] == [created.json()["webhook"]["id"]]
    assert "subscribe" in desk.get("/webhook/events").json()["webhookEvents"]
