"""Lists of the sandbox, who sees them, and who is on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract.sandbox_support import Api, keys, sandbox

SUBSCRIPTION = keys(
    "contact list form seriesid sdate udate status responder sync unsubreason campaign message first_name last_name"
    " ip4Sub sourceid autosyncLog ip4_last ip4Unsub created_timestamp updated_timestamp created_by updated_by"
    " unsubscribeAutomation links id automation"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    """One contact, one list."""
    server.start_anew()
    server.sync("a@b.com", firstName="A", lastName="B")
    server.list("News")
    return server


def put(api: Api, status: object, **more: object) -> dict[str, object]:
    """Give the contact a status on the list."""
    sent = {"contact": "1", "list": "1", "status": status, **more}
    answer = api.post("/contactLists", {"contactList": sent})
    assert answer.status_code in (200, 201)
    return answer.json()["contactList"]


def status_of(api: Api, contact: str = "1") -> list[str]:
    return [row["status"] for row in api.get(f"/contacts/{contact}/contactLists").json()["contactLists"]]


def test_create_is_201_and_echoes_what_was_sent(api: Api) -> None:
    """Times and links come with it."""
    sent = {"name": "Offers", "stringid": "offers", "sender_url": "https://x.com", "sender_reminder": "You asked."}

    answer = api.post("/lists", {"list": sent})

    assert answer.status_code == 201
    assert list(answer.json()["list"]) == [*sent, "cdate", "udate", "links", "id"]
    assert list(answer.json()["list"]["links"]) == ["contactGoalLists", "user", "addressLists"]


@pytest.mark.parametrize("missing", ["name", "stringid", "sender_url", "sender_reminder"])
def test_a_list_needs_four_things(api: Api, missing: str) -> None:
    """An empty object says so, and nothing more."""
    sent = {"name": "Offers", "stringid": "offers", "sender_url": "https://x.com", "sender_reminder": "You asked."}
    del sent[missing]

    answer = api.post("/lists", {"list": sent})

    assert (answer.status_code, answer.json()) == (400, {})


def test_reads_have_the_recorded_keys(api: Api) -> None:
    """And the channel newer lists have."""
    listed = api.get("/lists").json()

    assert list(listed["lists"][0]) == keys(
        "stringid userid name cdate p_use_tracking p_use_analytics_read p_use_analytics_link p_use_twitter"
        " p_use_facebook p_embed_image p_use_captcha send_last_broadcast private analytics_domains analytics_source"
        " analytics_ua twitter_token twitter_token_secret facebook_session carboncopy subscription_notify"
        " unsubscription_notify require_name get_unsubscribe_reason to_name optinoptout sender_name sender_addr1"
        " sender_addr2 sender_city sender_state sender_zip sender_country sender_phone sender_url sender_reminder"
        " fulladdress optinmessageid optoutconf deletestamp channel udate created_timestamp updated_timestamp"
        " created_by updated_by links id user"
    )
    assert listed["meta"] == {"total": "1"}
    assert api.get("/lists/1").json()["list"] == listed["lists"][0]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["News", "Alpha", "News 2"]),
        ({"filters[name]": "news"}, ["News"]),
        ({"filters[name][contains]": "news"}, ["News", "News 2"]),
        ({"filters[name][starts_with]": "al"}, ["Alpha"]),
        ({"orders[name]": "ASC"}, ["Alpha", "News", "News 2"]),
        ({"limit": "1", "offset": "2"}, ["News 2"]),
    ],
)
def test_lists_are_found_in_order(api: Api, params: dict[str, str], found: list[str]) -> None:
    """Each documented parameter."""
    api.list("Alpha")
    api.list("News 2")

    assert [row["name"] for row in api.get("/lists", **params).json()["lists"]] == found


def test_put_is_a_failure_that_looks_like_a_success(api: Api) -> None:
    """As recorded: 200, JSON, no body, X-Ac-Error. A switch lets it work."""
    answer = api.put("/lists/1", {"list": {"name": "Other"}})

    assert (answer.status_code, answer.content, answer.headers["x-ac-error"]) == (200, b"", "Code 9001")
    assert answer.headers["content-type"] == "application/json"
    assert api.get("/lists/1").json()["list"]["name"] == "News"
    api.switch(list_update="works")
    assert api.put("/lists/1", {"list": {"name": "Other"}}).json()["list"]["name"] == "Other"


def test_delete_takes_subscriptions_and_relations_along(api: Api) -> None:
    """Afterwards every call is 404."""
    put(api, 1)
    field = api.field("Plan")
    api.post("/fieldRels", {"fieldRel": {"field": field, "relid": 1}})

    assert api.delete("/lists/1").content == b"{}"

    assert status_of(api) == []
    assert api.get(f"/fields/{field}/relations").json() == {"fieldRels": []}
    for answer in (api.get("/lists/1"), api.put("/lists/1", {}), api.delete("/lists/1")):
        assert (answer.status_code, answer.json()) == (404, {"message": "No Result found for _List with id 1"})


def test_groups_that_see_a_list(api: Api) -> None:
    """201 once, 200 again; reads carry the permissions."""
    first = api.post("/listGroups", {"listGroup": {"listid": 1, "groupid": 3}})
    again = api.post("/listGroups", {"listGroup": {"listid": "1", "groupid": "3"}})

    assert (first.status_code, again.status_code) == (201, 200)
    assert list(first.json()["listGroup"]) == ["list", "group", "links", "id"]
    assert (first.json()["listGroup"]["list"], again.json()["listGroup"]["list"]) == (1, "1")
    (row,) = api.get("/listGroups").json()["listGroups"]
    assert len(row) == 18
    assert (row["list"], row["group"], row["p_list_add"]) == ("1", "3", "0")
    assert api.get("/listGroups/1").json() == {"listGroup": row}
    assert api.get("/listGroups/1/list").json()["list"]["name"] == "News"
    assert api.delete("/listGroups/1").json() == {}
    assert api.delete("/listGroups/1").status_code == 404
    assert api.post("/listGroups", {"listGroup": {"listid": 9, "groupid": 3}}).status_code == 404


def test_subscribing_is_201_once_and_200_again_under_the_same_id(api: Api) -> None:
    """The contact does not count as changed (recorded); names are the contact's."""
    api.time.seconds = 60
    first = api.post("/contactLists", {"contactList": {"list": "1", "contact": "1", "status": 1}})
    again = api.post("/contactLists", {"contactList": {"list": "1", "contact": "1", "status": "1", "sourceid": 4}})

    assert (first.status_code, again.status_code) == (201, 200)
    assert list(first.json()["contactList"]) == keys(
        "status list contact sdate udate unsubreason campaign message first_name last_name sourceid"
        " unsubscribeAutomation links id"
    )
    assert first.json()["contacts"][0]["udate"] == "2026-03-01T07:00:00-05:00"
    written = first.json()["contactList"]
    assert (written["status"], written["sdate"], written["udate"]) == (1, "2026-03-01T07:01:00-05:00", None)
    assert (written["first_name"], written["last_name"], written["sourceid"]) == ("A", "B", 3)
    assert (again.json()["contactList"]["id"], again.json()["contactList"]["status"]) == ("1", "1")
    assert again.json()["contactList"]["sourceid"] == "4"


