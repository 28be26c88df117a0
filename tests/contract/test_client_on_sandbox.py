"""The client and the sandbox, written apart from each other, understand each other."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, FieldCatalog, Patience, Timeouts, connect
from ac_pipeline.activecampaign.payloads import Batch, ContactChange, contact_body, decode, encode, import_row, pack
from ac_pipeline.errors import OwnerMustAct, PipelineError, ServiceUnavailable
from ac_pipeline.model.account import Account, FieldSpec, FieldType
from ac_pipeline.model.bulk import ImportStatus
from ac_pipeline.model.contact import ContactTag, ListStatus, Tag
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.sandbox import Kind
from contract.sandbox_support import PLENTY, START, Api, sandbox
from unit.activecampaign.simulated_time import FakeTime

SIZES = [0, 1, 19, 20, 21, 99, 100, 101, 250, 1000]
OPTIONS = ("red", "green", "blue")

T = TypeVar("T")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), bulk_rate=PLENTY, bulk_single_rate=PLENTY) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def talk(api: Api, use: Callable[[ActiveCampaign], Awaitable[T]], **options: Any) -> T:
    """Open a client on the sandbox, in time that does not pass, and return what `use` makes of it."""
    time = FakeTime()
    defaults = {"clock": time.clock, "sleep": time.sleep, "jitter": random.Random(1), "rate": PLENTY}

    async def run() -> T:
        timeouts = Timeouts(2, 2, 5)
        settings = defaults | {"timeouts": timeouts} | options
        async with connect(api.sandbox.url, SecretStr(api.sandbox.api_key), **settings) as client:
            return await use(client)

    return asyncio.run(run())


def change(number: int, **parts: Any) -> ContactChange:
    return ContactChange(f"n{number}@example.com", **parts)


async def sync(client: ActiveCampaign, number: int, **parts: Any) -> str:
    """Sync a contact and return its id."""
    answer = await client.sync_contact(contact_body(change(number, **parts)))
    assert answer.outcome is Outcome.ACKNOWLEDGED
    assert answer.remote_id
    return answer.remote_id


def import_many(api: Api, count: int, **parts: Any) -> None:
    """Have `count` contacts imported."""

    async def use(client: ActiveCampaign) -> None:
        for batch in pack(import_row(change(number, **parts)) for number in range(count)):
            assert (await client.submit_import(batch)).outcome is Outcome.ACKNOWLEDGED

    talk(api, use)
    api.time.seconds += 10


def test_account_and_key(api: Api) -> None:
    """Who the key belongs to and which account it is; a wrong key is the owner's matter."""

    async def use(client: ActiveCampaign) -> tuple[str, Account]:
        return await client.me(), await client.account()

    assert talk(api, use) == ("1", Account(api.sandbox.url.removeprefix("http://"), "sandbox"))

    async def wrong() -> None:
        async with connect(api.sandbox.url, SecretStr("wrong"), rate=PLENTY, sleep=FakeTime().sleep) as client:
            await client.me()

    for answer in ("empty", "message", "html"):
        api.switch(bad_key=answer)
        with pytest.raises(OwnerMustAct):
            asyncio.run(wrong())


def spec_of(kind: FieldType) -> FieldSpec:
    chosen = kind in {FieldType.DROPDOWN, FieldType.RADIO, FieldType.LISTBOX, FieldType.CHECKBOX}
    return FieldSpec(f"My {kind.value}", kind, f"MY_{kind.value.upper()}", OPTIONS if chosen else ())


VALUES: dict[FieldType, Any] = {
    FieldType.TEXT: "Größe 38 & more",
    FieldType.TEXTAREA: "two\nlines",
    FieldType.HIDDEN: "x",
    FieldType.NUMBER: Decimal("-12.50"),
    FieldType.DATE: date(2026, 2, 28),
    FieldType.DATETIME: datetime(2026, 2, 28, 23, 30, tzinfo=UTC),
    FieldType.DROPDOWN: "green",
    FieldType.RADIO: "red",
    FieldType.LISTBOX: ("red", "blue"),
    FieldType.CHECKBOX: ("green",),
}


