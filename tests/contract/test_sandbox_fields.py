"""Custom fields of the sandbox, their options, relations, groups and values."""

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


def test_create_is_201_with_a_single_field(api: Api) -> None:
    """Singular key, `ordernum` a number, `id` text."""
    sent = {"title": "Plan", "type": "text", "descript": "d", "perstag": "my Plan", "defval": "x", "visible": "1"}

    answer = api.post("/fields", {"field": sent})
    field = answer.json()["field"]

    assert answer.status_code == 201
    assert list(field) == keys(
        "title type descript isrequired perstag defval visible created_by updated_by cdate udate ordernum links id"
    )
    assert (field["perstag"], field["ordernum"], field["id"]) == ("MYPLAN", 1, "1")
    assert field["links"]["options"] == f"{api.sandbox.url}/api/3/fields/1/options"


@pytest.mark.parametrize(
    ("sent", "perstag"),
    [
        ({"title": "T", "perstag": "Personalized Tag"}, "PERSONALIZEDTAG"),
        ({"title": "T", "perstag": "perstag"}, "PERSTAG"),
        ({"title": "T", "perstag": "order_completed"}, "ORDER_COMPLETED"),
        ({"title": "Another Test Title"}, "ANOTHER_TEST_TITLE"),
        ({"title": "Order  (30 days)!", "perstag": ""}, "ORDER_30_DAYS"),
    ],
)
def test_the_personalisation_tag_is_normalised(api: Api, sent: dict[str, str], perstag: str) -> None:
    """Given: upper case without spaces. Not given: from the title, with underscores."""
    assert api.post("/fields", {"field": {"type": "text", **sent}}).json()["field"]["perstag"] == perstag


@pytest.mark.parametrize("title", ["Plan", "plan", " PLAN "])
def test_a_title_in_use_is_422(api: Api, title: str) -> None:
    """Titles are compared without case."""
    api.field("Plan")

    answer = api.post("/fields", {"field": {"title": title, "type": "text"}})

    assert answer.status_code == 422
    assert answer.json() == {
        "errors": [
            {
                "title": "There is already a field with this title",
                "detail": f"There is already a field named '{title}' -- choose another name",
                "code": "duplicate",
            }
        ]
    }


@pytest.mark.parametrize("sent", [{}, {"title": ""}, {"title": " "}, {"title": None}])
def test_a_field_needs_a_title(api: Api, sent: dict[str, object]) -> None:
    """The code names it."""
    answer = api.post("/fields", {"field": {"type": "text", **sent}})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "field_missing")


def test_the_list_side_loads_options_and_relations(api: Api) -> None:
    """Only those of the fields on the page; the rest as recorded."""
    plan, city = api.field("Plan", "dropdown"), api.field("City")
    options = [{"field": plan, "label": "Yes", "value": "true"}, {"field": plan, "label": "No", "value": "false"}]
    api.post("/fieldOption/bulk", {"fieldOptions": options})
    api.post("/fieldRels", {"fieldRel": {"field": plan, "relid": 0}})

    body = api.get("/fields").json()
    only_city = api.get("/fields", offset=1).json()

    assert list(body) == ["fieldOptions", "fieldRels", "fields", "meta"]
    assert body["meta"] == {"total": "2", "selected": None}
    assert [field["id"] for field in body["fields"]] == [plan, city]
    assert (body["fields"][0]["options"], body["fields"][0]["relations"]) == (["1", "2"], ["1"])
    assert [(option["field"], option["value"]) for option in body["fieldOptions"]] == [(plan, "true"), (plan, "false")]
    assert list(body["fields"][0]) == keys(
        "title descript type isrequired perstag defval show_in_list rows cols visible service ordernum cdate"
        " udate created_timestamp updated_timestamp created_by updated_by options relations links id"
    )
    assert (only_city["fieldOptions"], only_city["fieldRels"], only_city["meta"]["total"]) == ([], [], "2")
    assert body["fieldRels"][0] == {
        "field": plan,
        "relid": "0",
        "dorder": "0",
        "cdate": "2026-03-01T07:00:00-05:00",
        "links": [],
        "id": "1",
    }


def test_fields_come_a_hundred_at_a_time(api: Api) -> None:
    """Unlike the other collections, whose default is 20."""
    for number in range(101):
        api.field(f"F{number}")

    first, second = api.get("/fields").json(), api.get("/fields", offset=100).json()

    assert (len(first["fields"]), len(second["fields"]), first["meta"]["total"]) == (100, 1, "101")
    assert len(api.get("/fields", limit=20).json()["fields"]) == 20


def test_fields_are_found_by_personalisation_tag(api: Api) -> None:
    """The documented filter."""
    api.field("Plan")
    api.field("City")

    body = api.get("/fields", **{"filters[perstag]": "CITY"}).json()

    assert ([field["title"] for field in body["fields"]], body["meta"]["total"]) == (["City"], "1")


