"""The demo's second opinion, held against figures computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.cli.demo_truth import LISTS, TAGS, Truth, _number, events, truth
from ac_pipeline.declarations import require_declarations

SEED = Path(__file__).parents[2] / "dbt" / "seeds" / "cdnow_purchases.csv"
HEADER = "purchase_id,customer_id,sample_id,purchased_on,cds,amount"
FIRST = "customer-00004@example.com"
# md5("1") starts with c4ca4238: 3301589560 % 86400 = 72760 s = 20:12:40.
FIRST_PURCHASE = datetime(1997, 1, 1, 20, 12, 40, tzinfo=UTC)
# md5("2") starts with c81e728d: 3357438605 % 86400 = 21005 s = 05:50:05.
SECOND_PURCHASE = datetime(1997, 1, 18, 5, 50, 5, tzinfo=UTC)


def seed(folder: Path, *rows: str) -> Path:
    path = folder / "purchases.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def one(result: Truth) -> tuple[set[str], dict[str, str]]:
    (customer,) = result.customers
    return set(customer.audiences), dict(customer.traits)


@pytest.fixture
def two_purchases(tmp_path: Path) -> Path:
    return seed(tmp_path, "1,00004,0001,1997-01-01,2,29.33", "2,00004,0001,1997-01-18,2,29.74")


def test_the_first_purchase_is_seen_from_its_second_on(two_purchases: Path) -> None:
    """A purchase belongs to the window that ends exactly then, and to none before."""
    before = FIRST_PURCHASE - timedelta(seconds=1)
    assert truth(two_purchases, 0, before, SECOND_PURCHASE).customers == ()
    assert one(truth(two_purchases, 0, FIRST_PURCHASE, SECOND_PURCHASE)) == (
        {"order_completed_last_30days", "new_customers_last_14days"},
        {
            "lifetime_value": "29.33",
            "orders_count": "1",
            "average_order_value": "29.33",
            "last_order_at": "1997-01-01T20:12:40+00:00",
            "customer_stage": "New",
        },
    )


def test_an_average_that_ends_in_half_a_cent_is_rounded_up(two_purchases: Path) -> None:
    """59.07 for two orders are 29.535 each."""
    audiences, traits = one(truth(two_purchases, 0, SECOND_PURCHASE, SECOND_PURCHASE))
    assert audiences == {"order_completed_last_30days", "repeat_customers"}
    assert traits["lifetime_value"] == "59.07"
    assert traits["average_order_value"] == "29.54"
    assert traits["last_order_at"] == "1997-01-18T05:50:05+00:00"


@pytest.mark.parametrize(
    ("age", "audiences"),
    [
        (timedelta(days=14) - timedelta(seconds=1), {"order_completed_last_30days", "new_customers_last_14days"}),
        (timedelta(days=14), {"order_completed_last_30days"}),
        (timedelta(days=30) - timedelta(seconds=1), {"order_completed_last_30days"}),
        (timedelta(days=30), set()),
        (timedelta(days=90) - timedelta(seconds=1), set()),
        (timedelta(days=90), {"lapsed_90days"}),
    ],
)
def test_spans_exclude_their_oldest_moment(tmp_path: Path, age: timedelta, audiences: set[str]) -> None:
    """An order that is exactly 14 or 30 days old is out; exactly 90 days old is lapsed."""
    path = seed(tmp_path, "1,00004,0001,1997-01-01,2,29.33")
    moment = FIRST_PURCHASE + age
    assert one(truth(path, 0, moment, moment))[0] == audiences


@pytest.mark.parametrize(
    ("age", "stage"),
    [
        (timedelta(days=30) - timedelta(seconds=1), "New"),
        (timedelta(days=30), "Active"),
        (timedelta(days=90) - timedelta(seconds=1), "Active"),
        (timedelta(days=90), "Lapsed"),
    ],
)
def test_a_stage_follows_the_first_and_the_latest_order(tmp_path: Path, age: timedelta, stage: str) -> None:
    """Exactly 30 days after the first order nobody is new, exactly 90 days after the latest nobody is active."""
    path = seed(tmp_path, "1,00004,0001,1997-01-01,2,29.33")
    moment = FIRST_PURCHASE + age
    assert one(truth(path, 0, moment, moment))[1]["customer_stage"] == stage


def test_a_second_order_makes_nobody_new_again(two_purchases: Path) -> None:
    """The stage looks at the first order for `New`, at the latest for `Lapsed`."""
    moment = FIRST_PURCHASE + timedelta(days=90)
    assert one(truth(two_purchases, 0, moment, SECOND_PURCHASE))[1]["customer_stage"] == "Active"


def test_dates_are_shifted_and_times_of_day_are_not(two_purchases: Path) -> None:
    """10,000 days after 1 January 1997 is 19 May 2024."""
    moment = datetime(2024, 5, 20, tzinfo=UTC)
    traits = one(truth(two_purchases, 10_000, moment, moment))[1]
    assert traits["last_order_at"] == "2024-05-19T20:12:40+00:00"


def test_high_value_is_judged_when_dbt_ran(tmp_path: Path) -> None:
    """200 dollars reached after `as_of` but before dbt ran count; one cent less does not."""
    rich = seed(tmp_path, "1,00004,0001,1997-01-01,2,199.99", "2,00004,0001,1997-01-18,1,0.01")
    audiences, traits = one(truth(rich, 0, FIRST_PURCHASE, SECOND_PURCHASE))
    assert "high_value" in audiences
    assert traits["lifetime_value"] == "199.99"
    assert "high_value" not in one(truth(rich, 0, FIRST_PURCHASE, FIRST_PURCHASE))[0]


def test_what_dbt_has_not_seen_is_not_known(two_purchases: Path) -> None:
    """A window later than dbt's run still has only the purchases of that run."""
    assert one(truth(two_purchases, 0, SECOND_PURCHASE, FIRST_PURCHASE))[1]["orders_count"] == "1"


