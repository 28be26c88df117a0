"""HTTP to one account: one request, one reply, and nothing of either in a log or an error.

httpx and httpcore log every URL, and URLs can hold e-mail addresses; opening a connection keeps both
loggers at WARNING, whatever the root logger is set to.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from pydantic import SecretStr

from ac_pipeline.activecampaign.address import Address
from ac_pipeline.activecampaign.reply import Reply, no_reply, read_reply
from ac_pipeline.errors import SettingsError

_NOT_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


Params = str | Sequence[str]
"""Value of a parameter of the query; several are repeated under one name (`ids[]`)."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for connecting, for each read or write on the connection, and for a whole exchange."""

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0


class _ApiToken(httpx.Auth):
    """Puts the key into the request while it is sent, so that nothing else holds it readable."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Api-Token"] = self._key.get_secret_value().strip()
        yield request


def open_http(
    address: Address, key: SecretStr, timeouts: Timeouts, in_flight: int, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """Return an HTTP client for the account. Raises SettingsError for a key that no header can carry."""
    _check(key)
    return open_host(address, _ApiToken(key), timeouts, in_flight, transport)


def open_host(
    address: Address, auth: httpx.Auth, timeouts: Timeouts, in_flight: int, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """Return an HTTP client for one host; `auth` puts the credentials into each request."""
    _quiet()
    return httpx.AsyncClient(
        base_url=address.base_url,
        auth=auth,
        verify=_certificates(),
        headers={"Accept": "application/json", "User-Agent": "ac-pipeline"},
        # The service sets cookies on each reply and needs none (reference, section 1).
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect),
        limits=httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight),
        follow_redirects=False,
        # A proxy of the environment is for the outside only.
        trust_env=not address.loopback,
        transport=transport,
    )


async def exchange(
    http: httpx.AsyncClient, method: str, path: str, *, params: Mapping[str, Params], body: str | None, whole: float
) -> Reply:
    """Make one request and return what came of it, failures of the network included.

    Exceptions of httpx hold the request, and with it the key and the contact: none leaves this function.
    """
    headers = {} if body is None else {"Content-Type": "application/json"}
    content = None if body is None else body.encode()
    try:
        async with asyncio.timeout(whole):
            response = await http.request(method, path, params=dict(params) or None, content=content, headers=headers)
    except _NOT_WRITTEN:
        return no_reply(written=False)
    except (httpx.RequestError, TimeoutError):
        return no_reply(written=True)
    fields = {name.lower(): value for name, value in response.headers.items()}
    return read_reply(response.status_code, fields, response.content)


@cache
def _certificates() -> ssl.SSLContext:
    """Return httpx's own choice, read from disk once: that takes longer than a request on loopback."""
    return httpx.create_ssl_context()


def _check(key: SecretStr) -> None:
    text = key.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            "The API key is empty or has characters that no key has.",
            "Copy it again from ActiveCampaign: Settings → Developer.",
        )


def _quiet() -> None:
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)
