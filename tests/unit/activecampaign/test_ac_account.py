"""Who the key belongs to, which account it is, and whether it has a contact."""

from __future__ import annotations

import pytest

from ac_pipeline.activecampaign import account_host
from ac_pipeline.errors import OwnerMustAct, PipelineError, ServiceUnavailable
from ac_pipeline.model.account import Account
from unit.activecampaign.ac_connection import EMAIL, KEY, talk
from unit.activecampaign.scripted_server import Say, Seen, Step, scripted

USER = Say(200, {"user": {"id": "1", "username": "admin", "email": "a@b.com"}})
PAGE = Say(200, b"<html></html>", content_type="text/html")


def account(settings_answer: Step, user: Step = USER) -> tuple[Account, list[str]]:
    """Return the account, and the paths that were asked for it."""
    steps = {"/users/me": user, "/settings/account": settings_answer}
    with scripted(then=lambda seen: steps[seen.path]) as server:
        found = talk(server.url, lambda client: client.account())
    assert found.host == account_host(server.url)
    return found, [seen.path for seen in server.seen]


def test_a_working_key_is_known_by_its_user() -> None:
    """The check sends the key and returns the user's id, text or number."""
    for identity in ("1", 1):
        with scripted(then=Say(200, {"user": {"id": identity}})) as server:
            assert talk(server.url, lambda client: client.me()) == "1"
        assert (server.seen[0].target, server.seen[0].headers["api-token"]) == ("/api/3/users/me", KEY)


@pytest.mark.parametrize(
    ("step", "error"),
    [(Say(403, content_type=None), OwnerMustAct), (Say(401), OwnerMustAct), (PAGE, OwnerMustAct),
     (Say(404, {}), OwnerMustAct), (Say(422, {}), OwnerMustAct), (Say(500), ServiceUnavailable),
     (Say(200), ServiceUnavailable), (Say(200, {"user": []}), ServiceUnavailable),
     (Say(429, headers={"Retry-After": "9999"}), ServiceUnavailable)],
)  # fmt: skip
def test_a_failed_check_is_an_error_with_a_hint(step: Step, error: type[PipelineError]) -> None:
    """The owner is told what to check; trouble of the service is told as such."""
    with scripted(then=step) as server, pytest.raises(error) as caught:
        talk(server.url, lambda client: client.me())
    assert type(caught.value) in {error, *error.__subclasses__()}
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "name"),
    [({"account": "acme.activehosted.com", "subscriber_total": 3}, "acme.activehosted.com"),
     ({"cname": "crm.acme.com"}, "crm.acme.com"), ({"account": None}, None), ({}, None)],
)  # fmt: skip
def test_the_account_is_named_as_the_service_names_it(content: object, name: str | None) -> None:
    """Its name is `account`, or the host name of its own where that is missing."""
    assert account(Say(200, content))[0].name == name


def test_a_key_without_admin_rights_leaves_the_name_out() -> None:
    """403 for the settings alone means that this user may not read them."""
    found, asked = account(Say(403, {"message": "Forbidden"}))
    assert found.name is None
    assert asked[0] == "/users/me"


def test_a_wrong_key_is_no_account_without_a_name() -> None:
    """When users/me refuses too, it is the key."""
    with pytest.raises(OwnerMustAct):
        account(Say(403), user=Say(403))


def test_trouble_with_the_settings_is_not_a_missing_name() -> None:
    """Only 403 means that the name may not be read."""
    with pytest.raises(ServiceUnavailable):
        account(Say(500))


def found(contacts: list[object], email: str = EMAIL) -> tuple[str | None, Seen]:
    with scripted(then=Say(200, {"contacts": contacts, "meta": {"total": str(len(contacts))}})) as server:
        return talk(server.url, lambda client: client.find_contact(email)), server.seen[0]


def test_an_address_is_looked_up_exactly() -> None:
    """The filter is escaped, a plus included, and compared without case."""
    contact, seen = found([{"id": 5, "email": "Ada+x@Example.com"}], "ada+x@example.com")
    assert contact == "5"
    assert seen.target == "/api/3/contacts?email=ada%2Bx%40example.com"


def test_an_address_that_is_not_there_is_none() -> None:
    """The service answers with an empty list, not with 404."""
    assert found([])[0] is None


def test_other_contacts_prove_nothing() -> None:
    """An answer that ignored the filter is not taken for an absence."""
    with pytest.raises(ServiceUnavailable):
        found([{"id": "6", "email": "other@example.com"}])
