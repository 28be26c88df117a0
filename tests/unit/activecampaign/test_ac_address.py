"""The API URL as people paste it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from ac_pipeline.activecampaign import connect
from ac_pipeline.activecampaign.address import Address, parse_address
from ac_pipeline.errors import SettingsError

HOST = "acme.api-us1.com"


@pytest.mark.parametrize("end", ["", "/", "//", "/api/3", "/api/3/", " \n"])
@pytest.mark.parametrize("start", [f"https://{HOST}", f"https://{HOST}:443", "HTTPS://Acme.API-us1.com"])
def test_all_forms_of_a_url_are_one_address(start: str, end: str) -> None:
    """With and without the API's path, trailing slashes, port and capitals."""
    assert parse_address(start + end) == Address(HOST, f"https://{HOST}/api/3/", loopback=False)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.8.8.8"])
def test_plain_http_is_for_loopback(host: str) -> None:
    """A server on the same machine needs no certificate; its port is part of the account's host."""
    assert parse_address(f"http://{host}/") == Address(host, f"http://{host}/api/3/", loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "", "acme", HOST, f"http://{HOST}", f"ftp://{HOST}", "https://", "https:///api/3", f"https://{HOST}/app/contacts",
        f"https://{HOST}/api/3?key=s3cret", f"https://s3cret:s3cret@{HOST}", f"https://s3cret@{HOST}",
        f"https://{HOST}:s3cret", "https://[s3cret", f"https://{HOST}/#s3cret", "http://localhost.example.com",
        "http://127.0.0.1.example.com", f"https://{HOST}/api/3/contacts",
    ],
)  # fmt: skip
def test_a_wrong_url_is_a_settings_error_with_a_hint(url: str) -> None:
    """The error says where the right one is, and repeats no part that may be secret."""
    with pytest.raises(SettingsError) as caught:
        parse_address(url)
    assert "Settings → Developer" in caught.value.hint
    assert "s3cret" not in str(caught.value)


@given(st.text())
def test_any_text_is_an_address_or_a_settings_error(url: str) -> None:
    """Nothing else comes out, whatever is pasted."""
    with contextlib.suppress(SettingsError):
        assert parse_address(url).base_url.endswith("/api/3/")


@pytest.mark.parametrize("key", ["", "  ", "two words", "clé", "line\nbreak"])
def test_a_malformed_key_is_a_settings_error_without_the_key(key: str) -> None:
    """What no header can carry is told before any request."""

    async def run() -> None:
        async with connect(f"https://{HOST}", SecretStr(key)):
            raise AssertionError

    with pytest.raises(SettingsError) as caught:
        asyncio.run(run())
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize(
    ("rate", "share"), [(0, 0.8), (-1, 0.8), (float("inf"), 1), (float("nan"), 1), (5, 0), (5, 1.1)]
)
def test_an_impossible_rate_is_a_settings_error(rate: float, share: float) -> None:
    """The pace must be a positive number and the share at most all of it."""

    async def run() -> None:
        async with connect(f"https://{HOST}", SecretStr("key"), rate=rate, share=share):
            raise AssertionError

    with pytest.raises(SettingsError):
        asyncio.run(run())
