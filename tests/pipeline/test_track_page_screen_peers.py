"""Every track, page and screen row of what Segment's and RudderStack's destinations do, and the cases about them.

Each test quotes its row or case (reference/peers.md); what is seen is what the account has.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ac_pipeline.sync.report import RunReport
from pipeline.events_support import Shop, event
from pipeline.pipeline_account import EVENT, VISIT
from pipeline.pipeline_support import Service, person

TRACK = "call: track\nevent: Order Completed\nfrom: all\nsql: select * from {table}\n"
NAMED = "call: track\nsql: select * from {table}\n"
SCREEN = "call: screen\nsql: select * from {table}\n"
PAGE = "call: page\nsql: select * from {table}\n"
VISITS = PAGE + "as_event: null\n"
DONE = "Order Completed"
U1, U2 = "u1@example.com", "u2@example.com"


@pytest.fixture
def shop(tmp_path: Path, account: Service) -> Shop:
    """A shop whose first two customers become contacts in its first run, which tells their events, too."""
    shop = Shop(tmp_path / "shop", account.sandbox.url)
    shop.stream("orders", TRACK)
    shop.crowd(3)
    shop.members("buyers", "1", "2")
    account.track()
    return shop


def add_stream(shop: Shop, key: str, text: str, **types: str) -> None:
    """Declare a stream that tells everything it finds."""
    shop.stream(key, text + "from: all\n", **types)


def told(report: RunReport) -> tuple[int, int, int]:
    """Return how many events were sent, are rejected, and wait."""
    summary = report.delivery.events.summary()
    return summary["sent"], summary["rejected"], summary["waiting"]  # type: ignore[return-value]


def test_track_segment_the_value_is_ac_value(shop: Shop, account: Service) -> None:
    """`track`, Segment: "event tracking; value from `acValue`". A column `value` goes before."""
    at = shop.ago()
    shop.run_sql("alter table orders drop column value", "alter table orders add column properties json")
    shop.happened(
        "orders", event("1", at, properties='{"acValue": 20.50, "note": "x"}'), event("2", at, properties="{}")
    )
    add_stream(
        shop,
        "refunds",
        "call: track\nevent: Refunded\nsql: select * from {table}\n",
        value="double",
        properties="varchar",
    )
    shop.happened("refunds", event("1", at, value=19.9, properties='{"acValue": "other"}'))
    shop.sync()

    assert sorted(account.tracked()) == [(U1, DONE, "20.5"), (U1, "Refunded", "19.9"), (U2, DONE, "")]


def test_track_segment_the_account_must_have_it_switched_on(shop: Shop, account: Service) -> None:
    """`track`, Segment: "the account must have it switched on": said, the rest goes on, and nothing is lost."""
    account.track(events=False)
    shop.happened("orders", event("1", shop.ago(), value=20))
    shop.members("buyers", "1", "2", "3")
    report = shop.sync()

    assert account.tracked() == []
    assert account.told()["u3@example.com"] == {"Buyers": "true"}
    assert any("switched off" in text for text in report.delivery.events.blocked)
    assert report.needs_attention
    assert shop.ask("select state, reason from events") == [("pending", "tracking_off")]

    account.track()
    assert not shop.sync_later().needs_attention
    assert account.tracked() == [(U1, DONE, "20")]


def test_track_rudderstack_the_event_is_registered_first_then_sent(shop: Shop, account: Service) -> None:
    """`track`, RudderStack: "event registered first, then sent". Once for each name and account."""
    shop.happened("orders", event("1", shop.ago(), value=20), event("2", shop.ago(), value=30))
    shop.sync()
    asked = account.requests("GET /eventTrackingEvents", "POST /eventTrackingEvents", EVENT)
    assert asked == ["GET /eventTrackingEvents", "POST /eventTrackingEvents", EVENT, EVENT]
    assert account.event_names() == [DONE]

    account.forget_requests()
    shop.clock.next_window()
    shop.happened("orders", event("1", shop.ago(), 2, value=21))
    shop.sync()
    assert account.requests() == ["GET /users/me", "GET /settings/account", "GET /eventTracking", EVENT]


def test_screen_rudderstack_is_an_event_like_track(shop: Shop, account: Service) -> None:
    """`track`, RudderStack: "also `screen`"."""
    add_stream(shop, "screens", SCREEN)
    shop.happened("screens", event("1", shop.ago(), event="Cart", value="2 items"))
    shop.sync()

    assert (account.tracked(), account.event_names()) == ([(U1, "Cart", "2 items")], ["Cart"])


def test_page_segment_url_and_referrer_for_the_contacts_e_mail(shop: Shop, account: Service) -> None:
    """`page`: "site tracking with url and referrer for the contact's e-mail"; "the domain registered once"."""
    add_stream(shop, "views", VISITS)
    page = "https://shop.example/cart?id=7"
    shop.happened(
        "views", event("1", shop.ago(), url=page, referrer="https://search.example/"), event("2", shop.ago(), url=page)
    )
    report = shop.sync()

    assert sorted(account.tracked()) == [(U1, "__pagevisit", page), (U2, "__pagevisit", page)]
    assert sorted(account.referrers()) == ["", "https://search.example/"]
    assert account.domains() == ["shop.example"]
    assert (told(report), account.requests(EVENT)) == ((2, 0, 0), [])

    account.forget_requests()
    shop.clock.next_window()
    shop.happened("views", event("1", shop.ago(), 2, url="https://SHOP.example/"))
    shop.sync()
    assert account.requests("POST /siteTrackingDomains", "GET /siteTrackingDomains", VISIT) == [VISIT]


def test_page_here_a_named_event_is_the_default(shop: Shop, account: Service) -> None:
    """`page`, here: "or as a named event", which is documented; the page is its value."""
    add_stream(shop, "views", PAGE)
    shop.happened("views", event("1", shop.ago(), url="https://shop.example/cart"))
    shop.sync()

    assert account.tracked() == [(U1, "Viewed Page", "https://shop.example/cart")]
    assert (account.domains(), account.requests(VISIT)) == ([], [])


def test_page_of_an_account_without_a_list_of_domains_is_sent_and_said_once(shop: Shop, account: Service) -> None:
    """`page`, RudderStack: "registers the domain only", which newer accounts have no way for."""
    account.switch(site_domains="gone")
    add_stream(shop, "views", VISITS)
    shop.happened("views", event("1", shop.ago(), url="https://shop.example/"))
    first = shop.sync()
    assert any("added" in text for text in first.delivery.events.blocked)
    assert len(account.requests(VISIT)) == 1

    shop.clock.next_window()
    shop.happened("views", event("1", shop.ago(), 2, url="https://shop.example/2"))
    assert shop.sync().delivery.events.blocked == ()


def test_audiences_segment_entered_and_exited_events(shop: Shop, account: Service) -> None:
    """`audiences`: "optionally Audience Entered / Exited events": everybody, then changes, each once."""
    shop.audience("Readers", "1", "2", membership={"events": True})
    shop.sync()
    assert sorted(account.tracked()) == [(U1, "Audience Entered", "readers"), (U2, "Audience Entered", "readers")]

    shop.members("readers", "2")
    shop.sync_later()
    shop.sync()
    shop.members("readers", "1", "2")
    shop.sync_later()
    names = [name for email, name, _ in account.tracked() if email == U1]
    assert names == ["Audience Entered", "Audience Exited", "Audience Entered"]
    assert account.tracked("Audience Exited") == [(U1, "Audience Exited", "readers")]


def test_who_is_missing_or_malformed_is_refused_before_any_request(shop: Shop, account: Service) -> None:
    """ "missing e-mail: refused before any request" · "malformed e-mail: refused, with the reason"."""
    at = shop.ago()
    rows = [event("1", at, number, user_id=None, email=email) for number, email in enumerate([None, "ann", ""], 1)]
    shop.happened("orders", *rows)
    assert told(shop.sync()) == (0, 3, 0)
    assert shop.ask("select reason, count(*) from events group by all order by all") == [
        ("invalid_email", 1),
        ("missing_user", 2),
    ]
    assert account.requests(EVENT, "POST /eventTrackingEvents") == []


def test_an_address_is_trimmed_and_lower_cased(shop: Shop, account: Service) -> None:
    """ "` Foo@Example.TEST `: trimmed and lower-cased" · "URL with or without trailing slash" of the tracking host."""
    shop.slash = "/"
    shop.happened("orders", {**event("1", shop.ago(), value=3), "user_id": None, "email": " U1@Example.COM "})
    shop.sync()
    assert account.tracked() == [(U1, DONE, "3")]


def test_an_event_of_somebody_who_is_no_contact_waits_for_them(shop: Shop, account: Service) -> None:
    """Contact exists before its events: in one run, when the run makes it one."""
    shop.people(person("1"), person("3"))
    shop.happened("orders", event("3", shop.ago(), value=3))
    assert told(shop.sync()) == (0, 0, 1)
    assert account.requests(EVENT, "POST /eventTrackingEvents") == []

    shop.members("buyers", "1", "2", "3")
    assert told(shop.sync_later()) == (1, 0, 0)
    assert account.tracked() == [("u3@example.com", DONE, "3")]


def test_what_is_too_long_or_no_value_is_rejected_or_cut(shop: Shop, account: Service) -> None:
    """ "nested object in a field: refused" · "null, "", 0, false in a field: a stated policy".

    The service cuts values at 250 characters in silence; here a person decides, of names of 32 characters, too.
    """
    at = shop.ago()
    rows = [
        event("1", at, 1, event="Note", value="v" * 251),
        event("1", at, 2, event="Note", value="w" * 250),
        event("1", at, 3, event="n" * 33, value="x"),
        event("1", at, 4, event="m" * 32, value="y"),
    ]
    add_stream(shop, "strict", NAMED)
    add_stream(shop, "generous", NAMED + "shorten: true\n")
    shop.happened("strict", *rows)
    shop.happened("generous", *({**row, "user_id": "2"} for row in rows))
    shop.run_sql("alter table orders drop column value", "alter table orders add column properties varchar")
    values = ['{"a": 1}', "0", "false", '""', "null", "1e3"]
    shop.happened(
        "orders", *(event("1", at, n, properties=f'{{"acValue": {value}}}') for n, value in enumerate(values, 1))
    )
    shop.sync()

    assert shop.ask("select stream, reason from events where state = 'rejected' order by all") == [
        ("orders", "nested_value"),
        ("strict", "event_name_too_long"),
        ("strict", "value_too_long"),
    ]
    assert [value for email, name, value in account.tracked() if name == DONE] == ["0", "false", "", "", "1000"]
    assert [(name, value) for email, name, value in account.tracked() if email == U2] == [
        ("Note", "v" * 250), ("Note", "w" * 250), ("n" * 32, "x"), ("m" * 32, "y"),
    ]  # fmt: skip
    assert [(name, value) for email, name, value in account.tracked() if email == U1 and name != DONE] == [
        ("Note", "w" * 250), ("m" * 32, "y"),
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "totals"), [(41, "number"), (100, "text"), (101, "number"), (250, "text")])
def test_all_names_of_events_are_seen(shop: Shop, account: Service, count: int, totals: str) -> None:
    """ "an account with 41, 100, 101, 250 tags or fields: all are seen" · "`meta.total` as text or number"."""
    account.switch(totals=totals)
    for number in range(1, count):
        account.call("POST", "eventTrackingEvents", {"eventTrackingEvent": {"name": f"Filler {number}"}})
    account.call("POST", "eventTrackingEvents", {"eventTrackingEvent": {"name": DONE}})
    account.forget_requests()
    shop.happened("orders", event("1", shop.ago(), value=20))
    shop.sync()

    assert account.requests("POST /eventTrackingEvents") == []
    assert account.tracked() == [(U1, DONE, "20")]


@pytest.mark.parametrize("fault", ["login_page", "masked_failure", "bad_gateway", "gateway_timeout", "dropped_after"])
def test_an_answer_that_proves_nothing_is_neither_success_nor_repeated(
    shop: Shop, account: Service, fault: str
) -> None:
    """ "502/504 with an HTML page" · "200 with an HTML login page: not a success" · "200 with an empty body and
    `X-Ac-Error`": an event cannot be sent again blindly; the contact's log says whether it arrived.
    """
    account.misbehave({"kind": fault, "path": "/event", "count": 1})
    shop.happened("orders", event("1", shop.ago(), value=20), event("1", shop.ago(0.1), 2, value=30))
    first = shop.sync()
    assert first.delivery.events.summary()["unknown"] == 1
    assert len(account.requests(EVENT)) == 1, "the contact's next event waits"
    assert shop.ask("select state, reason from events where value = '30'") == [("waiting", "after_doubt")]

    assert not shop.sync_later().delivery.events.needs_attention
    assert account.tracked() == [(U1, DONE, "20"), (U1, DONE, "30")]


def test_a_refused_event_stops_no_other(shop: Shop, account: Service) -> None:
    """ "422 `email_invalid`: this contact only": the tracking host refuses an event without a word; others are told."""
    at = shop.ago()
    shop.happened("orders", event("1", at, value=20), event("2", at, value=30))
    account.misbehave({"kind": "unknown_4xx", "path": "/event", "count": 1})
    first = shop.sync()
    assert (len(account.tracked()), told(first)[0]) == (1, 1)
    shop.sync_later()
    assert sorted(account.tracked()) == [(U1, DONE, "20"), (U2, DONE, "30")]


def test_throttling_of_events_is_waited_for(shop: Shop, account: Service) -> None:
    """ "429 with and without `Retry-After`"."""
    account.misbehave({"script": ["throttled", "throttled_bare"], "path": "/event"})
    shop.happened("orders", event("1", shop.ago(), value=20))
    assert told(shop.sync()) == (1, 0, 0)
    assert account.tracked() == [(U1, DONE, "20")]


def test_without_credentials_everything_else_goes_on(shop: Shop, account: Service) -> None:
    """Events need credentials of their own; a sync without them says so, and loses none."""
    shop.credentials = False
    shop.members("buyers", "1", "2", "3")
    shop.happened("orders", event("1", shop.ago(), value=20))
    report = shop.sync()
    assert "ACTIVECAMPAIGN_EVENT_KEY" in report.delivery.events.blocked[0]
    assert (len(account.told()), account.tracked()) == (3, [])

    shop.credentials = True
    shop.sync_later()
    assert account.tracked() == [(U1, DONE, "20")]
