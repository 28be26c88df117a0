"""What every API request passes: key, rate, latency, handler, log."""

from __future__ import annotations

import hmac
import math
import random
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api import ENDPOINTS
from ac_pipeline.sandbox.database import transaction
from ac_pipeline.sandbox.limits import Verdict, limit_for
from ac_pipeline.sandbox.request_path import loggable
from ac_pipeline.sandbox.routing import Match, Routes
from ac_pipeline.sandbox.tables import requests
from ac_pipeline.sandbox.tables.requests import Logged
from ac_pipeline.sandbox.wire import Call, Refusal, Reply

# As recorded on every answer (reference, section 1).
_HEADERS = {
    "Cache-Control": "no-store, no-cache, must-revalidate",
    "Expires": "Thu, 19 Nov 1981 08:52:00 GMT",
    "Pragma": "no-cache",
}


class Gate:
    """Answers everything below /api/3 for one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._routes = Routes(ENDPOINTS)
        self._limit = limit_for(account.config.rate_window, account.config.rate)
        self._random = random.Random(account.config.seed)  # noqa: S311  (request ids, no secrets)

    async def answer(self, request: Request) -> Response:
        """Answer one request and keep it in the log, whatever becomes of it."""
        clock = self._account.clock
        arrived_at, started = clock.microseconds(), clock.monotonic()
        path = request.path_params["path"]
        match = self._routes.match(request.method, path)
        query = tuple(parse_qsl(request.url.query, keep_blank_values=True))
        reply, content, body, throttled = Reply(500), b"", b"", False
        try:
            body = await request.body()
            reply, throttled = await self._reply(request, match, Call(self._account, query, match.params, body))
            content = reply.content()
        except ClientDisconnect:
            reply = Reply(400)
        finally:
            duration = clock.monotonic() - started
            logged = Logged(
                arrived_at,
                request.method,
                loggable(path, query),
                match.template,
                reply.status,
                len(body),
                len(content),
                int(throttled),
                round(duration * 1_000_000),
            )
            requests.add(self._account.db, logged)
        return self._response(reply, content)

    async def _reply(self, request: Request, match: Match, call: Call) -> tuple[Reply, bool]:
        """Return the answer, and whether the request was refused for coming too fast."""
        config = self._account.config
        key = request.headers.get("api-token", "")
        authentic = hmac.compare_digest(key.encode(), config.api_key.encode())
        verdict = self._limit.admit(self._account.clock.monotonic()) if authentic else None
        if config.latency:
            await self._account.clock.sleep(config.latency)
        if verdict is None:
            return refusals.unknown_key(), False
        if not verdict.admitted:
            return refusals.too_many(self._rate_headers(verdict) | {"Retry-After": _seconds(verdict)}), True
        reply = self._handled(match, call)
        headers = self._rate_headers(verdict) if config.rate_headers else {}
        return Reply(reply.status, reply.body, {**reply.headers, **headers}), False

    def _handled(self, match: Match, call: Call) -> Reply:
        try:
            with transaction(self._account.db):
                return match.endpoint.handle(call)
        except Refusal as refusal:
            return refusal.reply

    def _rate_headers(self, verdict: Verdict) -> dict[str, str]:
        return {"RateLimit-Limit": str(self._account.config.rate), "RateLimit-Remaining": str(verdict.remaining)}

    def _response(self, reply: Reply, content: bytes) -> Response:
        headers = {
            **_HEADERS,
            "X-Request-Id": f"{self._random.getrandbits(128):032x}",
            "Set-Cookie": f"PHPSESSID={self._random.getrandbits(128):032x}; path=/; HttpOnly",
            **reply.headers,
        }
        media_type = None if reply.body is None else "application/json"
        return Response(content, reply.status, headers, media_type)


def _seconds(verdict: Verdict) -> str:
    """Whole seconds, never 0: clients read them as a number to wait."""
    return str(max(1, math.ceil(verdict.retry_after)))
