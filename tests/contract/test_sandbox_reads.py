"""What a person or another tool reads besides: root, users, links, empty collections, times of any zone."""

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


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_is_there_for_whoever_checks_a_key(api: Api, path: str) -> None:
    """Tools ask for `/api/3/` first."""
    assert api.http.get(f"{api.sandbox.url}/api/3{path}").status_code == 200


@pytest.mark.parametrize("path", ["/users/1", "/users/email/ADMIN@sandbox.example", "/users/username/admin"])
def test_the_user_is_found_in_every_way(api: Api, path: str) -> None:
    """The one there is."""
    me = api.get("/users/me").json()["user"]

    assert api.get(path).json()["user"] == me
    assert api.get("/users").json() == {"users": [me], "meta": {"total": "1"}}
    assert api.get("/users/7").json() == {"message": "No Result found for User with id 7"}


@pytest.mark.parametrize("name", ["accounts", "campaigns", "deals", "segments"])
def test_collections_nothing_fills_are_empty(api: Api, name: str) -> None:
    """With a total, like the others."""
    assert api.get(f"/{name}").json() == {name: [], "meta": {"total": "0"}}


def test_a_tool_that_reads_everything_finds_everything(api: Api) -> None:
    """Page by page, as extractors do: an array under the name of the collection, and a total."""
    words = (
        "contacts contactLists contactTags fields fieldOptions fieldValues groups lists tags users webhooks addresses"
        " campaigns contactData dealStages ecomOrders forms messages scores sms siteMessages templates"
    )
    for name in keys(words):
        path = "fields" if name == "fieldOptions" else name
        body = api.http.get(f"/{path}?offset=0&limit=100").json()
        assert isinstance(body[name], list)
        assert int(body["meta"]["total"]) >= len(body[name])


def test_links_lead_to_what_they_name(api: Api) -> None:
    """From values, options, relations, tags and subscriptions to their objects."""
    plan = api.field("Plan", "dropdown")
    api.sync("a@b.com", fieldValues=[{"field": plan, "value": "A"}])
    api.post("/fieldOption/bulk", {"fieldOptions": [{"field": plan, "label": "A", "value": "A"}]})
    api.post("/fieldRels", {"fieldRel": {"field": plan, "relid": 0}})
    api.post("/contactLists", {"contactList": {"contact": 1, "list": api.list("News"), "status": 1}})
    value = api.get("/fieldValues/1").json()["fieldValue"]
    subscription = api.get("/contactLists/1").json()["contactList"]
    option = api.get("/fieldOptions/1").json()["fieldOption"]

    assert api.http.get(value["links"]["owner"]).json()["contact"]["email"] == "a@b.com"
    assert api.http.get(value["links"]["field"]).json()["field"]["title"] == "Plan"
    assert api.http.get(option["links"]["field"]).json()["field"]["title"] == "Plan"
    assert api.http.get(subscription["links"]["list"]).json()["list"]["name"] == "News"
    assert api.http.get(subscription["links"]["contact"]).json()["contact"]["id"] == "1"
    relation = api.get("/fieldRels/1").json()["fieldRel"]
    assert (relation["relid"], relation["dorder"]) == ("0", "0")
    assert api.get("/fieldRels").json() == {"fieldRels": [relation], "meta": {"total": "1"}}


def test_all_links_of_a_contact_answer(api: Api) -> None:
    """404 only for a contact that is not there."""
    api.sync("a@b.com")

    for link in api.get("/contacts/1").json()["contact"]["links"].values():
        assert api.http.get(link).status_code == 200
        assert api.http.get(link.replace("contacts/1", "contacts/9")).status_code == 404
    assert list(api.get("/contacts/1/contactData").json()["contactDatum"])[:3] == keys("contact tstamp geoTstamp")
    assert api.get("/contacts/1/organization").json() == {"organization": None}


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-01T12:00:30Z",
        "2026-03-01T12:00:30.000000Z",
        "2026-03-01T14:00:30+02:00",
        "2026-03-01T14:00:30 02:00",
        "2026-03-01T07:00:30-05:00",
        "2026-03-01T07:00:30",
        "2026-03-01 07:00:30",
        "2026-03-01T21:00:30+09:00",
    ],
)
def test_updated_after_takes_times_of_any_zone(api: Api, moment: str) -> None:
    """Local without one; a plus sign that was not encoded arrives as a space."""
    api.sync("a@b.com")
    api.time.seconds = 31
    api.sync("b@b.com")

    body = api.get("/contacts", **{"filters[updated_after]": moment}).json()

    assert [contact["email"] for contact in body["contacts"]] == ["b@b.com"]


def test_a_date_alone_is_midnight_in_the_accounts_zone(api: Api) -> None:
    """As the documentation's samples have it."""
    api.sync("a@b.com")

    assert api.get("/contacts", **{"filters[updated_after]": "2026-03-01"}).json()["meta"]["total"] == "1"
    assert api.get("/contacts", **{"filters[updated_after]": "2026-03-02"}).json()["meta"]["total"] == "0"


@pytest.mark.parametrize("write", ["sync", "put", "value", "tag", "import"])
def test_what_counts_as_a_change_of_a_contact(api: Api, write: str) -> None:
    """A subscription does not (recorded); everything else does."""
    api.sync("a@b.com")
    plan, tag, news = api.field("Plan"), api.tag("VIP"), api.list("News")
    api.time.seconds = 60
    api.post("/contactLists", {"contactList": {"contact": 1, "list": news, "status": 1}})
    before = api.get("/contacts/1").json()["contact"]["udate"]
    match write:
        case "sync":
            api.sync("a@b.com", phone="1")
        case "put":
            api.put("/contacts/1", {"contact": {"phone": "1"}})
        case "value":
            api.post("/fieldValues", {"fieldValue": {"contact": 1, "field": plan, "value": "x"}})
        case "tag":
            api.post("/contactTags", {"contactTag": {"contact": 1, "tag": tag}})
        case "import":
            api.imported({"email": "a@b.com", "phone": "1"})

    assert before == "2026-03-01T07:00:00-05:00"
    assert api.get("/contacts/1").json()["contact"]["udate"] > before


def test_required_fields_get_their_defaults_when_asked(api: Api) -> None:
    """Only where nothing is."""
    fields = [("Plan", "1", "Free"), ("City", "1", ""), ("Note", "0", "x")]
    for title, required, default in fields:
        api.post("/fields", {"field": {"title": title, "type": "text", "isrequired": required, "defval": default}})
    api.sync("a@b.com")

    api.post("/fieldValues", {"fieldValue": {"contact": 1, "field": 3, "value": "y"}, "useDefaults": True})

    assert api.contacts()[0]["fields"] == {"Plan": "Free", "Note": "y"}
