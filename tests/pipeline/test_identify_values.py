"""Values of custom and standard fields: types, equality, nulls, choices, and what cannot be used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from pipeline.pipeline_account import SUBSCRIBE, TAG, WRITES
from pipeline.pipeline_support import Company, Service, customer, person


def test_every_type_is_converted_and_its_field_made_to_fit(company: Company, account: Service) -> None:
    """Right type, options, and visible on all lists (relid 0) and in the group of fields."""
    company.trait("Text", "text", {"1": 42}, stored="integer")
    company.trait("Long Text", "textarea", {"1": "two\nlines"})
    company.trait("Amount", "number", {"1": Decimal("19.90")}, stored="decimal(9, 2)")
    company.trait("Amount Text", "number", {"1": " 1e3 "})
    company.trait("Flag", "boolean", {"1": "TRUE"})
    company.trait("Day", "date", {"1": "2024-02-29T23:30:00-02:00"}, stored="timestamptz")
    company.trait("Moment", "datetime", {"1": "2024-02-29 12:00:00.7"}, stored="timestamp")
    company.trait("Size", "choice", {"1": " M "}, options=["S", "M"])
    company.trait("Colours", "multi_choice", {"1": '["red", "blue"]'}, options=["blue", "red", "green"])
    company.crowd(1)
    company.members("buyers", "1")
    report = company.sync()

    told = account.told()["u1@example.com"]
    assert datetime.fromisoformat(told.pop("Moment")) == datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert told == {
        "Text": "42", "Long Text": "two\nlines", "Amount": "19.9", "Amount Text": "1000", "Flag": "true",
        "Day": "2024-03-01", "Size": "M", "Colours": "||blue||red||", "Buyers": "true",
    }  # fmt: skip
    fields = account.fields()
    assert {title: (field["type"], field["options"]) for title, field in fields.items()} == {
        "Text": ("text", []), "Long Text": ("textarea", []), "Amount": ("number", []), "Amount Text": ("number", []),
        "Flag": ("dropdown", ["true", "false"]), "Day": ("date", []), "Moment": ("datetime", []),
        "Size": ("dropdown", ["S", "M"]), "Colours": ("listbox", ["blue", "red", "green"]),
        "Buyers": ("dropdown", ["true", "false"]), "User ID": ("text", []),
    }  # fmt: skip
    assert [title for title, field in fields.items() if field["lists"] != [0] or not field["groups"]] == []
    assert company.ask("from problems") == []
    assert report.delivery.acknowledged == 1


def test_values_that_are_the_same_never_look_changed(company: Company, account: Service) -> None:
    """1, 1.0, "1.00"; time zones; order and repetition of choices; unicode normal forms; spaces; capitals of tags."""
    account.create_list("News")
    windows: list[dict[str, tuple[str, object]]] = [
        {
            "amount": ("integer", 1), "moment": ("varchar", "2024-02-29T12:00:00Z"),
            "choices": ("varchar[]", ["a", "b"]), "note": ("varchar", "caf\u00e9"),
            "tags": ("varchar", "VIP, New"), "lists": ("varchar", '{"News": "active"}'),
        },
        {
            "amount": ("double", 1.0), "moment": ("varchar", "2024-02-29T14:00:00+02:00"),
            "choices": ("varchar[]", ["b", "a", "b"]), "note": ("varchar", " cafe\u0301 "),
            "tags": ("varchar", "new,vip,VIP"), "lists": ("varchar", '[{"list": "news", "status": "subscribe"}]'),
        },
        {
            "amount": ("varchar", "1.00"), "moment": ("timestamp", "2024-02-29 12:00:00"),
            "choices": ("varchar[]", ["b", " a"]), "note": ("varchar", "cafe\u0301"),
            "tags": ("varchar[]", [" New ", "vip"]), "lists": ("varchar", '[{"name": "NEWS", "status": "subscribed"}]'),
        },
    ]  # fmt: skip
    for number, window in enumerate(windows):
        for name, kind in (("Amount", "number"), ("Moment", "datetime"), ("Choices", "multi_choice"), ("Note", "text")):
            stored, value = window[name.lower()]
            company.trait(name, kind, {"1": value}, stored=stored)
        spaced = f"{' ' * number}Zo\u00eb{' ' * number}"
        row = customer("1", first_name=spaced, tags=window["tags"][1], lists=window["lists"][1])
        company.customers(row, types={"tags": window["tags"][0]})
        company.members("buyers", "1")
        company.sync_later()
        if number == 0:
            assert account.tags("u1@example.com") == {"VIP", "New"}
            account.forget_requests()

    assert account.requests() == []
    assert company.ask("from problems") == []


def test_a_value_that_is_gone_is_kept_or_cleared_as_the_trait_says(company: Company, account: Service) -> None:
    """`nulls: keep` (default) or `clear`; destination.yaml says it for all that do not."""

    def traits(values: dict[str, object]) -> None:
        company.trait("Kept", "text", values)
        company.trait("Cleared", "text", values, nulls="clear")
        company.trait(
            "Cleared Number", "number", {user: value and "5" for user, value in values.items()}, nulls="clear"
        )

    traits({"0": "x", "1": "x", "2": "x", "3": "x"})
    company.people(*(person(str(number)) for number in range(5)))
    company.members("buyers", "0", "1", "2", "3", "4")
    company.sync()
    traits({"0": "x", "1": None, "2": ""})  # and 3 has no row any more; 4 never had one
    company.sync_later()

    told = account.told()
    gone = {"Buyers": "true", "Kept": "x", "Cleared": "", "Cleared Number": ""}
    assert [told[f"u{number}@example.com"] for number in (1, 2, 3)] == [gone] * 3
    assert told["u4@example.com"] == {"Buyers": "true"}
    assert told["u0@example.com"] == {"Buyers": "true", "Kept": "x", "Cleared": "x", "Cleared Number": "5"}
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []

    company.destination(nulls="clear")
    company.sync_later()
    assert account.told()["u1@example.com"]["Kept"] == ""
    traits({"0": "x", "1": "y"})
    company.sync_later()
    assert account.told()["u1@example.com"]["Cleared"] == "y"


def test_null_standard_fields_are_kept_unless_contacts_say_clear(company: Company, account: Service) -> None:
    """A NULL of somebody who stands in the contacts erases with `nulls: clear`; who vanished keeps everything."""
    whole = {"last_name": "Lee", "phone": "555"}
    company.customers(customer("0", **whole), customer("1", **whole), customer("2", **whole))
    company.members("buyers", "0", "1", "2")
    company.sync()
    rows = (customer("0", **whole), customer("1", last_name=None, phone=" "))
    company.customers(*rows)
    company.sync_later()
    kept = {"id": account.id_of("u1@example.com"), "first_name": "First1", **whole, "Buyers": "true"}
    assert account.contacts()["u1@example.com"] == kept

    company.customers(*rows, nulls="clear")
    company.sync_later()
    assert account.contacts()["u1@example.com"] == {
        "id": account.id_of("u1@example.com"), "first_name": "First1", "Buyers": "true",
    }  # fmt: skip
    assert account.contacts()["u2@example.com"]["phone"] == "555"
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []


def test_unknown_options_are_created_or_refused(company: Company, account: Service) -> None:
    """By default created where no options are declared, refused where they are; the setting turns it round."""
    people = ("1", "2")
    company.trait("Free", "choice", {"1": "S", "2": "XL"})
    company.trait("Fixed", "choice", {"1": "S", "2": "XL"}, options=["S", "M"])
    company.trait("Grows", "multi_choice", {"1": ["S"], "2": ["S", "XL"]}, stored="varchar[]", options=["S", "M"],
                  unknown_options="create")  # fmt: skip
    company.trait("Closed", "multi_choice", {"1": ["S"], "2": ["S", "XL"]}, stored="varchar[]", options=["S"])
    company.crowd(2)
    company.members("buyers", *people)
    company.sync()

    told = account.told()
    assert told["u1@example.com"] == {"Buyers": "true", "Free": "S", "Fixed": "S", "Grows": "||S||", "Closed": "||S||"}
    assert told["u2@example.com"] == {"Buyers": "true", "Free": "XL", "Grows": "||S||XL||"}
    options = {title: set(field["options"]) for title, field in account.fields().items()}
    assert (options["Free"], options["Fixed"]) == ({"S", "XL"}, {"S", "M"})
    assert (options["Grows"], options["Closed"]) == ({"S", "M", "XL"}, {"S"})
    refused = {(key, user) for key, user in company.ask("select declaration, user_id from problems")}
    assert refused == {("fixed", "2"), ("closed", "2")} or company.ask("select user_id from rejections") == [("2",)]

    company.trait("Free", "choice", {"1": "XXL", "2": "XL"})
    company.sync_later()
    assert account.told()["u1@example.com"]["Free"] == "XXL"
    assert set(account.fields()["Free"]["options"]) == {"S", "XL", "XXL"}


def test_a_value_that_cannot_be_used_changes_nothing_whatever_the_null_policy(
    company: Company, account: Service
) -> None:
    """The last approved value stays; everything else about the person goes on."""
    news = account.create_list("News")
    tags_and_lists = {"tags": "VIP", "lists": f'{{"{news}": "active"}}'}
    values = {"0": "5", "1": "5", "2": "5"}
    company.trait("Points", "number", values, nulls="clear")
    company.trait("Note", "text", dict.fromkeys(values, "short"), nulls="clear")
    company.trait("Colour", "choice", dict.fromkeys(values, "red"), nulls="clear")
    company.customers(*(customer(user, **tags_and_lists) for user in values))
    company.members("buyers", *values)
    company.sync()
    account.forget_requests()

    company.trait("Points", "number", {"0": "5", "1": "five", "2": "NaN"}, nulls="clear")
    company.trait("Note", "text", {"0": "short", "1": "x" * 256, "2": "short"}, nulls="clear")
    company.trait("Colour", "choice", {"0": "red", "1": "red|", "2": "red||blue"}, nulls="clear")
    company.customers(
        customer("0", **tags_and_lists),
        customer("1", tags="x" * 300, lists="no list at all", last_name="New"),
        customer("2", tags='[{"name": "VIP"}]', lists=f'{{"{news}": "maybe"}}', last_name="New"),
    )
    company.sync_later()

    for user in ("1", "2"):
        email = f"u{user}@example.com"
        assert account.told()[email] == {"Buyers": "true", "Points": "5", "Note": "short", "Colour": "red"}
        assert account.contacts()[email]["last_name"] == "New"
        assert (account.tags(email), account.lists(email)) == ({"VIP"}, {"News": "active"})
    assert account.requests(TAG, SUBSCRIBE, "DELETE /contactTags/{id}") == []
    assert len(account.requests(*WRITES)) == 2
    assert {(key, user) for key, user in company.ask("select declaration, user_id from problems")} == {
        ("points", "1"), ("points", "2"), ("note", "1"), ("colour", "1"), ("colour", "2"), ("contacts", "1"),
        ("contacts", "2"),
    }  # fmt: skip
    assert {kind for (kind,) in company.ask("select kind from problems where declaration = 'contacts'")} == {
        "invalid_tags", "invalid_lists", "unknown_status",
    }  # fmt: skip


def test_wrong_values_are_told_by_declaration_rows_and_three_users_never_the_values(
    company: Company, account: Service
) -> None:
    """On the terminal; all users can be asked for in `problems`."""
    users = [f"customer-70{number}" for number in range(5)]
    company.trait("Points", "number", {user: f"secret-{user[-1]}" for user in users} | {"fine": "7"})
    company.trait("Day", "date", {users[0]: "31.12.1999", "fine": "1999-12-31"})
    company.people(*((user, f"{user}@example.com", "Ann", None, None) for user in (*users, "fine")))
    company.members("buyers", "fine", *users)
    ended = company.run_sync()

    points = next(line for line in ended.out.splitlines() if "points" in line and "not used" in line)
    day = next(line for line in ended.out.splitlines() if "day" in line and "not used" in line)
    assert points.startswith("5 ")
    assert sum(user in points for user in users) == 3
    assert (day.startswith("1 "), users[0] in day) == (True, True)
    assert "secret" not in ended.text
    assert "1999" not in ended.text
    assert {user for (user,) in company.ask("select user_id from problems where declaration = 'points'")} == set(users)
    assert account.told()["fine@example.com"] == {"Buyers": "true", "Points": "7", "Day": "1999-12-31"}
    assert account.told()["customer-701@example.com"] == {"Buyers": "true"}


def test_a_date_without_a_time_and_numbers_without_end_are_exact(company: Company, account: Service) -> None:
    """No float noise, no exponent, no shift of a day."""
    company.trait("Big", "number", {"1": "12345678901234567890"})
    company.trait("Share", "number", {"1": 0.1}, stored="double")
    company.trait("Loss", "number", {"1": Decimal("-0.50")}, stored="decimal(5, 2)")
    company.trait("Day", "date", {"1": date(2024, 3, 31)}, stored="date")
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    assert account.told()["u1@example.com"] == {
        "Buyers": "true", "Big": "12345678901234567890", "Share": "0.1", "Loss": "-0.5", "Day": "2024-03-31",
    }  # fmt: skip