def test_the_subscriptions_of_a_contact_have_the_documented_keys(api: Api) -> None:
    """Alike in its own array, in the list of all, by id, and beside the contact."""
    put(api, 1)

    (row,) = api.get("/contacts/1/contactLists").json()["contactLists"]

    assert list(row) == SUBSCRIPTION
    assert (row["status"], row["contact"], row["list"]) == ("1", "1", "1")
    assert api.get("/contactLists").json() == {"contactLists": [row], "meta": {"total": "1"}}
    assert api.get("/contactLists/1").json() == {"contactList": row}
    read = api.get("/contacts/1").json()
    assert (read["contactLists"], read["contact"]["contactLists"]) == ([row], ["1"])


def test_leaving_and_coming_back_move_their_own_times(api: Api) -> None:
    """`sdate` is the last subscription, `udate` the last departure; a repeated status moves nothing."""
    seen = []
    for minute, status in enumerate((1, 1, 2, 2, 1)):
        api.time.seconds = minute * 60
        put(api, status)
        (row,) = api.get("/contacts/1/contactLists").json()["contactLists"]
        seen.append((row["sdate"][14:16], row["udate"] and row["udate"][14:16]))

    assert seen == [("00", None), ("00", None), ("00", "02"), ("00", "02"), ("04", "02")]


