"""The sandbox's key, account and envelope."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.sandbox_support import Api, keys, sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), account_name="acme") as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


@pytest.mark.parametrize("headers", [{}, {"Api-Token": "wrong"}, {"Api-Token": ""}, {"Authorization": "sandbox-key"}])
def test_a_wrong_or_missing_key_is_403_without_body_or_content_type(api: Api, headers: dict[str, str]) -> None:
    """Clients have crashed on the missing header."""
    answer = httpx.get(f"{api.sandbox.url}/api/3/users/me", headers=headers)

    assert (answer.status_code, answer.content) == (403, b"")
    assert "content-type" not in answer.headers


def test_a_wrong_key_writes_nothing(api: Api) -> None:
    """The key is looked at before the body."""
    url = f"{api.sandbox.url}/api/3/contact/sync"

    assert httpx.post(url, json={"contact": {"email": "a@b.com"}}).status_code == 403
    assert api.control("/sandbox/contacts").json() == {"contacts": []}


def test_users_me_names_the_user_of_the_key(api: Api) -> None:
    """All recorded keys are there, ids are text, links absolute."""
    user = api.get("/users/me").json()["user"]

    assert list(user) == keys(
        "username firstName lastName email phone signature localZoneid password_updated_utc_timestamp cdate"
        " udate mfaEnabled links id"
    )
    assert user["id"] == "1"
    assert user["links"]["lists"] == f"{api.sandbox.url}/api/3/users/1/lists"


def test_settings_account_is_flat_and_counts_contacts(api: Api) -> None:
    """Totals are numbers here, not text."""
    api.sync("a@b.com")

    account = api.get("/settings/account").json()

    assert account["account"] == "acme"
    assert (account["subscriber_total"], account["subscriber_limit"]) == (1, 1000)
    assert (account["trial"], account["credits"]) == (False, None)
    assert {"email", "first_name", "last_name", "cname", "status", "branding"} <= set(account)


def test_settings_account_is_for_administrators(tmp_path: Path) -> None:
    """Any other user's key works everywhere else."""
    with sandbox(tmp_path, admin_key=False) as api:
        assert api.get("/settings/account").status_code == 403
        assert api.get("/settings/account").json() == {"message": "Forbidden"}
        assert api.get("/users/me").status_code == 200


def test_answers_are_written_like_the_service_writes_them(api: Api) -> None:
    """Escaped slashes and ASCII in the body; the recorded headers."""
    answer = api.sync("a@b.com", firstName="Zoë")

    assert answer.headers["content-type"] == "application/json"
    assert rb"http:\/\/127.0.0.1" in answer.content
    assert rb"Zo\u00eb" in answer.content
    assert {"x-request-id", "set-cookie", "cache-control", "expires", "pragma"} <= set(answer.headers)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PATCH", "/contacts/1", 405)])
def test_what_is_not_there_is_said_so(api: Api, method: str, path: str, status: int) -> None:
    """Unknown paths and methods are no crash."""
    assert api.http.request(method, path).status_code == status


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"a": NaN}', rb'{"a": "\ud800"}', b"\xff", b"[" * 100_000]
)
def test_a_body_that_is_no_json_object_is_400(api: Api, body: bytes) -> None:
    """An empty object comes back, as many documented refusals have it."""
    answer = api.http.post("/contact/sync", content=body)

    assert (answer.status_code, answer.json()) == (400, {})


def test_a_slash_at_the_end_is_an_empty_id(api: Api) -> None:
    """The service casts it to 0; elsewhere the slash means nothing."""
    api.sync("a@b.com")

    assert api.delete("/contacts/").json() == {"message": "No result found for contact with id 0"}
    assert api.get("/contacts/").json()["meta"]["total"] == "1"