@pytest.mark.parametrize("route", ["sync", "bulk", "fieldValues"])
def test_values_of_every_type_come_back(api: Api, route: str) -> None:
    """By each route, into fields the client created."""

    async def send(client: ActiveCampaign) -> str:
        fields = [await client.create_field(spec_of(kind)) for kind in VALUES]
        values = {field.id: encode(field, VALUES[FieldType(field.type)]) for field in fields}
        if route == "sync":
            return await sync(client, 1, fields=values)
        if route == "bulk":
            (batch,) = pack([import_row(change(1, fields=values))])
            assert (await client.submit_import(batch)).outcome is Outcome.ACKNOWLEDGED
            return ""
        contact_id = await sync(client, 1)
        for field_id, text in values.items():
            assert (await client.set_value(contact_id, field_id, text)).outcome is Outcome.ACKNOWLEDGED
        return contact_id

    async def read(client: ActiveCampaign) -> dict[FieldType, object]:
        fields = {field.id: field for field in await client.fields()}
        contact_id = await client.find_contact("N1@example.com")
        assert contact_id
        return {
            FieldType(fields[value.field_id].type): decode(fields[value.field_id], value.value)
            for value in await client.contact_values(contact_id) or ()
        }

    talk(api, send)
    api.time.seconds += 10
    assert talk(api, read) == VALUES


def test_a_created_field_is_complete_and_created_once(api: Api) -> None:
    """With options in order, on all lists, in a group; a second creation finds it, by whatever case."""
    spec = spec_of(FieldType.DROPDOWN)

    async def use(client: ActiveCampaign) -> None:
        first = await client.create_field(spec)
        again = await client.create_field(FieldSpec(spec.title.upper(), spec.type, spec.perstag, (*OPTIONS, "black")))
        found = FieldCatalog(await client.fields()).by_tag("%my_dropdown%")
        assert found == again
        assert (first.id, first.options, again.options) == (again.id, OPTIONS, (*OPTIONS, "black"))

    talk(api, use)
    (field,) = api.get("/fields").json()["fields"]
    assert [relation["relid"] for relation in api.get(f"/fields/{field['id']}").json()["fieldRels"]] == ["0"]


def test_a_contact_is_created_changed_renamed_and_read(api: Api) -> None:
    """What is not sent stays; a taken address is a duplicate; what is gone is not found."""

    async def use(client: ActiveCampaign) -> None:
        first = await client.create_contact(contact_body(change(1, first_name="Ada", phone="1")))
        assert first.remote_id
        assert (await client.create_contact(contact_body(change(1)))).reason == "duplicate"
        assert await sync(client, 1, last_name="Lovelace") == first.remote_id
        other = await sync(client, 2)
        renamed = await client.update_contact(first.remote_id, contact_body(change(3, phone="")))
        assert renamed.outcome is Outcome.ACKNOWLEDGED
        assert (await client.update_contact(other, contact_body(change(3)))).reason == "duplicate"
        assert (await client.update_contact("999", contact_body(change(4)))).reason == "not found"
        found = await client.contact(first.remote_id)
        assert found
        contact = found.contact
        assert (contact.email, contact.first_name, contact.last_name, contact.phone) == (
            "n3@example.com", "Ada", "Lovelace", "",
        )  # fmt: skip
        assert contact.updated_at
        assert await client.contact_of("n1@example.com") is None
        assert await client.contact("999") is None
        assert (await client.sync_contact('{"contact":{"email":"nonsense"}}')).reason == "email_invalid"

    talk(api, use)


