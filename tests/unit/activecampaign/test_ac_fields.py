"""Custom fields: read completely, created once, completed after whatever interrupted it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.activecampaign import ActiveCampaign, FieldCatalog
from ac_pipeline.errors import OwnerMustAct, PipelineError, ServiceUnavailable
from ac_pipeline.model.account import Field, FieldSpec, FieldType
from unit.activecampaign.ac_connection import talk
from unit.activecampaign.scripted_server import Reset, Say, Step, scripted
from unit.activecampaign.small_account import SmallAccount

SPEC = FieldSpec("Order Completed", FieldType.DROPDOWN, "ORDER_COMPLETED", ("true", "false"))
TEXT = FieldSpec("User Id", FieldType.TEXT, "USER_ID")
POSTS = ["/fields", "/fieldOption/bulk", "/groupMembers", "/fieldRels"]


def create(account: SmallAccount, spec: FieldSpec = SPEC) -> Field:
    with scripted(then=account) as server:
        return talk(server.url, lambda client: client.create_field(spec))


async def ensure(client: ActiveCampaign) -> Field:
    """Do what a run does: read all fields, create what is missing, complete what is there."""
    found = next(iter(FieldCatalog(await client.fields()).matches(SPEC)), None)
    return await (client.create_field(SPEC) if found is None else client.complete_field(found, SPEC))


def is_complete(account: SmallAccount) -> bool:
    """One field, each option once, one relation to all lists, in the default group."""
    assert len(account.fields) == 1
    return (
        [option["value"] for option in account.options] == ["true", "false"]
        and [relation["relid"] for relation in account.relations] == [0]
        and {(str(member["rel_id"]), str(member["group_id"])) for member in account.members} == {("1", "1")}
    )


@settings(deadline=None, max_examples=12)
@given(count=st.sampled_from([0, 1, 19, 99, 100, 101, 200, 250]), as_text=st.booleans())
def test_all_pages_are_read(count: int, as_text: bool) -> None:
    """Every field comes once, whether totals are text or numbers, in no more pages than needed."""
    account = SmallAccount(totals_as_text=as_text)
    for number in range(count):
        account.add(f"Field {number}", f"FIELD_{number}")
    with scripted(then=account) as server:
        fields = talk(server.url, lambda client: client.fields())
    assert [field.title for field in fields] == [f"Field {number}" for number in range(count)]
    assert len(server.seen) == max(1, -(-count // 100))


@pytest.mark.parametrize("meta", [{}, {"total": None}, {"total": "9"}, []])
def test_a_service_that_ignores_the_offset_ends_the_reading(meta: object) -> None:
    """The same page again brings nothing new, and is not asked for for ever."""
    page = {"fields": [{"id": 3, "title": "A", "type": None, "perstag": "%A%"}] * 100, "meta": meta}
    with scripted(then=Say(200, page)) as server:
        fields = talk(server.url, lambda client: client.fields())
    assert fields == [Field("3", "A", "", "A")]
    assert len(server.seen) <= 2


def test_options_come_in_their_order() -> None:
    """Side-loaded options belong to their field by id, text or number, and are sorted by `orderid`."""
    options = [{"field": 1, "value": "c", "orderid": "10"}, {"field": "1", "value": "a", "orderid": 1}]
    options += [{"field": "2", "value": "x", "orderid": None}, {"field": "1", "value": "b", "orderid": 2}]
    fields = [{"id": number, "title": "T", "type": "dropdown", "perstag": "P"} for number in (1, 2)]
    with scripted(then=Say(200, {"fields": fields, "fieldOptions": options, "meta": {"total": 2}})) as server:
        first, second = talk(server.url, lambda client: client.fields())
    assert (first.options, second.options) == (("a", "b", "c"), ("x",))


def test_a_new_field_is_complete() -> None:
    """Options, default group and all lists, each once."""
    account = SmallAccount()
    assert create(account) == Field("1", "Order Completed", "dropdown", "ORDER_COMPLETED", ("true", "false"))
    assert is_complete(account)


def test_a_text_field_has_no_options() -> None:
    """No request for options is made where there are none."""
    account = SmallAccount()
    assert create(account, TEXT).options == ()
    assert (account.options, len(account.relations)) == ([], 1)


def test_the_documented_plural_answer_is_understood() -> None:
    """The documentation shows a list where the recording has one field; the right one is taken by its title."""
    account = SmallAccount()
    account.add("Other", "OTHER")
    number = account.add(SPEC.title.upper(), "ORDER_COMPLETED", related=False)
    account.refuse["/fields"] = Say(201, {"fields": list(account.fields.values())})
    assert create(account).id == str(number)


def test_a_field_of_the_same_title_is_used_and_completed() -> None:
    """Somebody else made it meanwhile: it gets what it lacks."""
    account = SmallAccount()
    account.add("order completed", "MINE", "dropdown")
    account.options = [{"field": "1", "value": "true", "orderid": 1}]
    assert create(account) == Field("1", "order completed", "dropdown", "MINE", ("true", "false"))
    assert [option["orderid"] for option in account.options] == [1, 2]


def test_a_field_that_is_refused_and_not_shown_is_the_owners_to_solve() -> None:
    """A duplicate that the key may not see cannot be used."""
    account = SmallAccount(refuse={"/fields": Say(422, {"errors": [{"code": "duplicate"}]})})
    steps: dict[str, Step] = {"GET": Say(200, {"fields": [], "meta": {"total": "0"}})}
    with (
        scripted(then=lambda seen: steps.get(seen.method) or account(seen)) as server,
        pytest.raises(OwnerMustAct, match="Order Completed"),
    ):
        talk(server.url, lambda client: client.create_field(SPEC))


def test_completing_a_complete_field_is_free() -> None:
    """After a reading that showed nothing missing, no request is made."""
    account = SmallAccount()
    create(account)
    with scripted(then=account) as server:
        talk(server.url, ensure)
    assert Counter(seen.method for seen in server.seen) == {"GET": 1}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("step", [Reset(after_reading=True), Say(500), Say(503), Say(200, b"<html>")])
def test_a_lost_answer_does_nothing_twice(path: str, step: Step) -> None:
    """A step that worked without telling is looked up, not repeated."""
    account = SmallAccount(lose={path: step})
    assert create(account).options == ("true", "false")
    assert len(account.members) <= 2
    assert is_complete(account)


@pytest.mark.parametrize("path", POSTS)
def test_the_next_run_finishes_what_a_crash_left(path: str) -> None:
    """Stopped before any of the steps, a later run brings the field to the same end."""
    account = SmallAccount(refuse={path: Reset(after_reading=False)})
    if path == "/fields":
        account.refuse = {}
    else:
        with pytest.raises(ServiceUnavailable):
            create(account)
        account.refuse = {}
        assert not is_complete(account)
    with scripted(then=account) as server:
        talk(server.url, ensure)
    assert is_complete(account)


def test_lists_somebody_chose_are_left_alone() -> None:
    """A field that is shown on one list only stays so."""
    account = SmallAccount()
    account.add(SPEC.title, SPEC.perstag, "dropdown", related=False)
    account.relations = [{"id": "1", "field": "1", "relid": "5"}]
    with scripted(then=account) as server:
        talk(server.url, ensure)
    assert [relation["relid"] for relation in account.relations] == ["5"]
    assert len(account.options) == 2


@pytest.mark.parametrize(
    "account",
    [
        SmallAccount(groups=[]),
        SmallAccount(groups=[{"id": 9, "type_id": 1, "label": "Shoes"}]),
        SmallAccount(refuse={"/groupDefinitions": Say(404, {})}),
        SmallAccount(refuse={"/groupDefinitions": Say(403, {})}),
        SmallAccount(refuse={"/groupMembers": Say(403, {"message": "Client error"})}),
    ],
)
def test_groups_are_a_courtesy(account: SmallAccount) -> None:
    """Without a default group, or without leave to use it, the field works all the same."""
    create(account)
    assert (account.members, len(account.options), len(account.relations)) == ([], 2, 1)


@pytest.mark.parametrize(
    ("step", "error"),
    [(Say(403, {"message": "Forbidden"}), OwnerMustAct), (Say(422, {}), OwnerMustAct), (Say(500), ServiceUnavailable)],
)
def test_a_refused_creation_is_an_error(step: Step, error: type[PipelineError]) -> None:
    """Nothing is sent on the strength of a field that is not there."""
    with pytest.raises(error):
        create(SmallAccount(refuse={"/fields": step}))