def test_who_left_is_told_false_and_who_never_was_a_member_is_told_nothing(two_purchases: Path) -> None:
    """Fields follow from this sync and the ones before it."""
    first = truth(two_purchases, 0, FIRST_PURCHASE, FIRST_PURCHASE)
    later = FIRST_PURCHASE + timedelta(days=30)
    second = truth(two_purchases, 0, later, FIRST_PURCHASE, first.ever_members())
    assert second.contacts()[FIRST].fields() == {
        "user_id": "cdnow-00004",
        "order_completed_last_30days": "false",
        "new_customers_last_14days": "false",
        **second.customers[0].traits,
    }
    third = truth(two_purchases, 0, later, FIRST_PURCHASE, second.ever_members())
    assert third == second
    stranger = truth(two_purchases, 0, later, FIRST_PURCHASE)
    assert stranger.contacts() == {}
    assert stranger.customers[0].fields() == {}


def test_a_tag_is_on_members_and_a_list_keeps_who_left_as_unsubscribed(two_purchases: Path) -> None:
    """Nobody is on a list they were never on, and no tag follows from having been a member."""
    first = truth(two_purchases, 0, FIRST_PURCHASE, FIRST_PURCHASE)
    assert (first.customers[0].tags(), first.customers[0].lists()) == (frozenset(), {"Welcome series": "active"})
    second = truth(two_purchases, 0, SECOND_PURCHASE, SECOND_PURCHASE, first.ever_members())
    assert second.customers[0].tags() == {"Repeat customer"}
    assert second.customers[0].lists() == {"Welcome series": "unsubscribed"}
    late = truth(two_purchases, 0, SECOND_PURCHASE, SECOND_PURCHASE)
    assert late.customers[0].tags() == {"Repeat customer"}
    assert late.customers[0].lists() == {}
    before = truth(two_purchases, 0, FIRST_PURCHASE, FIRST_PURCHASE, {FIRST: {"repeat_customers"}})
    assert before.customers[0].tags() == frozenset()


def test_tags_and_lists_are_those_of_the_declarations() -> None:
    """The second opinion knows every channel the demo's audiences have, and no other."""
    audiences = require_declarations(SEED.parents[2] / "assets").audiences
    assert {a.key: a.membership.tag for a in audiences if a.membership.tag} == TAGS
    lists = {a.key: a.membership.list for a in audiences if a.membership.list}
    assert {key: found.list for key, found in lists.items()} == LISTS
    assert all(found.unsubscribe_on_exit and not found.resubscribe for found in lists.values())
    assert all(a.membership.field and not a.membership.explicit_false for a in audiences)


def test_moments_without_zone_are_refused(two_purchases: Path) -> None:
    """A naive moment would silently be compared as something else."""
    with pytest.raises(ValueError, match="time zone"):
        truth(two_purchases, 0, FIRST_PURCHASE.replace(tzinfo=None), FIRST_PURCHASE)


def test_nobody_can_be_recognised_in_a_repr(two_purchases: Path) -> None:
    """Neither address nor number of a customer shows."""
    result = truth(two_purchases, 0, SECOND_PURCHASE, SECOND_PURCHASE)
    assert "00004" not in repr(result) + repr(result.customers)


def test_the_sample_has_the_measured_members_at_the_end_of_5_april_1997() -> None:
    """The figures of a count by day, without any time of day, made from the source file itself."""
    moment = datetime(1997, 4, 6, tzinfo=UTC) - timedelta(seconds=1)
    result = truth(SEED, 0, moment, moment)
    keys = ("order_completed_last_30days", "new_customers_last_14days", "repeat_customers", "lapsed_90days")
    assert len(result.customers) == 2357
    assert [len(result.members(key)) for key in keys] == [769, 87, 551, 74]
    assert len(result.members("high_value")) == 66
    assert sum("Repeat customer" in customer.tags() for customer in result.customers) == 551
    assert sum("Welcome series" in customer.lists() for customer in result.customers) == 87


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=0, max_value=4))
def test_numbers_are_canonical(digits: int, places: int) -> None:
    """The text is the same number, without exponent and without a zero that says nothing."""
    value = Decimal(digits).scaleb(-places)
    text = _number(value)
    assert Decimal(text) == value
    assert "E" not in text
    assert text == "0" or "." not in text or not text.endswith("0")


def test_a_purchase_is_one_event_of_the_time_after_the_first_window(two_purchases: Path) -> None:
    """After the first moment, up to the second; with its amount."""
    second = ("customer-00004@example.com", "Order Completed", "29.74")
    assert dict(events(two_purchases, 0, FIRST_PURCHASE, SECOND_PURCHASE)) == {second: 1}
    assert not events(two_purchases, 0, SECOND_PURCHASE, SECOND_PURCHASE + timedelta(days=400))
