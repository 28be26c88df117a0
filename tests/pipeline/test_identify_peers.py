"""Every identify row of the table of what Segment's and RudderStack's destinations do, each column a test.

Each test quotes its row (reference/peers.md); where the pipeline does more than a column says, that is tested too.
"""

from __future__ import annotations

from datetime import date, datetime

import pytest

from ac_pipeline.declarations.key import RESERVED_TRAITS, key_of
from ac_pipeline.errors import DeclarationsError
from pipeline.pipeline_account import ACTIVE, UNSUBSCRIBED, WRITES
from pipeline.pipeline_support import SYNC, UPDATE, Company, Service, customer, person


def test_contact_key_segment_the_user_id_is_kept_as_external_id(company: Company, account: Service) -> None:
    """`contact key`, Segment: "e-mail; the user id is kept as external id". The field's name can be chosen."""
    company.people(("C-1", "ann@example.com", "Ann", None, None), ("C-2", "bob@example.com", "Bob", None, None))
    company.members("buyers", "C-1", "C-2")
    company.sync()

    assert account.user_ids() == {"ann@example.com": "C-1", "bob@example.com": "C-2"}
    assert account.fields()["User ID"]["type"] == "text"

    account.start_anew()
    company.lose_home()
    company.destination(user_id_field="Customer Number")
    company.sync()

    assert account.told()["ann@example.com"] == {"Buyers": "true", "Customer Number": "C-1"}
    assert "User ID" not in account.fields()


def test_contact_key_none_where_no_user_id_is_wanted(company: Company, account: Service) -> None:
    """`contact key`, here: the custom field can be done without."""
    company.destination(user_id_field=None)
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    assert (account.told(), set(account.fields())) == ({"u1@example.com": {"Buyers": "true"}}, {"Buyers"})


def test_contact_key_rudderstack_the_e_mail_is_mandatory(company: Company, account: Service) -> None:
    """`contact key`, RudderStack: "e-mail is mandatory"."""
    company.people(person("1"), ("2", None, "Bob", "Ray", "555"))
    company.members("buyers", "1", "2")
    report = company.sync()

    assert set(account.told()) == {"u1@example.com"}
    assert report.delivery.withheld == {"no_contact_row": 1}
    assert company.ask("select declaration, kind, user_id from problems") == [("contacts", "missing_email", "2")]


def test_new_contact_segment_only_with_an_e_mail_and_a_name(company: Company, account: Service) -> None:
    """`new contact`, Segment: "only with e-mail **and** first or last name"; here `with_name`, the default."""
    company.people(
        ("1", "nameless@example.com", None, None, "555"),
        ("2", "first@example.com", "Ann", None, None),
        ("3", "last@example.com", None, "Lee", None),
        ("4", "blank@example.com", " ", "", None),
    )
    company.members("buyers", "1", "2", "3", "4")
    report = company.sync()

    assert set(account.told()) == {"first@example.com", "last@example.com"}
    assert report.delivery.withheld == {"no_name": 2}
    assert report.delivery.created == 2


def test_new_contact_rudderstack_with_an_e_mail(company: Company, account: Service) -> None:
    """`new contact`, RudderStack: "with e-mail"; here `create_contacts: always`."""
    company.destination(create_contacts="always")
    company.people(("1", "nameless@example.com", None, None, None))
    company.members("buyers", "1")
    company.sync()

    assert account.contacts() == {"nameless@example.com": {"id": "1", "Buyers": "true"}}


def test_new_contact_never(company: Company, account: Service) -> None:
    """`new contact`, here: `never`. Who is a contact already is told, by id; nobody is made."""
    company.destination(create_contacts="never")
    account.create("u1@example.com")
    company.crowd(2)
    company.members("buyers", "1", "2")
    report = company.sync()

    assert account.told() == {"u1@example.com": {"Buyers": "true"}}
    assert account.user_ids() == {"u1@example.com": "1"}
    assert report.delivery.withheld == {"none_are_created": 1}
    assert (report.delivery.created, account.requests(SYNC, UPDATE)) == (0, [SYNC, UPDATE])  # the first is the other's


def test_standard_fields_segment_all_four_arrive(company: Company, account: Service) -> None:
    """`standard fields`, Segment: "firstName, lastName, email, phone"; a change of one is told, too."""
    company.people(("1", "ann@example.com", "Ann", "Lee", "+49 30 1"))
    company.members("buyers", "1")
    company.sync()
    company.people(("1", "ann@example.com", "Anna", "Lee", "+49 30 1"))
    company.sync_later()

    assert account.contacts() == {
        "ann@example.com": {
            "id": "1", "first_name": "Anna", "last_name": "Lee", "phone": "+49 30 1", "Buyers": "true",
        }
    }  # fmt: skip


def test_standard_fields_rudderstack_what_is_absent_or_null_is_left_alone(company: Company, account: Service) -> None:
    """`standard fields`, both "same"; here "a name that is absent is left alone, never blanked"."""
    account.create("u1@example.com", firstName="By", lastName="Hand", phone="123")
    company.customers(customer("1", first_name="Ann", last_name=None))
    company.members("buyers", "1")
    company.sync()

    assert account.contacts()["u1@example.com"] == {
        "id": "1", "first_name": "Ann", "last_name": "Hand", "phone": "123", "Buyers": "true",
    }  # fmt: skip


