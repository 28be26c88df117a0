"""Which contacts the account has, read from a local account over HTTP into the store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, Timeouts, connect
from ac_pipeline.activecampaign.payloads import ContactChange, contact_body
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.store.directory import forget_contacts, reading
from ac_pipeline.store.store import Store
from ac_pipeline.sync.directory import CHANGES, DIRECTORY, read_directory, read_opt_outs
from ac_pipeline.sync.identity import USER_IDS, adopt_by_user_id, read_user_ids, resolve_conflicts
from contract.sandbox_support import PLENTY, START, Api, sandbox
from unit.activecampaign.simulated_time import FakeTime
from unit.store.directory_support import BUYERS, EMAIL, know, known, prepare, take_over, tell, want
from unit.store.store_support import opened, rows

HOUR = 3600
MANY = 230
LIST = 7

T = TypeVar("T")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), bulk_rate=PLENTY) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    """An empty account, an hour ago: replies are dated by the real clock."""
    server.start_anew()
    server.time.seconds = (datetime.now(UTC) - START).total_seconds() - HOUR
    return server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        prepare(store)
        yield store


def talk(api: Api, use: Callable[[ActiveCampaign], Awaitable[T]]) -> T:
    """Open a client on the account, in time that does not pass, and return what `use` makes of it."""
    time = FakeTime()

    async def run() -> T:
        async with connect(
            api.sandbox.url, SecretStr(api.sandbox.api_key), rate=PLENTY, timeouts=Timeouts(2, 2, 5),
            clock=time.clock, sleep=time.sleep, jitter=random.Random(1),
        ) as client:  # fmt: skip
            return await use(client)

    return asyncio.run(run())


def many(api: Api, count: int = MANY) -> None:
    """Give the account contacts 1 to `count`."""
    for first in range(1, count + 1, 250):
        api.imported(*({"email": f"n{n}@example.com"} for n in range(first, min(first + 250, count + 1))))


def read(api: Api, store: Store) -> int:
    return talk(api, lambda client: read_directory(store, client))


def requests(api: Api) -> list[str]:
    """Return what was asked for since the last look, in alphabetical order."""
    asked = api.control("/sandbox/requests?limit=-1").json()["requests"]
    api.control("/sandbox/requests", "DELETE").raise_for_status()
    return sorted(f"{one['method']} {one['template']}" for one in asked)


def directory(store: Store) -> dict[str, str]:
    return dict(rows(store, "select remote_id, email from engine.directory"))


def test_all_contacts_are_read_once_and_then_what_changed(api: Api, store: Store) -> None:
    """Later runs ask for little; a changed address is followed, a new contact found."""
    many(api)
    want(store, {"1": "n1@example.com", "300": "n300@example.com"})
    assert read(api, store) == MANY == len(directory(store))
    assert known(store) == {"1": ("1", "n1@example.com")}

    api.time.seconds += 2 * HOUR
    requests(api)
    assert read(api, store) == 0
    api.put("/contacts/1", {"contact": {"email": "Moved@example.com"}}).raise_for_status()
    api.sync("n300@example.com")
    requests(api)
    assert read(api, store) == 2
    assert requests(api) == ["GET /contacts"]
    assert known(store) == {
        "1": ("1", "moved@example.com"), "300": (str(MANY + 1), "n300@example.com"),
    }  # fmt: skip
    assert len(directory(store)) == MANY + 1


def test_an_empty_account_is_read_to_its_end(api: Api, store: Store) -> None:
    """Whoever comes later is found."""
    assert read(api, store) == 0
    found = reading(store, DIRECTORY)
    assert found is not None
    assert found.complete
    api.sync("new@example.com")
    assert read(api, store) == 1
    assert list(directory(store).values()) == ["new@example.com"]


def test_an_interrupted_reading_goes_on_behind_its_last_page(api: Api, tmp_path: Path) -> None:
    """In another process; and what changed since it began is read as well."""
    many(api)
    api.fail({"kind": "unavailable", "path": "/contacts", "method": "GET", "after": 2})
    with opened(tmp_path / "home") as store, pytest.raises(ServiceUnavailable):
        read(api, store)
    api.control("/sandbox/faults", "DELETE").raise_for_status()
    with opened(tmp_path / "home", run_id="run-2") as store:
        assert len(directory(store)) == 200
        found = reading(store, DIRECTORY)
        assert found is not None
        assert (found.cursor, found.complete) == ("200", False)
        api.time.seconds += 2 * HOUR
        api.put("/contacts/1", {"contact": {"email": "moved@example.com"}}).raise_for_status()
        assert read(api, store) == 30 + 1
        assert len(directory(store)) == MANY
        assert directory(store)["1"] == "moved@example.com"


def test_an_interrupted_refresh_goes_on_behind_its_last_page(api: Api, store: Store) -> None:
    """And nothing that changed between is lost."""
    many(api)
    read(api, store)
    api.time.seconds += 2 * HOUR
    for number in range(1, MANY + 1):
        api.put(f"/contacts/{number}", {"contact": {"email": f"m{number}@example.com"}})
    api.fail({"kind": "unavailable", "path": "/contacts", "method": "GET", "after": 1})
    with pytest.raises(ServiceUnavailable):
        read(api, store)
    found = reading(store, CHANGES)
    assert found is not None
    assert found.cursor == "100"
    api.control("/sandbox/faults", "DELETE").raise_for_status()
    api.put("/contacts/1", {"contact": {"email": "again@example.com"}}).raise_for_status()
    read(api, store)
    assert reading(store, CHANGES) is None
    expected = {str(number): f"m{number}@example.com" for number in range(2, MANY + 1)}
    assert directory(store) == {"1": "again@example.com", **expected}


def test_a_deleted_contact_stays_until_somebody_notices(api: Api, store: Store) -> None:
    """The service lists no deletions; made again, it is found under its new id."""
    api.sync("a@example.com")
    read(api, store)
    api.delete("/contacts/1")
    api.time.seconds += 2 * HOUR
    assert read(api, store) == 0
    assert directory(store) == {"1": "a@example.com"}
    api.sync("a@example.com")
    read(api, store)
    assert directory(store) == {"2": "a@example.com"}
    forget_contacts(store, ["2"])
    assert directory(store) == {}


def keeps(api: Api, field: str, email: str, user: str) -> None:
    """Make a contact that keeps a user id."""
    api.sync(email, fieldValues=[{"field": field, "value": user}]).raise_for_status()


def test_users_are_recognised_by_the_id_the_account_keeps(api: Api, store: Store) -> None:
    """With the address the contact has now; values are read once, and a hundred at a time."""
    field, other = api.field("User ID"), api.field("Plan")
    for number in range(1, 121):
        keeps(api, field, f"n{number}@example.com", f"u{number}")
    api.sync("n1@example.com", fieldValues=[{"field": other, "value": "u2"}])
    ids = want(store, {"u1": "new1@example.com", "u120": "n120@example.com", "u121": "n121@example.com"})
    requests(api)

    async def use(client: ActiveCampaign) -> tuple[int, int]:
        await read_user_ids(store, client, field)
        await read_user_ids(store, client, field)
        return await adopt_by_user_id(store, client, list(ids.values())), client.directory_requests

    assert talk(api, use) == (2, 3)
    assert requests(api) == ["GET /contacts", "GET /fieldValues", "GET /fieldValues"]
    assert known(store) == {"u1": ("1", "n1@example.com"), "u120": ("120", "n120@example.com")}


def test_an_interrupted_reading_of_user_ids_goes_on(api: Api, store: Store) -> None:
    """Another field is read from its beginning."""
    field, other = api.field("User ID"), api.field("Customer")
    for number in range(1, 221):
        keeps(api, field, f"n{number}@example.com", f"u{number}")
    keeps(api, other, "n1@example.com", "c1")
    api.fail({"kind": "unavailable", "path": "/fieldValues", "after": 2})
    with pytest.raises(ServiceUnavailable):
        talk(api, lambda client: read_user_ids(store, client, field))
    api.control("/sandbox/faults", "DELETE").raise_for_status()
    found = reading(store, USER_IDS)
    assert found is not None
    assert (found.cursor, found.complete) == (f"{field}:200", False)
    talk(api, lambda client: read_user_ids(store, client, field))
    kept = dict(rows(store, "select remote_id, user_id from engine.remote_user"))
    assert kept == {str(number): f"u{number}" for number in range(1, 221)}

    talk(api, lambda client: read_user_ids(store, client, other))
    assert rows(store, "select remote_id, user_id from engine.remote_user") == [("1", "c1")]


def test_a_new_address_that_a_stranger_has(api: Api, store: Store) -> None:
    """The stranger's contact becomes the user's, the user's becomes a former one; both are there still."""
    api.sync("old@example.com")
    api.sync("new@example.com")
    ids = want(store, {"u": "new@example.com"})
    know(store, ids["u"], "1", "old@example.com")
    answer = talk(api, lambda client: client.update_contact("1", contact_body(ContactChange(email="new@example.com"))))
    assert answer.outcome is Outcome.REJECTED
    tell(store, ids["u"], EMAIL, "rejected", "new@example.com", answer.reason)
    tell(store, ids["u"], BUYERS, "acknowledged", "true")

    assert talk(api, lambda client: resolve_conflicts(store, client)) == 1
    take_over(store)
    assert known(store) == {"u": ("2", "new@example.com"), "former contact 1": ("1", "old@example.com")}
    assert rows(store, "select kept_remote_id, left_remote_id from engine.conflict") == [("2", "1")]
    assert talk(api, lambda client: resolve_conflicts(store, client)) == 0


