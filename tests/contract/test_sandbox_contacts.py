"""Contacts of the sandbox: sync, create, read, change, delete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract.sandbox_support import Api, keys, sandbox

FULL = keys(
    "cdate email phone firstName lastName orgid orgname segmentio_id bounced_hard bounced_soft bounced_date ip ua hash"
    " socialdata_lastcheck email_local email_domain sentcnt rating_tstamp gravatar deleted anonymized adate udate edate"
    " deleted_at created_utc_timestamp updated_utc_timestamp created_timestamp updated_timestamp created_by updated_by"
    " email_empty last_open_date last_click_date links id organization"
)
COMPACT = keys(
    "email phone firstName lastName email_empty cdate udate orgid orgname links hash fieldValues id organization"
)
INVALID = {
    "errors": [
        {
            "title": "Contact Email Address is not valid.",
            "code": "email_invalid",
            "error": "must_be_valid_email_address",
            "source": {"pointer": "/data/attributes/email"},
        }
    ]
}
DUPLICATE = {
    "errors": [
        {
            "title": "Email address already exists in the system.",
            "code": "duplicate",
            "source": {"pointer": "/data/attributes/email"},
        }
    ]
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def test_sync_of_a_new_address_is_201_with_the_compact_shape(api: Api) -> None:
    """Only what was sent comes back of the attributes; `orgid` and `organization` are empty text."""
    number = api.field("Plan")

    answer = api.sync(
        "jane@example.com", firstName="Jane", lastName="Doe", phone="1", fieldValues=[{"field": number, "value": "Pro"}]
    )
    contact = answer.json()["contact"]

    assert answer.status_code == 201
    assert list(contact) == COMPACT
    assert (contact["orgid"], contact["organization"], contact["email_empty"]) == ("", "", False)
    assert (contact["id"], contact["fieldValues"]) == ("1", ["1"])
    assert contact["cdate"] == "2026-03-01T07:00:00-05:00"
    assert list(api.sync("bare@example.com").json()["contact"])[:2] == ["email", "email_empty"]


def test_sync_of_a_known_address_is_200_with_the_full_shape(api: Api) -> None:
    """The address is matched without case and stays as first received."""
    api.sync("Jane@Example.com")
    api.time.seconds = 60

    answer = api.sync("jane@example.COM", firstName="Jane")
    contact = answer.json()["contact"]

    assert answer.status_code == 200
    assert list(contact) == FULL
    assert (contact["email"], contact["firstName"]) == ("Jane@Example.com", "Jane")
    assert (contact["orgid"], contact["organization"]) == ("0", None)
    assert (contact["cdate"], contact["udate"]) == ("2026-03-01T07:00:00-05:00", "2026-03-01T07:01:00-05:00")
    assert contact["created_utc_timestamp"] == "2026-03-01 07:00:00"


def test_sync_keeps_what_was_not_sent_and_erases_what_was_sent_empty(api: Api) -> None:
    """Empty text and null erase; absence does not."""
    api.sync("a@b.com", firstName="A", lastName="B", phone="1")

    api.sync("a@b.com", firstName="", phone=None)

    contact = api.get("/contacts/1").json()["contact"]
    assert (contact["firstName"], contact["lastName"], contact["phone"]) == ("", "B", "")


def test_sync_ignores_unknown_fields_and_answers_with_those_of_this_call_only(api: Api) -> None:
    """Neither an unknown id nor a personalisation tag is an error."""
    plan, city = api.field("Plan"), api.field("City")
    api.sync("a@b.com", fieldValues=[{"field": plan, "value": "Pro"}])

    values = [{"field": "999", "value": "x"}, {"field": "PLAN", "value": "x"}, {"field": int(city), "value": "Ulm"}]
    answer = api.sync("a@b.com", fieldValues=values)

    assert answer.status_code == 200
    assert [(value["field"], value["value"]) for value in answer.json()["fieldValues"]] == [(city, "Ulm")]
    assert list(answer.json()["fieldValues"][0]) == keys(
        "contact field value cdate udate created_by updated_by links id owner"
    )
    stored = api.get("/contacts/1/fieldValues").json()["fieldValues"]
    assert [(value["field"], value["value"]) for value in stored] == [(plan, "Pro"), (city, "Ulm")]


def test_an_empty_field_value_is_kept_as_an_empty_row(api: Api) -> None:
    """The row and its id stay."""
    plan = api.field("Plan")
    api.sync("a@b.com", fieldValues=[{"field": plan, "value": "Pro"}])

    api.sync("a@b.com", fieldValues=[{"field": plan, "value": ""}])

    (value,) = api.get("/contacts/1/fieldValues").json()["fieldValues"]
    assert (value["id"], value["value"]) == ("1", "")


def test_field_values_take_the_form_the_service_gives_them(api: Api) -> None:
    """Date-times move to the account's zone, single choices of listboxes get bars, dropdowns take anything."""
    sent = {
        "datetime": "2026-05-19T13:05:00-06:00",
        "date": "2026-12-31",
        "listbox": "A",
        "checkbox": "||A||B||",
        "dropdown": "||no option||",
        "text": "a\nb",
    }
    fields = {kind: api.field(kind, kind) for kind in sent}

    api.sync("a@b.com", fieldValues=[{"field": fields[kind], "value": value} for kind, value in sent.items()])

    (contact,) = api.control("/sandbox/contacts").json()["contacts"]
    assert contact["fields"] == {**sent, "datetime": "2026-05-19T14:05:00-05:00", "listbox": "||A||"}