def test_custom_fields_segment_by_personalisation_tag_in_any_spelling(company: Company, account: Service) -> None:
    """`custom fields`, Segment: "matched to the personalisation tag in any case and spelling (`shirtSize`)"."""
    account.create_field("What they wear", tag="SHIRT_SIZE")
    account.create_field("favouriteColour")
    account.create_field("loyalty level")
    for name in ("shirtSize", "Favourite Colour", "LOYALTY_LEVEL"):
        company.trait(name, "text", {"1": name.upper()})
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    assert account.told()["u1@example.com"] == {
        "What they wear": "SHIRTSIZE", "favouriteColour": "FAVOURITE COLOUR", "loyalty level": "LOYALTY_LEVEL",
        "Buyers": "true",
    }  # fmt: skip
    assert len(account.fields()) == 5


def test_custom_fields_rudderstack_by_title_and_none_is_dropped(company: Company, account: Service) -> None:
    """`custom fields`, RudderStack: "by field title; unknown ones dropped in silence"; here they are created."""
    account.create_field("Shirt Size", tag="SOMETHING_ELSE")
    company.trait("Shirt Size", "text", {"1": "M"})
    company.trait("Unknown Over There", "text", {"1": "kept"})
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    assert account.told()["u1@example.com"] == {"Shirt Size": "M", "Unknown Over There": "kept", "Buyers": "true"}


def test_several_values_segment_array_for_listbox_and_checkbox(company: Company, account: Service) -> None:
    """`several values`, Segment: "array for listbox and checkbox"."""
    account.create_field("Colours", "checkbox", options=["blue", "red"])
    company.trait("Colours", "multi_choice", {"1": ["red", "blue"]}, stored="varchar[]")
    company.trait("Sizes", "multi_choice", {"1": ["L"]}, stored="varchar[]")
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    told = account.told()["u1@example.com"]
    assert (told["Colours"], told["Sizes"]) == ("||blue||red||", "||L||")
    assert (account.fields()["Sizes"]["type"], account.fields()["Sizes"]["options"]) == ("listbox", ["L"])


def test_several_values_rudderstack_bars_and_an_empty_array_clears(company: Company, account: Service) -> None:
    """`several values`, RudderStack: "array → `||a||b||`"; here "an empty array clears, `||` inside is refused"."""
    company.trait("Colours", "multi_choice", {"1": ["a", "b"], "2": ["a", "b"], "3": None}, stored="varchar[]")
    company.crowd(3)
    company.members("buyers", "1", "2", "3")
    company.sync()
    assert account.told()["u1@example.com"]["Colours"] == "||a||b||"
    assert "Colours" not in account.told()["u3@example.com"]

    company.trait("Colours", "multi_choice", {"1": [], "2": ["a||b"], "3": ["c"]}, stored="varchar[]")
    company.sync_later()

    told = {email: fields.get("Colours") for email, fields in account.told().items()}
    assert told == {"u1@example.com": "", "u2@example.com": "||a||b||", "u3@example.com": "||c||"}
    assert company.ask("select declaration, user_id from problems") == [("colours", "2")]


def test_dates_rudderstack_by_field_type(company: Company, account: Service) -> None:
    """`dates`, RudderStack: "date `YYYY-MM-DD`, date-time ISO 8601 with offset"; Segment says nothing."""
    company.trait("Born", "date", {"1": date(1999, 12, 31)}, stored="date")
    company.trait("Seen", "datetime", {"1": "2024-02-29T23:30:00+02:00"}, stored="timestamptz")
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    told = account.told()["u1@example.com"]
    assert told["Born"] == "1999-12-31"
    assert datetime.fromisoformat(told["Seen"]) == datetime.fromisoformat("2024-02-29T21:30:00+00:00")
    assert (account.fields()["Born"]["type"], account.fields()["Seen"]["type"]) == ("date", "datetime")


def test_tags_segment_adds_and_resets(company: Company, account: Service) -> None:
    """`tags`, Segment: "`tags` adds; `tagsReset: 1` deletes all first"."""
    account.create("u1@example.com")
    account.create("u2@example.com")
    for email in ("u1@example.com", "u2@example.com"):
        account.tag(email, "By hand")
    tags = {"tags": "varchar[]", "tags_reset": "integer"}
    company.customers(
        customer("1", tags=["One", "Two"], tags_reset=0), customer("2", tags=["One"], tags_reset=1), types=tags
    )
    company.members("buyers", "1", "2")
    company.sync()

    assert account.tags("u1@example.com") == {"By hand", "One", "Two"}
    assert account.tags("u2@example.com") == {"One"}