def test_values_are_found_and_cleared(api: Api) -> None:
    """By field and text; clearing twice is as good as once."""

    async def use(client: ActiveCampaign) -> None:
        field = await client.create_field(spec_of(FieldType.TEXT))
        ids = [await sync(client, number, fields={field.id: f"u{number % 2}"}) for number in range(4)]
        found = await client.find_values(field.id, "u1")
        assert {value.contact_id for value in found} == {ids[1], ids[3]}
        for _ in range(2):
            assert (await client.delete_value(found[0].id)).outcome is Outcome.ACKNOWLEDGED
        assert len(await client.find_values(field.id, "u1")) == 1

    talk(api, use)


@pytest.mark.parametrize("duplicates", ["returned", "refused"])
@pytest.mark.parametrize("bad_tag", [400, 422])
def test_tags_from_creation_to_removal(api: Api, duplicates: str, bad_tag: int) -> None:
    """However the service takes a second creation and a wrong id."""
    api.switch(duplicate_tag=duplicates, bad_tag_status=bad_tag)

    async def use(client: ActiveCampaign) -> None:
        tag = await client.create_tag("VIP")
        assert await client.create_tag(" vip ") == tag == Tag(tag.id, "VIP")
        contact_id = await sync(client, 1)
        first, second = [await client.add_tag(contact_id, tag.id) for _ in range(2)]
        assert (first.answer.outcome, first.association_id) == (Outcome.ACKNOWLEDGED, second.association_id)
        assert first.association_id
        assert await client.contact_tags(contact_id) == [ContactTag(first.association_id, tag.id)]
        for _ in range(2):
            assert (await client.remove_tag(first.association_id)).outcome is Outcome.ACKNOWLEDGED
        assert await client.contact_tags(contact_id) == []
        wrong = [await client.add_tag(contact_id, ""), await client.add_tag("999", tag.id)]
        assert [tagged.answer.outcome for tagged in wrong] == [Outcome.REJECTED] * 2
        assert not any(tagged.answer.unexplained for tagged in wrong)

    talk(api, use)


def test_nobody_who_left_a_list_comes_back(api: Api) -> None:
    """Unless that is asked for; the directory knows who left."""
    list_id = api.list("News")

    async def use(client: ActiveCampaign) -> None:
        assert [(item.id, item.name) for item in await client.lists()] == [(list_id, "News")]
        stays, leaves = await sync(client, 1), await sync(client, 2)
        for contact_id in (stays, leaves, stays):
            assert (await client.subscribe(contact_id, list_id)).outcome is Outcome.ACKNOWLEDGED
        assert (await client.unsubscribe(leaves, list_id)).outcome is Outcome.ACKNOWLEDGED
        assert (await client.subscribe(leaves, list_id)).reason == "opted out"
        gone = [
            c.id async for p in client.directory(on_list=list_id, status=ListStatus.UNSUBSCRIBED) for c in p.contacts
        ]
        assert gone == [leaves]
        assert (await client.subscribe(leaves, list_id, resubscribe=True)).outcome is Outcome.ACKNOWLEDGED
        states = [await client.subscriptions(contact_id) for contact_id in (stays, leaves)]
        assert [[item.status for item in state or ()] for state in states] == [[ListStatus.ACTIVE]] * 2

    talk(api, use)


