"""Tags of the sandbox, and tags on contacts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract.sandbox_support import Api, keys, sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def test_create_is_201_and_the_same_name_in_any_case_is_200_and_the_first_tag(api: Api) -> None:
    """Names are unique without case."""
    first = api.post("/tags", {"tag": {"tag": "VIP", "tagType": "contact", "description": "d"}})
    again = api.post("/tags", {"tag": {"tag": "ViP", "tagType": "contact", "description": "other"}})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["tag"] == {
        "tag": "VIP",
        "description": "d",
        "tagType": "contact",
        "cdate": "2026-03-01T07:00:00-05:00",
        "links": {"contactGoalTags": f"{api.sandbox.url}/api/3/tags/1/contactGoalTags"},
        "id": "1",
    }


def test_reads_have_the_recorded_keys_and_count_contacts(api: Api) -> None:
    """The list and a single read agree; totals are text."""
    api.sync("a@b.com")
    tag = api.tag("VIP")
    api.post("/contactTags", {"contactTag": {"contact": "1", "tag": tag}})

    listed = api.get("/tags").json()

    assert list(listed["tags"][0]) == keys(
        "tagType tag description subscriber_count cdate created_timestamp updated_timestamp created_by updated_by"
        " links id"
    )
    assert (listed["tags"][0]["subscriber_count"], listed["meta"]) == ("1", {"total": "1"})
    assert api.get(f"/tags/{tag}").json()["tag"] == listed["tags"][0]


def test_a_tag_without_a_type_is_listed_nowhere(api: Api) -> None:
    """It exists all the same."""
    number = api.post("/tags", {"tag": {"tag": "Loose"}}).json()["tag"]["id"]

    assert api.get("/tags").json()["meta"]["total"] == "0"
    assert api.get(f"/tags/{number}").status_code == 200


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"search": "ALP"}, ["Alpha", "Alphabet"]),
        ({"search": "%"}, []),
        ({"filters[search]": "Beta"}, ["Alpha", "Beta", "Alphabet"]),
        ({"filters[search][eq]": "alpha"}, ["Alpha"]),
        ({"filters[search][neq]": "alpha"}, ["Beta", "Alphabet"]),
        ({"filters[search][contains]": "BET"}, ["Beta", "Alphabet"]),
        ({"filters[search][starts_with]": "be"}, ["Beta"]),
        ({"filters[search][gt]": "alpha"}, ["Beta", "Alphabet"]),
        ({"filters[search][lte]": "alphabet", "search": "bet"}, ["Alphabet"]),
        ({"orders[search]": "desc"}, ["Beta", "Alphabet", "Alpha"]),
        ({"limit": "1", "offset": "1"}, ["Beta"]),
    ],
)
def test_tags_are_found_in_order(api: Api, params: dict[str, str], found: list[str]) -> None:
    """`filters[search]` alone filters nothing, as probed; with an operator it does."""
    for name in ("Alpha", "Beta", "Alphabet"):
        api.tag(name)

    assert [tag["tag"] for tag in api.get("/tags", **params).json()["tags"]] == found


def test_a_tag_is_changed_and_deleted(api: Api) -> None:
    """Deleting takes it from every contact; afterwards all calls are 404."""
    api.sync("a@b.com")
    tag, other = api.tag("VIP"), api.tag("Other")
    api.post("/contactTags", {"contactTag": {"contact": "1", "tag": tag}})
    api.time.seconds = 60

    changed = api.put(f"/tags/{tag}", {"tag": {"tag": "Gold", "tagType": "template", "description": "d"}})
    clash = api.put(f"/tags/{other}", {"tag": {"tag": "GOLD"}})

    assert (changed.status_code, changed.json()["tag"]["tag"]) == (200, "Gold")
    assert changed.json()["tag"]["updated_timestamp"] == "2026-03-01 07:01:00"
    assert list(changed.json()["tag"]["links"]) == ["contactGoalTags", "templateTags"]
    assert clash.json()["errors"][0]["code"] == "duplicate"
    assert api.delete(f"/tags/{tag}").content == b"{}"
    assert api.get("/contacts/1/contactTags").json() == {"contactTags": []}
    for answer in (api.get(f"/tags/{tag}"), api.put(f"/tags/{tag}", {"tag": {}}), api.delete(f"/tags/{tag}")):
        assert (answer.status_code, answer.json()) == (404, {"message": "No Result found for Tag with id 1"})


@pytest.mark.parametrize("sent", [{}, {"tag": ""}, {"tag": " "}, {"tag": None}])
def test_a_tag_needs_a_name(api: Api, sent: dict[str, object]) -> None:
    """The code names what is missing."""
    answer = api.post("/tags", {"tag": sent})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "field_missing")


def test_tagging_is_201_once_and_200_again_with_the_same_row(api: Api) -> None:
    """Ids come back in the type in which they were sent; the contact counts as changed once."""
    api.sync("a@b.com")
    tag = api.tag("VIP")
    api.time.seconds = 60
    first = api.post("/contactTags", {"contactTag": {"contact": "1", "tag": tag}})
    api.time.seconds = 120
    again = api.post("/contactTags", {"contactTag": {"contact": 1, "tag": int(tag)}})

    assert (first.status_code, again.status_code) == (201, 200)
    assert list(first.json()) == ["contacts", "contactTag"]
    assert first.json()["contactTag"] == {
        "contact": "1",
        "tag": tag,
        "cdate": "2026-03-01T07:01:00-05:00",
        "links": {
            "tag": f"{api.sandbox.url}/api/3/contactTags/1/tag",
            "contact": f"{api.sandbox.url}/api/3/contactTags/1/contact",
        },
        "id": "1",
    }
    assert again.json()["contactTag"] == {**first.json()["contactTag"], "contact": 1, "tag": 1}
    assert again.json()["contacts"][0]["udate"] == "2026-03-01T07:01:00-05:00"


def test_a_contacts_tags_are_read_by_contact_by_id_and_all_together(api: Api) -> None:
    """The tag is an id only; the list of all has totals, that of a contact has none."""
    api.sync("a@b.com")
    tag = api.tag("VIP")
    api.post("/contactTags", {"contactTag": {"contact": "1", "tag": tag}})

    (row,) = api.get("/contacts/1/contactTags").json()["contactTags"]

    assert list(row) == keys("contact tag cdate created_timestamp updated_timestamp created_by updated_by links id")
    assert (row["contact"], row["tag"]) == ("1", tag)
    assert api.get("/contactTags").json() == {"contactTags": [row], "meta": {"total": "1"}}
    assert api.get("/contactTags/1").json() == {"contactTag": row}
    assert api.get("/contactTags/1/tag").json()["tag"]["tag"] == "VIP"
    assert api.get("/contactTags/1/contact").json()["contact"]["email"] == "a@b.com"


def test_a_tag_is_taken_off_by_the_id_of_the_association(api: Api) -> None:
    """Not by the tag's own; a second time is 404."""
    api.sync("a@b.com")
    api.tag("Other")
    tag = api.tag("VIP")
    api.post("/contactTags", {"contactTag": {"contact": "1", "tag": tag}})

    assert api.delete(f"/contactTags/{tag}").status_code == 404
    assert api.delete("/contactTags/1").json() == {}
    assert api.delete("/contactTags/1").json() == {"message": "No Result found for SubscriberTag with id 1"}
    assert api.get("/contacts/1/contactTags").json() == {"contactTags": []}