def test_a_refused_address_that_nobody_has_stays_refused(api: Api, store: Store) -> None:
    """Nothing more is known than the refusal says."""
    ids = want(store, {"u": "new@example.com"})
    know(store, ids["u"], "1", "old@example.com")
    tell(store, ids["u"], EMAIL, "rejected", "new@example.com", "duplicate")
    assert talk(api, lambda client: resolve_conflicts(store, client)) == 0
    assert rows(store, "select state from engine.ledger") == [("rejected",)]


def test_opt_outs_of_a_list_are_read(api: Api, store: Store) -> None:
    """Those who unsubscribed, bounced or did not confirm; of this list, and contacts of ours only."""
    news, other = api.list("News"), api.list("Other")
    states = {"active": 1, "gone": 2, "bounced": 3, "waiting": 0, "elsewhere": 2, "stranger": 2}
    for number, (name, status) in enumerate(states.items(), 1):
        api.sync(f"{name}@example.com")
        mailing_list = other if name == "elsewhere" else news
        sent = {"list": mailing_list, "contact": str(number), "status": str(status)}
        api.post("/contactLists", {"contactList": sent}).raise_for_status()
    want(store, {name: f"{name}@example.com" for name in states if name != "stranger"})

    talk(api, lambda client: read_opt_outs(store, client, {LIST: news}))
    found = rows(
        store, "select user_id, reason, property_id from engine.opt_out join engine.contact using (contact_id)"
    )
    assert {user: reason for user, reason, _ in found} == {
        "gone": "opted out", "bounced": "bounced", "waiting": "opt-in not confirmed",
    }  # fmt: skip
    assert {number for _, _, number in found} == {LIST}