@pytest.mark.parametrize("latency", [0.0, 6.0])
def test_an_import_from_queue_to_contacts(api: Api, latency: float) -> None:
    """Tags and lists by one request; false, waiting, claimed, active, completed; one row fails."""
    api.switch(bulk_latency=latency)
    list_id = api.list("News")
    rows = [import_row(change(number, first_name="Ada", tags=("VIP",), subscribe=(list_id,))) for number in range(251)]

    async def submit(client: ActiveCampaign) -> list[str]:
        left = await sync(client, 7)
        await client.unsubscribe(left, list_id)
        answers = [await client.submit_import(batch) for batch in pack(rows)]
        assert [answer.queued for answer in answers] == [250, 1]
        return [answer.batch_id for answer in answers]

    batch_ids = talk(api, submit)
    seen = []
    for _ in range(20):
        progress = [talk(api, lambda client, number=number: client.import_progress(number)) for number in batch_ids]
        seen += [step.status for step in progress]
        if all(step.status.over for step in progress):
            break
        api.time.seconds += 0.5
    assert set(seen) <= set(ImportStatus)
    assert seen[0] is ImportStatus.PENDING
    assert [step.status for step in progress] == [ImportStatus.COMPLETED] * 2
    assert ([len(step.processed) for step in progress], [len(step.failed) for step in progress]) == ([249, 1], [1, 0])
    assert progress[0].failed == ("n7@example.com",)

    async def check(client: ActiveCampaign) -> None:
        contact = await client.contact_of("n250@example.com")
        assert contact
        assert contact.first_name == "Ada"
        (tag,) = await client.contact_tags(contact.id) or ()
        assert [item.name for item in await client.tags() if item.id == tag.tag_id] == ["VIP"]
        assert [item.status for item in await client.subscriptions(contact.id) or ()] == [ListStatus.ACTIVE]

    talk(api, check)


def test_a_refused_batch_goes_through_without_its_bad_rows(api: Api) -> None:
    """The service names them by position; nothing of the first try was queued."""
    good = [import_row(change(number)) for number in range(3)]
    batch = Batch((good[0], '{"email":"nonsense"}', good[1], '{"first_name":"Ada"}', good[2]))

    async def use(client: ActiveCampaign) -> None:
        refused = await client.submit_import(batch)
        assert [(row.position, row.reason) for row in refused.refused] == [
            (2, "email incorrect format"), (4, "email not found"),
        ]  # fmt: skip
        again = await client.submit_import(batch.without([row.position for row in refused.refused]))
        assert (again.outcome, again.queued) == (Outcome.ACKNOWLEDGED, 3)

    talk(api, use)


def test_the_imports_own_limit_is_kept(tmp_path: Path) -> None:
    """One after the other, at the sandbox's hundred a minute and in its time: none is refused."""

    async def many(client: ActiveCampaign) -> int:
        batch = Batch((import_row(change(1)), import_row(change(2))))
        for _ in range(130):
            assert (await client.submit_import(batch)).outcome is Outcome.ACKNOWLEDGED
        return client.requests["POST /import/bulk_import"]

    with sandbox(tmp_path) as api:

        async def sleep(seconds: float) -> None:
            api.time.seconds += seconds
            await asyncio.sleep(0)

        made = talk(api, many, clock=lambda: api.time.seconds, sleep=sleep, share=1.0)
    assert made == 130


