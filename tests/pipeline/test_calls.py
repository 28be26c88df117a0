"""What scripts say, through the pipeline to the account: by the rules of the warehouse's, and syncs do not fight it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from ac_pipeline.calls import Account, connect
from ac_pipeline.errors import ContactRefused, InvalidCall, OwnerMustAct, PipelineError, SettingsError, UnknownName
from ac_pipeline.model.events import EventState
from pipeline.events_support import Shop
from pipeline.pipeline_account import ENROL, EVENT, SUBSCRIBE, TAG, VISIT
from pipeline.pipeline_support import SYNC, UPDATE, Service, customer

U1, ANN = "u1@example.com", "ann@example.com"
NEW = {"email": ANN, "firstName": "Ann"}


@pytest.fixture
def shop(tmp_path: Path, account: Service) -> Shop:
    """A company whose account tracks events, and to whose warehouse nobody belongs yet."""
    account.track()
    account.forget_requests()
    return Shop(tmp_path / "shop", account.sandbox.url)


def say(shop: Shop, *args: object, **kwargs: object) -> object:
    """Say one thing by itself."""
    with connect(shop.settings(), clock=shop.clock) as account:
        return account.identify(*args, **kwargs)  # type: ignore[arg-type]


def faulty(account: Account, call: str, *args: object, **kwargs: object) -> PipelineError:
    """Return what a call raises."""
    with pytest.raises(PipelineError) as caught:
        getattr(account, call)(*args, **kwargs)
    return caught.value


def test_what_a_script_said_is_not_said_again_by_a_sync(shop: Shop, account: Service) -> None:
    """Values of every type, tags and lists, as the warehouse has them and as Python does: the same texts."""
    news = account.create_list("News")
    shop.customers(
        customer(
            "1", last_name="Lee", phone=491234567, tags="Gold,new", lists=f'[{{"id": {news}, "status": "active"}}]'
        ),
        types={"phone": "bigint"},
    )
    shop.audience("Buyers", "1", membership={"tag": "Buyer", "list": {"list": "News"}})
    at = datetime(2026, 4, 5, 14, 30, 5, 999, tzinfo=timezone(timedelta(hours=2)))
    said = {
        "Points": ("number", "decimal(10,2)", Decimal("20.50")),
        "First Day": ("date", "date", date(1990, 2, 3)),
        "Last Seen": ("datetime", "timestamptz", at),
        "Is Happy": ("boolean", "boolean", False),
        "Colour": ("choice", "varchar", " red "),
        "Sizes": ("multi_choice", "varchar[]", ["M", "L", "M"]),
        "City": ("text", "varchar", "Mu\u0308nchen"),
    }
    for name, (kind, stored, value) in said.items():
        shop.trait(name, kind, {"1": value}, stored=stored)
    with connect(shop.settings(), clock=shop.clock) as calls:
        first = calls.identify(
            1,
            {
                "email": " U1@Example.COM ", "firstName": "First1", "last_name": "Lee", "phone": 491234567,
                "tags": ["gold", "Gold", "new"], "lists": [{"id": news, "status": "subscribe"}],
                **{name.title().replace(" ", ""): value for name, (_, _, value) in said.items()},
            },
        )  # fmt: skip
        calls.add_tag("VIP", email=U1)
    assert (first.contact_id, first.declared, first.left_alone) == (account.id_of(U1), (), ())
    texts = account.told()[U1]
    assert (texts["Points"], texts["Sizes"], texts["Last Seen"][:13]) == ("20.5", "||L||M||", "2026-04-05T07")
    assert shop.ask("select kind, state, summary->>'acknowledged' from runs") == [("send", "succeeded", "1")]

    account.forget_requests()
    shop.sync()
    assert account.requests(SYNC, UPDATE) == [UPDATE], "Buyers is new"
    assert account.told()[U1] == {**texts, "Buyers": "true"}
    tags = {"Gold", "new", "VIP", "Buyer"}
    assert (account.tags(U1), account.lists(U1)) == (tags, {"News": "active"})
    shop.audience("Readers", "1", membership={"tag": "Reader", "list": {"list": "News"}})
    shop.sync_later()
    account.untag(U1, "Reader")
    with connect(shop.settings(), clock=shop.clock) as calls:
        again = calls.identify(
            "1", {"points": "20.5", "readers": True, "tags": ["reader"], "lists": {"News": "active"}}
        )
    assert set(again.declared) == {"points", "readers"}
    account.forget_requests()
    assert not shop.sync_later().delivery.planned
    assert (account.requests(), account.tags(U1)) == ([], tags | {"Reader"})


def test_the_warehouse_has_the_last_word_where_it_says_something(shop: Shop, account: Service) -> None:
    """A declared trait is set back by the next sync, and that is said; what only the script says stays."""
    shop.customers(customer("1", tags="Gold"), customer("2", tags="VIP"))
    shop.audience("Buyers", "1", membership={"tag": "Buyer"})
    shop.trait("Points", "number", {"1": 7}, stored="integer")
    shop.trait("Level", "text", {})
    shop.sync()
    with connect(shop.settings(), clock=shop.clock) as calls:
        said = calls.identify("1", {"points": 5, "buyers": False, "level": "high", "shirtSize": "M", "tags": ["VIP"]})
        off = calls.remove_tag("gold", user_id="1")
    assert set(said.declared) == {"points", "buyers"}
    assert (off.said, account.tags(U1)) == (("no tag gold",), {"Buyer", "VIP"})
    assert account.told()[U1] == {"Buyers": "false", "Points": "5", "Level": "high", "shirtSize": "M"}

    shop.sync_later()
    assert account.told()[U1] == {"Buyers": "true", "Points": "7", "Level": "high", "shirtSize": "M"}
    assert account.tags(U1) == {"Buyer", "VIP"}, "as what a marketer puts on or takes off"
    account.forget_requests()
    shop.sync_later()
    assert account.requests() == []


def test_of_people_the_warehouse_does_not_know_scripts_have_the_word(shop: Shop, account: Service) -> None:
    """No sync takes anything back; from when they are among its contacts, the warehouse has the last word."""
    shop.customers(customer("2"))
    shop.audience("Buyers", "2", "3")
    shop.trait("Points", "number", {"3": 7}, stored="integer", nulls="clear")
    shop.sync()
    with connect(shop.settings(), clock=shop.clock) as calls:
        for user in ("1", "3"):
            who = {"email": f"u{user}@example.com", "firstName": f"First{user}"}
            said = calls.identify(user, {**who, "buyers": user == "1", "points": 5})
            assert said.declared == ()
    told = {U1: {"Buyers": "true", "Points": "5"}, "u3@example.com": {"Buyers": "false", "Points": "5"}}
    report = shop.sync_later()
    assert (report.delivery.planned, report.needs_attention) == (0, False)
    assert {email: account.told()[email] for email in told} == told
    shop.customers(customer("1"), customer("2"), customer("3"))
    shop.sync_later()
    assert account.told()[U1] == {"Buyers": "false", "Points": ""}
    assert account.told()["u3@example.com"] == {"Buyers": "true", "Points": "7"}


def test_who_becomes_a_contact_is_the_destinations_rule(shop: Shop, account: Service) -> None:
    """`with_name`, `never`: whom the account has is told; nobody else is made. Reserved traits go nowhere."""
    account.create("old@example.com")
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert "no_name" in str(faulty(calls, "identify", "8", {"email": ANN, "name": "Ann", "city": "Ulm"}))
        told = calls.identify("9", {"email": "old@example.com", "age": 7, "city": "Ulm"})
    assert (told.contact_id, told.ignored) == (account.id_of("old@example.com"), ("age",))
    assert account.told() == {"old@example.com": {"city": "Ulm"}}

    shop.destination(create_contacts="never", create_fields=False)
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert isinstance(faulty(calls, "identify", "8", NEW), ContactRefused)
        assert "create_fields is off" in str(faulty(calls, "identify", "9", {"shoe": 1}))
    assert set(account.told()) == {"old@example.com"}


def test_who_is_meant(shop: Shop, account: Service) -> None:
    """A new address renames; the user id is looked for in the account; who was known by the address gets an id."""
    with connect(shop.settings(), clock=shop.clock) as calls:
        first = calls.identify(traits=NEW)
        assert calls.identify("42", {"email": ANN}).contact_id == first.contact_id
        assert calls.identify("42", {"email": "ann2@example.com"}).contact_id == first.contact_id
        assert calls.identify("42", {"email": "ann2@example.com"}).contact_id == first.contact_id
        assert "address_in_use" in str(faulty(calls, "identify", "43", {**NEW, "email": "ann2@example.com"}))
        found = calls.find_contact(" ANN2@example.com")
        assert found is not None
        assert (found.id, calls.find_contact(ANN), list(account.contacts())) == (
            first.contact_id, None, ["ann2@example.com"],
        )  # fmt: skip
    shop.lose_home()
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert calls.identify("42", {**NEW, "email": "ann3@example.com"}).contact_id == first.contact_id
        account.delete("ann3@example.com")
        again = calls.identify("42", {"phone": "1", "firstName": "Ann"})
        assert (again.contact_id, again.said) == (account.id_of("ann3@example.com"), ("email", "first_name", "phone"))
    assert account.user_ids() == {"ann3@example.com": "42"}


def test_opt_outs_are_kept_and_lists_must_exist(shop: Shop, account: Service) -> None:
    """Nobody is subscribed again, whoever asks. A reset of tags spares what the warehouse gives."""
    news = account.create_list("News")
    account.create(U1)
    account.unsubscribe(U1, news)
    account.tag(U1, "Old")
    shop.customers(customer("1"))
    shop.audience("Buyers", "1", membership={"tag": "Buyer"})
    shop.sync()
    with connect(shop.settings(), clock=shop.clock) as calls:
        said = calls.identify("1", {"lists": {"news": "active"}, "tags": ["New"], "tagsReset": 1})
        assert said.not_subscribed == {"list news": "opted out"}
        assert (account.lists(U1), account.tags(U1)) == ({"News": "unsubscribed"}, {"New", "Buyer"})
        account.forget_requests()
        lists = [{"id": "77", "status": "active"}, {"id": news, "status": "sometimes"}]
        assert "unknown_status" in str(faulty(calls, "identify", "1", {"lists": lists}))
        assert "has no list 77" in str(faulty(calls, "identify", "1", {"lists": lists[:1]}))
        assert account.requests(SYNC, UPDATE, TAG, SUBSCRIBE) == []


def test_every_fault_of_a_call_is_named_before_any_request(shop: Shop, account: Service) -> None:
    """All at once, by name, without a value; `missing e-mail` and `malformed e-mail` of peers.md, too."""
    shop.trait("Points", "number", {})
    secret = "zebrowskaya"
    with connect(shop.settings(), clock=shop.clock) as calls:
        traits = {"email": secret, "points": secret, "shoe": {secret: 1}, "tags": [[secret]], "phone": b"1", "a b": 1,
                  "aB": 2}  # fmt: skip
        fault = faulty(calls, "identify", "1", traits)
        missing = faulty(calls, "identify", "1", {"firstName": "Ann"})
        named = [faulty(calls, "track", *args) for args in (("1", "x" * 33), ("1", "__x"), ("1", ""), (None, "x"))]
        odd = [
            faulty(calls, "page", "1", as_event=" "), faulty(calls, "add_tag", "\ud800", user_id="1"),
            faulty(calls, "add_tag", "VIP", user_id=b"1"), faulty(calls, "start_automation", None, user_id="1"),
            faulty(calls, "identify", b"1"),
        ]  # fmt: skip
    assert isinstance(fault, InvalidCall)
    assert all(f"{name}: " in fault.message for name in ("email", "points", "shoe", "tags", "phone"))
    assert "a b and aB are the same trait" in fault.message
    assert "missing_email" in missing.message
    assert [one.message.rpartition("(")[2].rstrip(").") for one in named] == [
        "event_name_too_long", "reserved_event_name", "missing_event", "missing_user",
    ]  # fmt: skip
    assert all(isinstance(one, InvalidCall) for one in odd)
    assert "needed" not in odd[-1].message, "there is a user id, but a wrong one"
    assert shop.ask("from events") == []
    assert secret not in str(fault)
    assert account.requests() == []


def test_events_pages_screens_and_enrolments_are_told_once(shop: Shop, account: Service) -> None:
    """Each message id once, also over handles; the value is acValue; names are registered once."""
    account.create_automation("Welcome")
    account.create_automation("Asleep", active=False)
    with connect(shop.settings(), clock=shop.clock) as calls:
        calls.identify("42", NEW)
        first = calls.track("42", "Order Completed", {"acValue": 20.50}, message_id="m-1", timestamp="2024-01-02")
        assert calls.track("42", "Order Completed", {"acValue": 99}, message_id="m-1").sent
        page = {"url": "https://shop.example/cart", "referrer": "https://b.example"}
        assert calls.page("42", properties=page).sent
        assert calls.page(email=ANN, properties=page, as_event=None).sent
        assert calls.screen("42", name="Cart", properties={"acValue": True}).sent
        assert calls.start_automation("welcome", user_id=42, message_id="w-1").sent
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert calls.track("42", "Order Completed", message_id="m-1").state is EventState.SENT
        assert calls.start_automation("Welcome", email=ANN, message_id="w-1").sent
        assert isinstance(faulty(calls, "start_automation", "Asleep", email=ANN), OwnerMustAct)
        for args in (("Nowhere", ANN), ("Welcome", "nobody@example.com")):
            assert isinstance(faulty(calls, "start_automation", args[0], email=args[1]), UnknownName)
        assert isinstance(faulty(calls, "add_tag", "VIP", email="nobody@example.com"), UnknownName)
        assert isinstance(faulty(calls, "add_tag", " ", email=ANN), InvalidCall)
    assert (first.contact_id, first.sent) == (account.id_of(ANN), True)
    assert account.tracked() == [
        (ANN, "Order Completed", "20.5"), (ANN, "Viewed Page", page["url"]), (ANN, "__pagevisit", page["url"]),
        (ANN, "Cart", "true"),
    ]  # fmt: skip
    assert (account.enrolled("Welcome"), account.requests(ENROL)) == ([ANN], [ENROL])
    assert len(account.requests("POST /eventTrackingEvents")) == 3
    assert shop.ask("select occurred_at, kind from events where value = '20.5'") == [(datetime(2024, 1, 2), "call")]  # noqa: DTZ001


def test_an_event_of_nobody_yet_is_kept_for_the_sync_that_makes_them_a_contact(shop: Shop, account: Service) -> None:
    """And one whose credentials are missing, or for which tracking is off, is refused: nothing is kept."""
    with connect(shop.settings(), clock=shop.clock) as calls:
        early = calls.track("1", "Signed Up", message_id="m-1")
    assert (early.state, early.reason, account.tracked()) == (EventState.WAITING, "no_contact", [])
    shop.crowd(1)
    shop.members("buyers", "1")
    shop.sync()
    assert account.tracked() == [(U1, "Signed Up", "")]

    account.track(events=False)
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert "switched off" in str(faulty(calls, "track", "1", "Signed Up"))
    shop.credentials = False
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert isinstance(faulty(calls, "track", "1", "Signed Up"), SettingsError)
    shop.credentials = True
    account.track()
    shop.sync_later()
    assert account.requests(EVENT, VISIT) == [EVENT]


def test_a_dry_run_reads_and_writes_nothing(shop: Shop, account: Service) -> None:
    """Neither there nor here: the same requests are shown that the call then makes."""
    traits = {**NEW, "shirtSize": "M", "tags": ["VIP"]}
    with connect(shop.settings(), clock=shop.clock) as calls:
        planned = calls.identify("42", traits, dry_run=True)
        event = calls.track("42", "Signed Up", dry_run=True)
    written = [name for name in account.requests() if not name.startswith("GET ")]
    assert (written, account.told(), event.state) == ([], {}, EventState.WAITING)
    assert shop.ask("select count(*) from engine.contact") == [(0,)]
    with connect(shop.settings(), clock=shop.clock) as calls:
        said = calls.identify("42", traits)
    assert planned.said == said.said
    endpoints = [one.endpoint for one in planned.requests]
    assert endpoints == ["POST /fields", "POST /fields", "POST /tags", SYNC, TAG]
    for endpoint in set(endpoints):
        assert account.requests(endpoint) == [endpoint] * endpoints.count(endpoint)
    assert said.requests[-2:] == (type(said.requests[0])(SYNC, said.requests[-2].body), said.requests[-1])


def test_fields_are_the_accounts_or_made_by_the_values(shop: Shop, account: Service) -> None:
    """`shirtSize` is `%SHIRT_SIZE%`; a choice becomes an option; null, "", 0 and false by the stated policy."""
    account.create_field("T-Shirt", "dropdown", tag="SHIRT_SIZE", options=["S"])
    with connect(shop.settings(), clock=shop.clock) as calls:
        said = calls.identify("42", {**NEW, "shirtSize": "M", "zero": 0, "no": False, "nil": None, "blank": " ",
                                     "seen": datetime(2026, 4, 5, tzinfo=UTC), "day": date(2026, 4, 5)})  # fmt: skip
        assert account.told()[ANN] | {"seen": ""} == {
            "T-Shirt": "M", "zero": "0", "no": "false", "seen": "", "day": "2026-04-05",
        }  # fmt: skip
        assert set(said.left_alone) == {"nil", "blank"}
        kinds = {title: field["type"] for title, field in account.fields().items()}
        assert (kinds["zero"], kinds["no"], kinds["seen"], kinds["day"]) == ("number", "dropdown", "datetime", "date")
        shop_fields = len(account.fields())
        fault = faulty(calls, "identify", "42", {"zero": "many", "T Shirt": ["a", "b"]})
        assert ("zero: " in fault.message, "T Shirt: " in fault.message) == (True, True)
    account.create_field("Shirt Size")
    shop.destination(nulls="clear")
    with connect(shop.settings(), clock=shop.clock) as calls:
        assert "ambiguous" in str(faulty(calls, "identify", "42", {"shirt size": "M"}))
        calls.identify("42", {"day": None, "nil": None})
    assert "day" not in {title for title, value in account.told()[ANN].items() if value}
    assert len(account.fields()) == shop_fields + 1


def test_traits_in_every_script_have_fields_of_their_own(shop: Shop, account: Service) -> None:
    """Whatever letters ActiveCampaign's tags leave out; the account's own fields are not taken for theirs."""
    account.create_field("Trait")
    shop.trait("UTM Source", "text", {})
    traits = {name: name for name in ("город", "страна", "都市", "🎉", "имя 2", "город 2", "C#", "C++")}
    with connect(shop.settings(), clock=shop.clock) as calls:
        for name, value in {**NEW, **traits, "utm.source": "a"}.items():
            calls.identify("42", {**NEW, name: value})
    assert account.told()[ANN] == {**traits, "UTM Source": "a"}
    count = len(account.fields())
    with connect(shop.settings(), clock=shop.clock) as calls:
        calls.identify("42", {"ГОРОД": "Ulm", "都市": "京都"})
    assert account.told()[ANN] == {**traits, "UTM Source": "a", "город": "Ulm", "都市": "京都"}
    assert len(account.fields()) == count
