"""Lists: nobody is subscribed who left, and nothing but 1 and 2 is ever written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ac_pipeline.activecampaign.lists import REASONS
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.contact import ListStatus, MailingList, Subscription
from ac_pipeline.model.delivery import Answer, Outcome
from unit.activecampaign.ac_connection import talk
from unit.activecampaign.scripted_server import Say, Seen, Step, scripted

DONE = Say(201, {"contacts": [], "contactList": {"id": "39", "list": 3, "contact": 17, "status": 1, "sourceid": 4}})


def contact_with(*states: tuple[str, object], read: Step | None = None) -> Callable[[Seen], Step]:
    """A contact in these states on these lists; `read` answers the look at them instead."""
    rows = [{"id": str(n), "list": number, "status": status} for n, (number, status) in enumerate(states)]
    shown = read or Say(200, {"contactLists": rows})
    return lambda seen: shown if seen.method == "GET" else DONE


def sent(seen: list[Seen]) -> list[dict[str, object]]:
    return [json.loads(request.body)["contactList"] for request in seen if request.method == "POST"]


def test_lists_are_read() -> None:
    """Older ones have no channel."""
    rows = [{"id": "3", "name": "News", "stringid": "news"}, {"id": 4, "name": "Texts", "channel": "sms"}]
    with scripted(then=Say(200, {"lists": rows, "meta": {"total": "2"}})) as server:
        assert talk(server.url, lambda client: client.lists()) == [
            MailingList("3", "News"), MailingList("4", "Texts", "sms"),
        ]  # fmt: skip


@pytest.mark.parametrize("others", [[], [("4", "2"), ("5", 3)]])
def test_a_new_contact_is_subscribed(others: list[tuple[str, object]]) -> None:
    """Whatever the contact did on other lists."""
    with scripted(then=contact_with(*others)) as server:
        answer = talk(server.url, lambda client: client.subscribe("17", "3"))
    assert answer.outcome is Outcome.ACKNOWLEDGED
    assert sent(server.seen) == [{"list": "3", "contact": "17", "status": 1, "sourceid": 0}]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("2", "opted out"),
        (2, "opted out"),
        ("3", "bounced"),
        ("0", "opt-in not confirmed"),
        ("9", "unknown list status"),
    ],
)
def test_nobody_is_subscribed_against_their_state(status: object, reason: str) -> None:
    """The service would do it; so it is not asked."""
    with scripted(then=contact_with(("4", "1"), ("3", status))) as server:
        answer = talk(server.url, lambda client: client.subscribe("17", "3"))
    assert answer == Answer(Outcome.REJECTED, reason=reason)
    assert sent(server.seen) == []
    assert reason in REASONS.values()


def test_a_subscriber_costs_no_write() -> None:
    """The state is what was wanted."""
    with scripted(then=contact_with(("3", "1"))) as server:
        assert talk(server.url, lambda client: client.subscribe("17", "3")) == Answer(Outcome.ACKNOWLEDGED)
    assert sent(server.seen) == []


def test_a_contact_that_is_gone_is_not_subscribed() -> None:
    """Rejected as any other call on it."""
    with scripted(then=Say(404, {"message": "No Result found"})) as server:
        answer = talk(server.url, lambda client: client.subscribe("17", "3"))
    assert answer == Answer(Outcome.REJECTED, 404, "not found")


def test_without_the_state_nothing_is_written() -> None:
    """Not knowing is no permission."""
    with scripted(then=contact_with(("3", "1"), read=Say(500))) as server, pytest.raises(ServiceUnavailable):
        talk(server.url, lambda client: client.subscribe("17", "3"))
    assert sent(server.seen) == []


def test_who_is_asked_for_explicitly_is_subscribed_again() -> None:
    """With the documented source, and without a look."""
    with scripted(then=contact_with(("3", "2"))) as server:
        answer = talk(server.url, lambda client: client.subscribe("17", "3", resubscribe=True))
    assert answer.outcome is Outcome.ACKNOWLEDGED
    assert (len(server.seen), sent(server.seen)) == (1, [{"list": "3", "contact": "17", "status": 1, "sourceid": 4}])


def test_leaving_a_list_is_one_request() -> None:
    """Status 2."""
    with scripted(then=contact_with()) as server:
        assert talk(server.url, lambda client: client.unsubscribe("17", "3")).outcome is Outcome.ACKNOWLEDGED
    assert (len(server.seen), sent(server.seen)) == (1, [{"list": "3", "contact": "17", "status": 2, "sourceid": 0}])


def test_states_are_read() -> None:
    """Ids as text or number."""
    with scripted(then=contact_with(("3", "1"), ("4", 2))) as server:
        assert talk(server.url, lambda client: client.subscriptions("17")) == [
            Subscription("0", "3", ListStatus.ACTIVE), Subscription("1", "4", ListStatus.UNSUBSCRIBED),
        ]  # fmt: skip