@pytest.mark.parametrize("value", ["soon", "2026-05-19T13:05:00"])
def test_a_date_time_without_offset_is_kept_verbatim(api: Api, value: str) -> None:
    """Nothing is known of the zone it means."""
    api.sync("a@b.com", fieldValues=[{"field": api.field("When", "datetime"), "value": value}])

    assert api.get("/fieldValues/1").json()["fieldValue"]["value"] == value


def test_values_that_are_no_text_are_written_as_php_would(api: Api) -> None:
    """Numbers and flags become text."""
    field = api.field("Any")
    for sent, stored in ((5, "5"), (1.5, "1.5"), (2.0, "2"), (True, "1"), (False, ""), (None, "")):
        api.sync("a@b.com", firstName=sent, fieldValues=[{"field": field, "value": sent}])

        assert api.get("/contacts/1").json()["contact"]["firstName"] == stored
        assert api.get("/fieldValues/1").json()["fieldValue"]["value"] == stored


def test_a_list_where_text_belongs_is_refused_and_nothing_of_the_call_is_kept(api: Api) -> None:
    """One request is one transaction."""
    field = api.field("Any")

    answer = api.sync("a@b.com", firstName="A", fieldValues=[{"field": field, "value": ["x"]}])

    assert answer.status_code == 400
    assert api.get("/contacts").json()["meta"]["total"] == "0"


@pytest.mark.parametrize("contact", [{}, {"email": ""}, {"email": None}, {"firstName": "A"}])
def test_sync_without_an_address_is_400(api: Api, contact: dict[str, object]) -> None:
    """The body names what is missing."""
    answer = api.post("/contact/sync", {"contact": contact})

    assert answer.status_code == 400
    assert answer.json() == {
        "errors": [{"status": 400, "title": "Bad Request", "detail": "Contact email must be provided for sync"}]
    }


@pytest.mark.parametrize(
    "email",
    [
        "plain",
        "@b.com",
        "a@",
        "a@b",
        "a@b.c",
        " a@b.com",
        "a@b.com ",
        "a b@c.com",
        "invalid'character@example.com",
        "a@b.c0m",
        "a@b@c.com",
        "a@-b.com",
        "a@b..com",
        "a@b.com\n",
    ],
)
def test_an_invalid_address_is_422(api: Api, email: str) -> None:
    """Alike for sync and create; space around an address is not forgiven."""
    for path in ("/contact/sync", "/contacts"):
        answer = api.post(path, {"contact": {"email": email}})
        assert (answer.status_code, answer.json()) == (422, INVALID)


@pytest.mark.parametrize("email", ["a@b.co", "a.b+c_d-e@f-g.example.com", "jürgen@straße.de", "x@y.xn--p1ai"])
def test_ordinary_addresses_are_taken(api: Api, email: str) -> None:
    """Plus signs and letters of other alphabets included."""
    assert api.sync(email).status_code == 201
    assert api.get("/contacts", email=email).json()["contacts"][0]["email"] == email


def test_create_is_201_and_a_second_time_422(api: Api) -> None:
    """An address exists whatever its case."""
    assert api.post("/contacts", {"contact": {"email": "a@b.com", "phone": "1"}}).status_code == 201

    answer = api.post("/contacts", {"contact": {"email": "A@B.com"}})
    assert (answer.status_code, answer.json()) == (422, DUPLICATE)