def test_somebody_who_left_can_be_taken_back_unless_that_is_forbidden(api: Api) -> None:
    """That is what the service warns of."""
    put(api, 2)
    put(api, 1)
    assert status_of(api) == ["1"]

    put(api, 2)
    api.switch(resubscribe="forbidden")
    answer = api.post("/contactLists", {"contactList": {"list": 1, "contact": 1, "status": 1}})

    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (403, "Forbidden")
    assert status_of(api) == ["2"]


@pytest.mark.parametrize("status", [4, -1, "x", None, "", 1.5])
def test_other_statuses_are_422(api: Api, status: object) -> None:
    """0 and 3 are taken too."""
    answer = api.post("/contactLists", {"contactList": {"list": "1", "contact": "1", "status": status}})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["title"] == "The value you selected is not a valid choice."
    assert put(api, 0)["id"] == put(api, "3")["id"]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"list": 9, "contact": 1}, "No Result found for _List with id 9"),
        ({"list": 1, "contact": 9}, "No Result found for Subscriber with id 9"),
    ],
)
def test_unknown_lists_and_contacts_are_404(api: Api, sent: dict[str, int], message: str) -> None:
    """In the words of reads."""
    answer = api.post("/contactLists", {"contactList": {**sent, "status": 1}})

    assert (answer.status_code, answer.json()) == (404, {"message": message})


def test_contacts_are_found_by_list_and_status(api: Api) -> None:
    """The status is that on the list asked for, or on any."""
    api.list("Offers")
    for number in (2, 3, 4):
        api.sync(f"c{number}@b.com")
    for contact, mailing_list, status in ((1, 1, 1), (2, 1, 2), (3, 2, 1), (2, 2, 1)):
        sent = {"contact": contact, "list": mailing_list, "status": status}
        api.post("/contactLists", {"contactList": sent})

    def found(**params: object) -> list[str]:
        return [contact["id"] for contact in api.get("/contacts", **params).json()["contacts"]]

    assert found(listid=1) == ["2", "1"]
    assert found(listid=1, status=-1) == ["2", "1"]
    assert found(listid=1, status=1) == ["1"]
    assert found(listid=1, status=2) == ["2"]
    assert found(status=1) == ["3", "2", "1"]
    assert found(listid=9) == []


def test_include_loads_what_hangs_on_the_contacts_of_the_page(api: Api) -> None:
    """Beside them, and as ids in each."""
    put(api, 1)
    api.sync("b@b.com", fieldValues=[{"field": api.field("Plan"), "value": "Pro"}])

    body = api.get("/contacts", include="contactLists,fieldValues,nonsense").json()

    assert list(body) == ["scoreValues", "contactLists", "fieldValues", "contacts", "meta"]
    assert [contact["contactLists"] for contact in body["contacts"]] == [[], ["1"]]
    assert [contact["fieldValues"] for contact in body["contacts"]] == [["1"], []]
    assert body["fieldValues"][0]["value"] == "Pro"


def test_webhooks_are_kept_and_listed(api: Api) -> None:
    """Created, read, changed, found, deleted; never called."""
    sent = {"name": "Hook", "url": "https://x.com/h", "events": ["subscribe"], "sources": ["api"], "listid": 0}

    created = api.post("/webhooks", {"webhook": sent})

    assert created.status_code == 201
    assert created.json()["webhook"] == {
        "cdate": "2026-03-01T07:00:00-05:00",
        "listid": "0",
        "name": "Hook",
        "url": "https://x.com/h",
        "events": ["subscribe"],
        "sources": ["api"],
        "links": [],
        "id": "1",
    }
    assert api.put("/webhooks/1", {"webhook": {"events": ["update"]}}).json()["webhook"]["events"] == ["update"]
    assert api.get("/webhooks", **{"filters[name]": "hook"}).json()["meta"] == {"total": "1"}
    assert api.get("/webhooks", **{"filters[listid]": "3"}).json()["meta"] == {"total": "0"}
    assert api.get("/webhooks/1").json()["webhook"]["name"] == "Hook"
    assert api.delete("/webhooks/1").json() == {}
    assert api.get("/webhooks/1").json() == {"message": "No Result found for Webhook with id 1"}
    assert api.get("/webhook/events").json()["meta"] == {"total": 25}