def test_tags_rudderstack_removes_none_but_its_own(company: Company, account: Service) -> None:
    """`tags`, RudderStack: "`tags` adds; nothing is ever removed"; here the pipeline's own tags are, one by one."""
    account.create("u1@example.com")
    account.tag("u1@example.com", "By hand")
    company.customers(customer("1", tags=["One", "Two"]), types={"tags": "varchar[]"})
    company.members("buyers", "1")
    company.sync()
    company.customers(customer("1", tags=["Two"]), types={"tags": "varchar[]"})
    company.sync_later()

    assert account.tags("u1@example.com") == {"By hand", "Two"}


def test_lists_segment_active_and_unsubscribed(company: Company, account: Service) -> None:
    """`lists`, Segment: "`[{id, status}]`, status `active` or `unsubscribed`"."""
    news, offers = int(account.create_list("News")), int(account.create_list("Offers"))
    rows = [{"id": news, "status": "active"}, {"id": offers, "status": "unsubscribed"}]
    company.customers(customer("1", lists=rows), types={"lists": "struct(id integer, status varchar)[]"})
    company.members("buyers", "1")
    company.sync()

    assert account.lists("u1@example.com") == {"News": ACTIVE, "Offers": UNSUBSCRIBED}


def test_lists_rudderstack_subscribe_and_unsubscribe(company: Company, account: Service) -> None:
    """`lists`, RudderStack: "status `subscribe` or `unsubscribe`"; here "anything else is an error", by row."""
    news, _ = account.create_list("News"), account.create_list("Offers")
    company.customers(
        customer("1", lists=f'[{{"id": {news}, "status": "subscribe"}}, {{"id": "2", "status": "unsubscribe"}}]'),
        customer("2", lists=f'[{{"id": {news}, "status": "paused"}}, {{"id": "2", "status": "subscribe"}}]'),
    )
    company.members("buyers", "1", "2")
    company.sync()

    assert account.lists("u1@example.com") == {"News": ACTIVE, "Offers": UNSUBSCRIBED}
    assert account.lists("u2@example.com") == {}
    assert account.told()["u2@example.com"] == {"Buyers": "true"}
    assert company.ask("select declaration, kind, user_id from problems") == [("contacts", "unknown_status", "2")]


def test_audiences_segment_everybody_at_first_then_changes(company: Company, account: Service) -> None:
    """`audiences`, Segment: "snake_case name, true / false; first sync everybody, then changes"; here "same"."""
    company.crowd(3)
    company.audience("Order Completed Last 30days", "1", "2")
    company.members("buyers", "1", "2", "3")
    company.sync()
    assert account.fields()["Order Completed Last 30days"]["perstag"] == "ORDER_COMPLETED_LAST_30DAYS"
    account.forget_requests()

    company.audience("Order Completed Last 30days", "2", "3")
    company.sync_later()

    told = {email: fields["Order Completed Last 30days"] for email, fields in account.told().items()}
    assert told == {"u1@example.com": "false", "u2@example.com": "true", "u3@example.com": "true"}
    assert len(account.requests(*WRITES)) == 2


def test_computed_traits_segment_only_when_the_value_changed(company: Company, account: Service) -> None:
    """`computed traits`, Segment: "identify with the value, only when it changed"; here "same"."""
    company.trait("Lifetime Value", "number", {"1": 10.5, "2": 20}, stored="double")
    company.crowd(2)
    company.members("buyers", "1", "2")
    company.sync()
    account.forget_requests()

    company.trait("Lifetime Value", "number", {"1": 10.5, "2": 21}, stored="double")
    company.sync_later()

    told = {email: fields["Lifetime Value"] for email, fields in account.told().items()}
    assert (told, account.sent()) == ({"u1@example.com": "10.5", "u2@example.com": "21"}, 1)


@pytest.mark.parametrize("folder", ["audiences", "traits"])
def test_reserved_traits_segment_never_a_custom_field(company: Company, account: Service, folder: str) -> None:
    """`reserved traits (Segment spec)`: "never written to a custom field of that name". Our own names neither."""
    company.crowd(1)
    company.members("buyers", "1")
    names = [*RESERVED_TRAITS, "user_id", "tags", "tags_reset", "lists"]
    kind = {"type": "text"} if folder == "traits" else {}
    for name in names:
        lines = "".join(f"{key}: {value}\n" for key, value in {"name": name, **kind}.items())
        company.declare(f"{folder}/{key_of(name)}", f"{lines}sql: select user_id, 'x' as value from buyers\n")
    with pytest.raises(DeclarationsError) as raised:
        company.sync()

    said = str(raised.value)
    assert [name for name in names if f"{key_of(name)}.yaml" not in said] == []
    assert account.requests() == []


def test_reserved_traits_find_no_field_of_their_name(company: Company, account: Service) -> None:
    """`reserved traits`: a column of the contacts goes to the standard field, not to a custom field called alike."""
    for title in ("First Name", "Phone", "Email", "Tags", "Lists"):
        account.create_field(title)
    company.customers(customer("1", last_name="Lee", phone="555", tags="One"))
    company.members("buyers", "1")
    company.sync()

    assert account.told() == {"u1@example.com": {"Buyers": "true"}}
