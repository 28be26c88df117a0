"""What every request passes, of the API and of the tracking host: key, rate, latency, faults, handler, log."""

from __future__ import annotations

import asyncio
import hmac
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ac_pipeline.sandbox import journal, refusals
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.connections import Connections
from ac_pipeline.sandbox.database import transaction
from ac_pipeline.sandbox.departures import Departure
from ac_pipeline.sandbox.faults import Fault, Faults
from ac_pipeline.sandbox.imports import catch_up
from ac_pipeline.sandbox.limits import Verdict
from ac_pipeline.sandbox.misbehaviour import LOSSES, Ending, altered, instead
from ac_pipeline.sandbox.request_path import loggable
from ac_pipeline.sandbox.routing import Match, Routes
from ac_pipeline.sandbox.tables import requests
from ac_pipeline.sandbox.tables.requests import Logged
from ac_pipeline.sandbox.wire import Call, Endpoint, Refusal, Reply

# As recorded on every answer (reference, section 1).
_HEADERS = {
    "Cache-Control": "no-store, no-cache, must-revalidate",
    "Expires": "Thu, 19 Nov 1981 08:52:00 GMT",
    "Pragma": "no-cache",
}
_FREE = Verdict(admitted=True, remaining=0)


@dataclass(slots=True)
class _Outcome:
    """What becomes of one request."""

    reply: Reply = field(default_factory=lambda: Reply(500))
    fault: Fault | None = None
    ending: Ending | None = None


class Gate:
    """Answers for one account at its endpoints. `restart` makes the server go away for some seconds.

    `tracks` for those of the tracking host, which want no API key but look into the form for their own.
    """

    def __init__(
        self,
        account: Account,
        faults: Faults,
        connections: Connections,
        restart: Callable[[float], None],
        endpoints: Sequence[Endpoint],
        *,
        tracks: bool = False,
    ) -> None:
        self._account = account
        self._faults = faults
        self._connections = connections
        self._restart = restart
        self._routes = Routes(endpoints)
        self._tracks = tracks
        self._random = random.Random(account.config.seed)  # noqa: S311  (request ids, no secrets)

    async def answer(self, request: Request) -> Response:
        """Answer one request, or not, and keep it in the log, whatever becomes of it."""
        clock = self._account.clock
        arrived_at, started = clock.microseconds(), clock.monotonic()
        path = request.path_params.get("path", request.url.path)
        match = self._routes.match(request.method, path)
        query = tuple(parse_qsl(request.url.query, keep_blank_values=True))
        media_type = request.headers.get("content-type", "")
        outcome, content, body = _Outcome(), b"", b""
        try:
            body = await request.body()
            await self._decide(outcome, request, match, Call(self._account, query, match.params, body, media_type))
            content = outcome.reply.content()
        except ClientDisconnect:
            outcome.reply = Reply(400)
        finally:
            answered = outcome.ending in (None, Ending.CUT_OFF)
            logged = Logged(
                arrived_at,
                request.method,
                loggable(path, match.template, query),
                match.template,
                outcome.reply.status if answered else 0,
                len(body),
                len(content) if answered else 0,
                int(outcome.reply.throttled),
                outcome.fault.kind if outcome.fault else "",
                round((clock.monotonic() - started) * 1_000_000),
            )
            requests.add(self._account.db, logged)
        return self._response(outcome, content)

    async def _decide(self, outcome: _Outcome, request: Request, match: Match, call: Call) -> None:
        """Write into `outcome` what becomes of the request, and do it."""
        account = self._account
        verdict = self._admitted(request, match)
        if account.config.latency:
            await account.clock.sleep(account.config.latency)
        if verdict is None:
            outcome.reply = refusals.unknown_key(account.switches)
            return
        if not verdict.admitted:
            outcome.reply = refusals.too_many(account.switches, self._refused_headers(verdict))
            return
        outcome.fault = self._faults.choose(request.method, match.template)
        if outcome.fault is None:
            outcome.reply = self._handled(match, call)
        else:
            await self._spoil(outcome, outcome.fault, request, match, call)
        if account.switches.rate_headers and not self._tracks:
            headers = {**self._rate_headers(verdict), **outcome.reply.headers}
            outcome.reply = replace(outcome.reply, headers=headers)

    def _admitted(self, request: Request, match: Match) -> Verdict | None:
        """Return what the account's limit says of the request; None when its key is wrong."""
        account = self._account
        if self._tracks and not account.switches.tracking_shares_rate:
            return _FREE
        key = request.headers.get("api-token", "")
        if not self._tracks and not hmac.compare_digest(key.encode(), account.config.api_key.encode()):
            return None
        if match.template.startswith("/import/") and not account.switches.bulk_shares_rate:
            return _FREE
        return account.limits.requests.admit(account.clock.monotonic())

    async def _spoil(self, outcome: _Outcome, fault: Fault, request: Request, match: Match, call: Call) -> None:
        loss = LOSSES.get(fault.kind)
        if loss is not None:
            outcome.ending = loss.ending
            if loss.takes_effect:
                outcome.reply = self._handled(match, call)
            if loss.waits:
                await self._wait(fault.seconds, request)
            return
        replaced = instead(fault, self._account.switches, self._rate_headers(_FREE))
        if replaced is not None:
            outcome.reply = replaced
            return
        outcome.reply = altered(fault.kind, self._handled(match, replace(call, fault=fault.kind)))
        if fault.kind == "slow":
            await self._wait(fault.seconds, request)

    async def _wait(self, seconds: float, request: Request) -> None:
        """Wait, unless the client goes away first."""
        waiting = {
            asyncio.ensure_future(self._account.clock.sleep(seconds)),
            asyncio.ensure_future(request.receive()),
        }
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    def _handled(self, match: Match, call: Call) -> Reply:
        catch_up(self._account)
        try:
            db, cause = self._account.db, f"{match.endpoint.method} {match.template}"
            with transaction(db), journal.writing(db, self._account.clock.microseconds(), cause):
                return match.endpoint.handle(call)
        except Refusal as refusal:
            return refusal.reply

    def _rate_headers(self, verdict: Verdict) -> Mapping[str, str]:
        return {"RateLimit-Limit": str(self._account.config.rate), "RateLimit-Remaining": str(verdict.remaining)}

    def _refused_headers(self, verdict: Verdict) -> Mapping[str, str]:
        """Whole seconds, never 0: clients read them as a number to wait."""
        headers = self._rate_headers(verdict)
        if not self._account.switches.retry_after:
            return headers
        return {**headers, "Retry-After": str(max(1, math.ceil(verdict.retry_after)))}

    def _response(self, outcome: _Outcome, content: bytes) -> Response:
        reply = outcome.reply
        headers = {
            **_HEADERS,
            "X-Request-Id": f"{self._random.getrandbits(128):032x}",
            "Set-Cookie": f"PHPSESSID={self._random.getrandbits(128):032x}; path=/; HttpOnly",
            **reply.headers,
        }
        media_type = None if reply.body is None and reply.raw is None else reply.media_type
        response = Response(content, reply.status, headers, media_type)
        if outcome.ending is None:
            return response
        seconds = outcome.fault.seconds if outcome.fault else 0.0
        return Departure(response, outcome.ending, self._connections, lambda: self._restart(seconds))