def test_a_hasty_neighbour_is_waited_for(tmp_path: Path) -> None:
    """Imports that another tool has used up are throttling, and end well."""
    with sandbox(tmp_path) as api:
        for _ in range(100):
            api.bulk({"email": "a@b.com"}, {"email": "b@b.com"})

        async def sleep(seconds: float) -> None:
            api.time.seconds += seconds
            await asyncio.sleep(0)

        batch = Batch((import_row(change(1)), import_row(change(2))))
        answer = talk(
            api, lambda client: client.submit_import(batch), clock=lambda: api.time.seconds, sleep=sleep,
        )  # fmt: skip
    assert answer.outcome is Outcome.ACKNOWLEDGED


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("totals", ["text", "number"])
def test_directory_and_tags_of_every_size_are_read_whole(api: Api, count: int, totals: str) -> None:
    """Each contact once, ascending; and resumed from the middle."""
    api.switch(totals=totals)
    import_many(api, count)

    async def use(client: ActiveCampaign) -> list[str]:
        pages = [page async for page in client.directory()]
        ids = [contact.id for page in pages for contact in page.contacts]
        if pages:
            middle = pages[len(pages) // 2]
            rest = [c.id async for p in client.directory(cursor=middle.cursor) for c in p.contacts]
            assert rest == [number for number in ids if int(number) > int(middle.cursor)]
        assert sorted(ids, key=int) == [contact.id for contact in sorted(
            [c async for c in client.contacts(ids)], key=lambda contact: int(contact.id)
        )]  # fmt: skip
        assert client.requests == {}
        return ids

    ids = talk(api, use)
    assert len(set(ids)) == count
    assert ids == sorted(ids, key=int)


@pytest.mark.parametrize("count", [0, 1, 20, 21, 100, 101, 250])
def test_catalogs_of_every_size_are_read_whole(api: Api, count: int) -> None:
    """Tags and fields beyond the first page are seen."""
    import_many(api, 1, tags=tuple(f"t{number}" for number in range(count)))
    for number in range(count):
        api.field(f"f{number}")

    async def use(client: ActiveCampaign) -> tuple[int, int]:
        return len({tag.id for tag in await client.tags()}), len({field.id for field in await client.fields()})

    assert talk(api, use) == (count, count)


def test_a_refresh_brings_what_changed_since(api: Api) -> None:
    """From the moment the first page names: nothing is missed, and not everything comes again."""
    import_many(api, 120)
    api.time.seconds += 3600
    since = START + timedelta(seconds=api.time.seconds)

    async def use(client: ActiveCampaign) -> list[str]:
        await sync(client, 5, first_name="Ada")
        await sync(client, 500)
        return [c.email async for page in client.directory(updated_after=since - timedelta(seconds=60))
                for c in page.contacts]  # fmt: skip

    assert talk(api, use) == ["n5@example.com", "n500@example.com"]


# What one fault of each kind makes of a contact/sync, the next request being answered well.
REFUSALS = {Kind.NOT_FOUND: "not found", Kind.EMAIL_INVALID: "email_invalid", Kind.EMAIL_DUPLICATE: "duplicate"}


@pytest.mark.parametrize("kind", list(Kind))
def test_one_fault_of_any_kind(api: Api, kind: Kind) -> None:
    """Ends in a success, or in a refusal of this contact; never in a success that is none."""
    api.fail({"kind": kind.value, "count": 1, "seconds": 0.05})
    answer = talk(api, lambda client: client.sync_contact(contact_body(change(1))), sleep=asyncio.sleep,
                  clock=asyncio_time, patience=Patience(10, 0.05, 0.2))  # fmt: skip
    refused = kind in {Kind.FIELD_ERROR, Kind.UNKNOWN_4XX, Kind.BULK_ROW_REFUSED} | set(REFUSALS)
    assert answer.outcome is (Outcome.REJECTED if refused else Outcome.ACKNOWLEDGED)
    assert answer.reason == REFUSALS.get(kind, answer.reason)
    assert [contact["email"] for contact in api.contacts()] == ([] if refused else ["n1@example.com"])


STOPS = {
    Kind.PAYMENT_REQUIRED: OwnerMustAct, Kind.FORBIDDEN: OwnerMustAct, Kind.FORBIDDEN_EMPTY: OwnerMustAct,
    Kind.LOGIN_PAGE: OwnerMustAct, Kind.THROTTLED: ServiceUnavailable, Kind.THROTTLED_BARE: ServiceUnavailable,
    Kind.THROTTLED_503: ServiceUnavailable, Kind.UNAVAILABLE: ServiceUnavailable,
    Kind.BULK_THROTTLED: ServiceUnavailable,
}  # fmt: skip
WITHOUT_EFFECT = {Outcome.NOT_SENT, Outcome.REJECTED}


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.value.startswith(("restart", "slow", "hangs"))])
def test_a_fault_without_end(api: Api, kind: Kind) -> None:
    """What is called not sent or rejected had no effect; the key, the plan and endless throttling stop the run."""
    api.fail({"kind": kind.value})
    answer = talk(api, lambda client: client.sync_contact(contact_body(change(1))))
    assert type(answer.stop) is STOPS.get(kind, type(None))
    written = [contact["email"] for contact in api.contacts()]
    if answer.outcome in WITHOUT_EFFECT:
        assert written == []
    if answer.outcome is Outcome.ACKNOWLEDGED:
        assert written == ["n1@example.com"]


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.value.startswith(("restart", "slow", "hangs"))])
@pytest.mark.parametrize("exclude", [True, False])
def test_one_fault_of_any_kind_in_an_import(api: Api, kind: Kind, exclude: bool) -> None:
    """Nothing is queued twice while automations could be entered twice; what is refused is not queued."""
    api.fail({"kind": kind.value, "count": 1, "path": "/import/bulk_import", "seconds": 0.05})
    (batch,) = pack([import_row(change(1)), import_row(change(2))], exclude_automations=exclude)
    answer = talk(api, lambda client: client.submit_import(batch))
    overview = api.get("/import/bulk_import").json()
    queued = sum(int(day["batches"]) for day in overview["outstanding"])
    if answer.outcome is Outcome.ACKNOWLEDGED:
        assert queued >= 1
    if answer.outcome in WITHOUT_EFFECT:
        assert queued == 0
    if not exclude:
        assert queued <= 1