@pytest.mark.parametrize("tag", [None, "", "VIP"])
def test_tagging_with_a_name_or_nothing_is_refused(api: Api, tag: str | None) -> None:
    """400 as recorded, 422 as reported later: a switch."""
    api.sync("a@b.com")
    api.tag("VIP")

    answer = api.post("/contactTags", {"contactTag": {"contact": "1", "tag": tag}})
    api.switch(bad_tag_status=422)
    later = api.post("/contactTags", {"contactTag": {"contact": "1"}})

    assert (answer.status_code, later.status_code) == (400, 422)
    assert answer.json() == {
        "errors": [
            {
                "title": "Invalid value for query parameter contactTag.tag",
                "detail": "No tag id provided",
                "source": {"parameter": "contactTag.tag"},
            }
        ]
    }


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        (
            {"tag": "1"},
            422,
            {"status": 422, "title": "Missing attribute", "source": {"pointer": "/data/attributes/contact"}},
        ),
        ({"tag": "1", "contact": "9"}, 404, {"status": 404, "title": "Not Found", "detail": "Contact not found"}),
    ],
)
def test_tagging_nobody_is_refused(api: Api, sent: dict[str, str], status: int, error: dict[str, object]) -> None:
    """A missing contact and an unknown one differ."""
    api.tag("VIP")

    answer = api.post("/contactTags", {"contactTag": sent})

    assert (answer.status_code, answer.json()) == (status, {"errors": [error]})


def test_contacts_are_found_by_tag(api: Api) -> None:
    """And lose it with the contact."""
    tag = api.tag("VIP")
    for email in ("a@b.com", "b@b.com", "c@b.com"):
        api.sync(email)
    for contact in (1, 3):
        api.post("/contactTags", {"contactTag": {"contact": contact, "tag": tag}})
    api.delete("/contacts/1")

    body = api.get("/contacts", tagid=tag).json()

    assert [contact["email"] for contact in body["contacts"]] == ["c@b.com"]
    assert (body["meta"]["total"], body["meta"]["page_input"]["tagid"]) == ("1", int(tag))
    assert api.get(f"/tags/{tag}").json()["tag"]["subscriber_count"] == "1"