def test_a_field_is_read_changed_and_deleted(api: Api) -> None:
    """Deleting destroys the values; afterwards every call is 404."""
    plan = api.field("Plan")
    api.field("City")
    api.sync("a@b.com", fieldValues=[{"field": plan, "value": "Pro"}])

    read = api.get(f"/fields/{plan}").json()
    changed = api.put(f"/fields/{plan}", {"field": {"title": "Tier", "visible": 0, "perstag": "", "ordernum": 9}})
    clash = api.put(f"/fields/{plan}", {"field": {"title": "City"}})

    assert (list(read), read["field"]["title"]) == (["fieldOptions", "fieldRels", "field"], "Plan")
    assert changed.status_code == 200
    assert (changed.json()["field"]["title"], changed.json()["field"]["perstag"]) == ("Tier", "PLAN")
    assert clash.json()["errors"][0]["code"] == "duplicate"
    assert api.put(f"/fields/{plan}", {"field": {"title": "TIER"}}).status_code == 200
    assert api.delete(f"/fields/{plan}").content == b"{}"
    assert api.get("/contacts/1/fieldValues").json() == {"fieldValues": []}
    for answer in (
        api.get(f"/fields/{plan}"),
        api.put(f"/fields/{plan}", {"field": {}}),
        api.delete(f"/fields/{plan}"),
        api.get(f"/fields/{plan}/options"),
        api.get(f"/fields/{plan}/relations"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"message": "No Result found for Field with id 1"})


def test_options_are_created_in_bulk_and_echo_what_was_sent(api: Api) -> None:
    """A repeated value is a second option: the service does not help callers that repeat themselves."""
    plan = api.field("Plan", "dropdown")
    options = [{"orderid": 2, "value": "X", "label": "Option X", "isdefault": False, "field": plan}]

    answer = api.post("/fieldOption/bulk", {"fieldOptions": options})
    plain = api.post("/fieldOption/bulk", {"fieldOptions": [{"value": "X", "label": "X", "field": int(plan)}]})

    assert answer.status_code == 201
    assert answer.json()["fieldOptions"] == [
        {
            "field": plan,
            "orderid": 2,
            "value": "X",
            "label": "Option X",
            "isdefault": 0,
            "cdate": "2026-03-01T07:00:00-05:00",
            "udate": "2026-03-01T07:00:00-05:00",
            "links": {"field": f"{api.sandbox.url}/api/3/fieldOptions/1/field"},
            "id": "1",
        }
    ]
    assert list(plain.json()["fieldOptions"][0]) == ["field", "value", "label", "cdate", "udate", "links", "id"]
    listed = api.get(f"/fields/{plan}/options").json()
    assert list(listed) == ["fieldOptions"]
    assert [option["id"] for option in listed["fieldOptions"]] == ["2", "1"]
    assert api.get("/fieldOptions/1").json()["fieldOption"]["orderid"] == "2"
    assert api.get("/fieldOptions/9").status_code == 404


@pytest.mark.parametrize("sent", [{}, {"fieldOptions": {}}, {"fieldOptions": ["X"]}])
def test_options_must_be_an_array_of_objects(api: Api, sent: dict[str, object]) -> None:
    """`errors` is text in this one answer."""
    answer = api.post("/fieldOption/bulk", sent)

    assert answer.status_code == 422
    assert answer.json() == {"errors": "Bulk operation failed. Request must contain an array of fieldOption objects."}


def test_options_of_an_unknown_field_are_refused_together(api: Api) -> None:
    """None of the array is kept."""
    plan = api.field("Plan", "dropdown")
    options = [{"field": plan, "label": "A", "value": "A"}, {"field": "9", "label": "B", "value": "B"}]

    assert api.post("/fieldOption/bulk", {"fieldOptions": options}).status_code == 404
    assert api.get(f"/fields/{plan}/options").json() == {"fieldOptions": []}


def test_a_relation_is_201_once_and_200_again(api: Api) -> None:
    """Ids come back as text though numbers were sent; the links are an empty array."""
    plan = api.field("Plan")

    first = api.post("/fieldRels", {"fieldRel": {"field": int(plan), "relid": 0}})
    again = api.post("/fieldRels", {"fieldRel": {"field": plan, "relid": "0"}})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["fieldRel"] == {
        "relid": "0",
        "field": plan,
        "cdate": "2026-03-01T07:00:00-05:00",
        "links": [],
        "id": "1",
    }
    assert len(api.get(f"/fields/{plan}/relations").json()["fieldRels"]) == 1
    assert api.delete("/fieldRels/1").json() == {}
    assert api.delete("/fieldRels/1").status_code == 404
    assert api.post("/fieldRels", {"fieldRel": {"field": 9, "relid": 0}}).status_code == 404