@pytest.mark.parametrize("kind", [Kind.BULK_FAILED, Kind.BULK_INTERRUPTED])
def test_an_import_that_ends_badly_is_told(api: Api, kind: Kind) -> None:
    """As failed or interrupted, which is over."""
    api.fail({"kind": kind.value, "count": 1, "path": "/import/bulk_import"})
    (batch,) = pack([import_row(change(1)), import_row(change(2))])
    answer = talk(api, lambda client: client.submit_import(batch))
    api.time.seconds += 10
    progress = talk(api, lambda client: client.import_progress(answer.batch_id))
    assert progress.status.over
    assert progress.status.value == kind.value.removeprefix("bulk_")


def test_a_storm_of_faults_loses_nothing(api: Api) -> None:
    """Every fourth request fails in some way; each contact that is acknowledged is there, with its last value."""
    kinds = [Kind.SERVER_ERROR, Kind.DROPPED_AFTER, Kind.RESET_BEFORE, Kind.TRUNCATED, Kind.EMPTY_ANSWER,
             Kind.THROTTLED_BARE, Kind.CUT_OFF, Kind.GATEWAY_TIMEOUT, Kind.FORBIDDEN]  # fmt: skip
    api.fail(*({"kind": kind.value, "rate": 0.03} for kind in kinds))

    async def use(client: ActiveCampaign) -> list[Outcome]:
        bodies = [contact_body(change(number, first_name=f"v{number}")) for number in range(150)]
        return [answer.outcome for answer in await asyncio.gather(*map(client.sync_contact, bodies))]

    outcomes = talk(api, use)
    names = {contact["email"]: contact["first_name"] for contact in api.contacts()}
    acknowledged = [number for number, outcome in enumerate(outcomes) if outcome is Outcome.ACKNOWLEDGED]
    assert len(acknowledged) > 140
    assert all(names[f"n{number}@example.com"] == f"v{number}" for number in acknowledged)


def asyncio_time() -> float:
    return asyncio.get_running_loop().time()


def test_no_read_of_a_broken_answer_is_taken_for_an_empty_one(api: Api) -> None:
    """A catalog that cannot be read is an error."""
    api.tag("VIP")
    for kind in (Kind.EMPTY_ANSWER, Kind.LOGIN_PAGE, Kind.TRUNCATED, Kind.MASKED_FAILURE, Kind.CUT_OFF):
        api.fail({"kind": kind.value})
        with pytest.raises(PipelineError):
            talk(api, lambda client: client.tags())


def test_bodies_are_json_of_the_service(api: Api) -> None:
    """Names with every kind of quote and script survive both routes."""
    name = 'Zoë "Ø" O\'Neill 名 \\ / \u2028'
    import_many(api, 1, first_name=name)
    talk(api, lambda client: sync(client, 2, first_name=name))
    assert json.dumps([contact["first_name"] for contact in api.contacts()]) == json.dumps([name, name])
