"""The client and the sandbox understand each other about events, visits and automations."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, Patience, Timeouts, automations_named, connect
from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.tracking import TrackingAccess
from ac_pipeline.sandbox import Kind
from contract.sandbox_support import PLENTY, Api, sandbox
from unit.activecampaign.simulated_time import FakeTime

ACKNOWLEDGED, REJECTED, UNKNOWN = Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN
QUICK = [kind for kind in Kind if not kind.value.startswith(("restart", "slow", "hangs"))]

T = TypeVar("T")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    """An account with one contact, a@b.com."""
    server.start_anew()
    server.sync("a@b.com")
    return server


def talk(api: Api, use: Callable[[ActiveCampaign], Awaitable[T]], *, key: str | None = None) -> T:
    """Open a client on the sandbox, in time that does not pass, and return what `use` makes of it."""
    time = FakeTime()
    access = TrackingAccess(f"{api.sandbox.url}/", api.sandbox.actid, SecretStr(key or api.sandbox.event_key))

    async def run() -> T:
        async with connect(
            api.sandbox.url, SecretStr(api.sandbox.api_key), tracking=access, rate=PLENTY, timeouts=Timeouts(2, 2, 5),
            clock=time.clock, sleep=time.sleep, jitter=random.Random(1), patience=Patience(10, 0.05, 0.2),
        ) as client:  # fmt: skip
            return await use(client)

    return asyncio.run(run())


def tracked(api: Api) -> list[tuple[str | None, str, str]]:
    return [(row["contact"], row["type"], row["value"]) for row in api.tracked()]


def names(api: Api) -> list[str]:
    return [row["name"] for row in api.get("/eventTrackingEvents", limit=100).json()["eventTrackingEvents"]]


async def bought(client: ActiveCampaign, value: str = "19.90") -> Answer:
    return await client.send_event("A@b.com", "Bought", value)


def test_an_event_arrives_and_is_found_in_the_log(api: Api) -> None:
    """With a registered name; its value as far as it is kept, however long it was."""

    async def use(client: ActiveCampaign) -> list[bool]:
        assert await client.tracks_events()
        assert await client.register_events(["Bought", " Bought ", "Sold"]) == ["Bought", "Sold"]
        assert (await bought(client, "Grüße & more " * 40)).outcome is ACKNOWLEDGED
        (logged,) = await client.tracking_log("1") or []
        assert await client.tracking_log("9") is None
        return [logged.shows("bought", "Grüße & more " * 40), logged.shows("Bought", "x"), logged.at is not None]

    assert talk(api, use) == [True, False, True]


@pytest.mark.parametrize("kind", QUICK)
@pytest.mark.parametrize("count", [1, None])
def test_an_event_is_never_sent_twice_and_never_lost_in_silence(api: Api, kind: Kind, count: int | None) -> None:
    """Acknowledged is there once, refused or not sent is not there; of anything else the log tells."""
    talk(api, lambda client: client.register_events(["Bought"]))
    api.fail({"kind": kind.value, "count": count, "path": "/event"})
    answer = talk(api, bought)
    api.fail()

    found = len(talk(api, lambda client: client.tracking_log("1")) or [])

    if answer.outcome is ACKNOWLEDGED:
        assert (found, answer.stop) == (1, None)
    elif answer.outcome is not UNKNOWN:
        assert found == 0
    assert found <= 1


@pytest.mark.parametrize("answered", ["json", "text"])
@pytest.mark.parametrize("refusal", ["success_0", "400"])
def test_a_refused_event_is_no_success(api: Api, answered: str, refusal: str) -> None:
    """A wrong key, tracking that is off, an event the host does not like: none is taken for a lost answer."""
    api.switch(event_answer=answered, event_refusal=refusal, refused_event="Bought", unknown_event="registered")
    before = [talk(api, bought), talk(api, lambda client: client.send_event("a@b.com", "Sold"), key="wrong")]
    api.put("/eventTracking", {"eventTracking": {"enabled": False}})
    after = [talk(api, lambda client: client.send_event("a@b.com", "Sold"))]

    assert [(one.outcome, one.unexplained, one.stop) for one in before + after] == [(REJECTED, True, None)] * 3
    assert (talk(api, lambda client: client.tracks_events()), api.tracked()) == (False, [])


@pytest.mark.parametrize("known", [20, 21, 100, 101, 250])
def test_names_on_any_page_are_known(api: Api, known: int) -> None:
    """Only what is missing is registered; two of the service's own are there before."""
    registered = talk(api, lambda client: client.register_events(f"Event {number}" for number in range(known - 2)))
    api.control("/sandbox/requests", "DELETE")

    again = talk(api, lambda client: client.register_events(["Bought", "Event 0", f"Event {known - 3}"]))

    assert (len(registered), again) == (known - 2, ["Bought"])
    counts = api.control("/sandbox/requests").json()["counts"]
    assert counts == {"GET /eventTrackingEvents": -(-known // 100), "POST /eventTrackingEvents": 1}


@pytest.mark.parametrize(
    "switches", [{"event_case": "kept"}, {"duplicate_event": "refused"}, {"duplicate_event": "returned"}]
)
def test_a_name_in_another_letter_case_works_whatever_the_service_makes_of_it(
    api: Api, switches: dict[str, str]
) -> None:
    """A second name where case counts, the same one where it does not."""
    api.switch(**switches)
    talk(api, lambda client: client.register_events(["bought"]))

    talk(api, lambda client: client.register_events(["Bought"]))
    assert talk(api, bought).outcome is ACKNOWLEDGED

    assert len(api.tracked()) == 1
    assert ("Bought" in names(api)) == (switches == {"event_case": "kept"})


def test_a_name_the_service_refuses_is_the_owners_matter(api: Api) -> None:
    """It is not taken for one that is there."""
    api.fail({"kind": "field_error", "path": "/eventTrackingEvents", "method": "POST"})
    with pytest.raises(OwnerMustAct, match="eventTrackingEvents"):
        talk(api, lambda client: client.register_events(["Bought"]))


def test_a_visit_of_a_registered_domain_is_kept(api: Api) -> None:
    """The domain is registered once, on whichever page it is; the visit is sent once, whatever happens."""

    async def visit(client: ActiveCampaign) -> Answer:
        return await client.send_visit("a@b.com", "https://www.shop.example/?a=b&c", "https://r.example/")

    async def register(client: ActiveCampaign) -> list[bool]:
        assert await client.tracks_sites()
        return [await client.register_domain(name) for name in ("Shop.example", "shop.example")]

    for number in range(120):
        api.post("/siteTrackingDomains", {"siteTrackingDomain": {"name": f"{number}.example"}})
    assert talk(api, visit).outcome is ACKNOWLEDGED
    assert (api.tracked(), talk(api, register)) == ([], [True, True])
    assert talk(api, visit).outcome is ACKNOWLEDGED
    assert tracked(api) == [("1", "__pagevisit", "https://www.shop.example/?a=b&c")]
    assert api.control("/sandbox/requests").json()["counts"]["POST /siteTrackingDomains"] == 121
    api.fail({"kind": "dropped_after", "path": "/visit"})
    assert (talk(api, visit).outcome, len(api.tracked())) == (UNKNOWN, 2)


def test_an_account_without_a_list_of_domains_is_told_from_one_that_fails(api: Api) -> None:
    """A person has to add the domain there."""
    api.switch(site_domains="gone")

    assert talk(api, lambda client: client.register_domain("shop.example")) is False


def test_automations_are_found_by_name_on_any_page(api: Api) -> None:
    """In any letter case; two of a name are both found, and which are active is told."""
    for number in range(101):
        api.automation(f"Automation {number}")
    api.automation("Welcome", active=False)
    api.automation("Welcome")

    found = talk(api, lambda client: client.automations())

    assert len(found) == 103
    assert [(one.id, one.active) for one in automations_named(found, " WELCOME")] == [("102", False), ("103", True)]
    assert automations_named(found, "Goodbye") == []


@pytest.mark.parametrize("kind", QUICK)
def test_nobody_enters_an_automation_twice(api: Api, kind: Kind) -> None:
    """Whatever comes back; of what is not known the contact's enrolments tell."""
    welcome = api.automation("Welcome")
    api.fail({"kind": kind.value, "count": 1, "path": "/contactAutomations"})
    entered = talk(api, lambda client: client.enrol("1", welcome))
    found = talk(api, lambda client: client.enrolments("1")) or []

    assert len(found) == (1 if entered.answer.outcome is ACKNOWLEDGED else min(len(found), 1))
    assert [one.automation_id for one in found] == [welcome] * len(found)
    if entered.answer.outcome is ACKNOWLEDGED:
        assert (entered.enrolment_id, found[0].entered_at is not None) == (found[0].id, True)
    elif entered.answer.outcome is not UNKNOWN:
        assert found == []


def test_a_refused_entry_is_this_contacts_and_stops_nothing(api: Api) -> None:
    """The service says it with the status of a wrong key; a key without the permission does stop."""
    off = api.automation("Off", active=False)

    answers = [talk(api, lambda client, who=who: client.enrol(who, off)).answer for who in ("1", "99")]

    assert answers == [Answer(REJECTED, 403, "not created")] * 2
    assert talk(api, lambda client: client.enrolments("99")) is None
    api.fail({"kind": "forbidden", "path": "/contactAutomations"})
    assert isinstance(talk(api, lambda client: client.enrol("1", off)).answer.stop, OwnerMustAct)


def test_nothing_of_the_tracking_host_needs_the_api_key(tmp_path: Path) -> None:
    """Nor does a request to it carry it: a sandbox with another key takes events all the same."""
    with sandbox(tmp_path, api_key="another") as api:

        async def use(client: ActiveCampaign) -> Outcome:
            return (await client.send_event("a@b.com", "__redir")).outcome

        access = TrackingAccess(api.sandbox.url, api.sandbox.actid, SecretStr(api.sandbox.event_key))

        async def run() -> Outcome:
            async with connect(api.sandbox.url, SecretStr("wrong"), tracking=access) as client:
                return await use(client)

        assert (asyncio.run(run()), tracked(api)) == (ACKNOWLEDGED, [(None, "__redir", "")])
