"""Keeps other sites' pages away: the key is no secret here, and the page and the control API have none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

Handler = Callable[[Request], Awaitable[Response]]


def local_only(handler: Handler) -> Handler:
    """Refuse requests whose Host is not this machine: a foreign name that resolves to it."""

    async def guarded(request: Request) -> Response:
        if not _is_local(request.headers.get("host", "")):
            return PlainTextResponse("Only this machine may ask.", 403)
        return await handler(request)

    return guarded


def same_site_only(handler: Handler) -> Handler:
    """Refuse, besides, what a browser sends for a page of another origin, other ports included."""

    async def guarded(request: Request) -> Response:
        origin = request.headers.get("origin")
        foreign_origin = origin is not None and origin != f"http://{request.headers.get('host', '')}"
        if foreign_origin or request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return PlainTextResponse("Only this site's own pages may ask.", 403)
        return await handler(request)

    return local_only(guarded)


def _is_local(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