def test_groups_are_seeded_and_take_fields(api: Api) -> None:
    """Ids are numbers here; putting a field in twice keeps its place."""
    plan = api.field("Plan")
    groups = api.get("/groupDefinitions").json()["groupDefinitions"]

    answer = api.post("/groupMembers", {"groupMember": {"rel_id": plan, "group_id": "1", "ordernum": None}})
    again = api.post("/groupMembers", {"groupMember": {"rel_id": plan, "group_id": "1"}})

    assert (groups[0]["id"], groups[0]["type_id"], groups[0]["label"]) == (1, 1, "{**DEFAULT**}")
    assert answer.status_code == 200
    assert answer.json() == again.json()
    assert answer.json()["groupMember"] == {
        "id": 1,
        "group_id": 1,
        "rel_id": 1,
        "ordernum": 1,
        "created_by": 1,
        "updated_by": 1,
        "links": {"groupDefinition": f"{api.sandbox.url}/api/3/groupDefinitions/1"},
    }
    assert api.get("/groupMembers/1").json()["groupMember"]["rel_id"] == 1
    moved = api.put("/groupMembers/1", {"groupMember": {"rel_id": plan, "group_id": "1", "ordernum": 7}})
    assert moved.json()["groupMember"]["ordernum"] == 7
    assert api.put("/groupMembers/9", {"groupMember": {}}).status_code == 404
    assert api.delete("/groupMembers/1").json() == {}
    assert (api.get("/groupMembers/1").status_code, api.delete("/groupMembers/1").status_code) == (404, 404)


@pytest.mark.parametrize(
    ("member", "status", "says"),
    [
        ({"group_id": 1}, 403, "rel_id is required"),
        ({"group_id": 94, "rel_id": 1}, 404, "No Result found for GroupDefinition with id 94"),
        ({"group_id": 1, "rel_id": 9}, 404, "No Result found for Field with id 9"),
    ],
)
def test_group_members_that_cannot_be_are_refused(api: Api, member: dict[str, int], status: int, says: str) -> None:
    """Each in the words of the service."""
    answer = api.post("/groupMembers", {"groupMember": member})

    assert answer.status_code == status
    assert says in answer.json()["message"]


def test_values_are_found_by_field_and_value(api: Api) -> None:
    """How a contact is looked up by an id kept in a field."""
    user, city = api.field("User"), api.field("City")
    for number in range(25):
        api.sync(
            f"c{number}@x.com", fieldValues=[{"field": user, "value": f"u{number}"}, {"field": city, "value": "U"}]
        )

    body = api.get("/fieldValues", **{"filters[fieldid]": user, "filters[val]": "u7"}).json()
    paged = api.get("/fieldValues", **{"filters[fieldid]": city, "offset": "20"}).json()

    assert ([value["contact"] for value in body["fieldValues"]], body["meta"]) == (["8"], {"total": "1"})
    assert (len(paged["fieldValues"]), paged["meta"]["total"]) == (5, "25")
    assert api.get("/fieldValues").json()["meta"]["total"] == "50"


def test_a_value_is_written_again_under_the_same_id(api: Api) -> None:
    """201 for a new row, 200 for an old one; the contact counts as changed."""
    plan = api.field("Plan")
    api.sync("a@b.com")
    api.time.seconds = 60
    sent = {"contact": 1, "field": plan, "value": "Pro"}

    first = api.post("/fieldValues", {"fieldValue": sent, "useDefaults": False})
    again = api.post("/fieldValues", {"fieldValue": {**sent, "value": "Free"}})
    put = api.put("/fieldValues/1", {"fieldValue": {**sent, "value": "Max"}})

    assert (first.status_code, again.status_code, put.status_code) == (201, 200, 200)
    assert list(first.json()) == ["contacts", "fieldValue"]
    assert list(first.json()["fieldValue"]) == ["contact", "field", "value", "cdate", "udate", "links", "owner", "id"]
    assert first.json()["contacts"][0]["udate"] == "2026-03-01T07:01:00-05:00"
    assert (again.json()["fieldValue"]["id"], put.json()["fieldValue"]["value"]) == ("1", "Max")
    assert api.delete("/fieldValues/1").json() == {}
    for answer in (
        api.get("/fieldValues/1"),
        api.put("/fieldValues/1", {"fieldValue": sent}),
        api.delete("/fieldValues/1"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"message": "No Result found for FieldValue with id 1"})


def test_a_value_needs_a_known_contact_and_a_numeric_field(api: Api) -> None:
    """A personalisation tag is refused here, unlike in sync."""
    plan = api.field("Plan")
    api.sync("a@b.com")

    by_tag = api.post("/fieldValues", {"fieldValue": {"contact": 1, "field": "PLAN", "value": "x"}})
    nobody = api.post("/fieldValues", {"fieldValue": {"contact": 9, "field": plan, "value": "x"}})

    assert (by_tag.status_code, by_tag.json()["errors"][0]["title"]) == (422, "Field id not valid")
    assert (nobody.status_code, nobody.json()) == (404, {"message": "No Result found for Subscriber with id 9"})