def test_read_has_the_full_shape_with_side_loads(api: Api) -> None:
    """Id arrays stand before the links; values are beside the contact, never in it."""
    api.sync("a@b.com", fieldValues=[{"field": api.field("Plan"), "value": "Pro"}])

    read = api.get("/contacts/1").json()

    assert list(read) == keys(
        "contactAutomations contactLists deals fieldValues geoAddresses geoIps accountContacts contact"
    )
    assert set(read["contact"]) == {
        *FULL,
        "contactAutomations",
        "contactLists",
        "fieldValues",
        "geoIps",
        "deals",
        "accountContacts",
        "sentiment",
    }
    assert (read["contact"]["fieldValues"], read["fieldValues"][0]["value"]) == (["1"], "Pro")
    assert len(read["contact"]["links"]) == 18
    assert read["contact"]["links"]["contactAutomations"] == (
        f"{api.sandbox.url}/api/3/contacts/1/contactAutomations?limit=1000&orders%5Blastdate%5D=DESC"
    )


def test_put_renames_and_changes_in_part(api: Api) -> None:
    """`updated_timestamp` still shows the change before, as recorded."""
    api.sync("old@b.com", firstName="A", lastName="B")
    api.time.seconds = 60

    answer = api.put("/contacts/1", {"contact": {"email": "new@b.com", "lastName": "C"}})
    contact = answer.json()["contact"]

    assert answer.status_code == 200
    assert (contact["email"], contact["firstName"], contact["lastName"]) == ("new@b.com", "A", "C")
    assert (contact["udate"], contact["updated_timestamp"]) == ("2026-03-01T07:01:00-05:00", "2026-03-01 07:00:00")
    assert api.get("/contacts/1").json()["contact"]["updated_timestamp"] == "2026-03-01 07:01:00"
    assert api.sync("old@b.com").status_code == 201


def test_put_answers_with_the_values_it_wrote(api: Api) -> None:
    """As sync does; without fieldValues there is no such key."""
    plan = api.field("Plan")
    api.sync("a@b.com")

    with_values = api.put("/contacts/1", {"contact": {"fieldValues": [{"field": plan, "value": "Pro"}]}}).json()
    without = api.put("/contacts/1", {"contact": {"phone": "1"}}).json()

    assert [value["value"] for value in with_values["fieldValues"]] == ["Pro"]
    assert list(without) == ["contact"]


@pytest.mark.parametrize(("email", "refusal"), [("b@b.com", DUPLICATE), ("B@B.COM", DUPLICATE), ("b", INVALID)])
def test_put_to_an_address_that_cannot_be_is_422(api: Api, email: str, refusal: dict[str, object]) -> None:
    """Owned by another contact, or no address."""
    api.sync("a@b.com")
    api.sync("b@b.com")

    answer = api.put("/contacts/1", {"contact": {"email": email, "firstName": "A"}})

    assert (answer.status_code, answer.json()) == (422, refusal)
    assert api.get("/contacts/1").json()["contact"]["firstName"] == ""


def test_put_to_its_own_address_in_another_case_is_a_rename(api: Api) -> None:
    """It is no duplicate of itself."""
    api.sync("a@b.com")

    assert api.put("/contacts/1", {"contact": {"email": "A@b.com"}}).json()["contact"]["email"] == "A@b.com"


def test_delete_is_an_empty_object_and_404_the_second_time(api: Api) -> None:
    """The wording differs from that of reads; an id is never used again."""
    api.sync("a@b.com")

    first, second = api.delete("/contacts/1"), api.delete("/contacts/1")

    assert (first.status_code, first.content) == (200, b"{}")
    assert (second.status_code, second.json()) == (404, {"message": "No result found for contact with id 1"})
    assert api.sync("a@b.com").json()["contact"]["id"] == "2"


@pytest.mark.parametrize("number", ["7", "abc", "99999999999999999999999"])
def test_an_unknown_contact_is_404_everywhere(api: Api, number: str) -> None:
    """What is no number counts as 0."""
    for answer in (
        api.get(f"/contacts/{number}"),
        api.put(f"/contacts/{number}", {"contact": {"phone": "1"}}),
        api.get(f"/contacts/{number}/fieldValues"),
        api.get(f"/contacts/{number}/contactTags"),
    ):
        assert answer.status_code == 404
        assert answer.json()["message"].startswith("No Result found for Subscriber with id ")


@pytest.mark.parametrize("part", ["contactTags", "contactLists", "contactAutomations", "fieldValues", "trackingLogs"])
def test_parts_of_a_contact_are_bare_arrays(api: Api, part: str) -> None:
    """There is no `meta` beside them."""
    api.sync("a@b.com")

    assert api.get(f"/contacts/1/{part}").json() == {part: []}
