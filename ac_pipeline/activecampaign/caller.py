"""Requests until they end: in turn, repeated where the table says so, counted."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from ac_pipeline.activecampaign.connection import Params, exchange
from ac_pipeline.activecampaign.limiter import Limiter, PauseTooLong, Sleep, Turn
from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.outcomes import THROTTLED, Next, Row, decide
from ac_pipeline.activecampaign.reply import Reply, Sign, no_reply
from ac_pipeline.activecampaign.waits import Patience, announced, retry_after
from ac_pipeline.errors import OwnerMustAct, PipelineError, ServiceUnavailable
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.privacy import redact

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to be made. `template` is its path without ids, the only form that is logged and counted.

    A success must be an object with one of the keys `shows`, where any are named. A call that is not
    `repeatable` is not made again once it may have taken effect.
    """

    method: str
    template: str
    path: str
    shows: tuple[str, ...] = ()
    params: Mapping[str, Params] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)
    repeatable: bool = True
    limits: tuple[Limiter, ...] = ()
    """Limits of its own, beside the account's."""
    rank: Rank = Rank.USUAL
    apart: bool = False
    """Whether it is counted apart, as reading and not as delivery."""

    @property
    def endpoint(self) -> str:
        """Method and template: `PUT /contacts/{id}`."""
        return f"{self.method} {self.template}"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: the reply that ended it, the row that says so, what is known of its effect."""

    call: Call
    reply: Reply
    row: Row
    outcome: Outcome

    @property
    def reason(self) -> str:
        """Why it was no success: short, without personal data; empty after one."""
        if self.outcome is Outcome.ACKNOWLEDGED:
            return ""
        return redact(self.row.reason or self.reply.code or f"http {self.reply.status}")

    @property
    def unexplained(self) -> bool:
        """Whether it is a refusal that neither the reference nor the service's own code explains."""
        return self.row.unexplained or (
            self.outcome is Outcome.REJECTED and not self.row.reason and not self.reply.code
        )

    @property
    def stop(self) -> PipelineError | None:
        """The error after which no further request may be made, if this is one."""
        if self.row.stop is None or (self.row.stop is ServiceUnavailable and self.only_once):
            return None
        return self.row.stop(self.row.message, self.row.hint)

    @property
    def only_once(self) -> bool:
        """Whether the call ended because it must not be repeated; that says little of what comes next."""
        return self.outcome is Outcome.UNKNOWN and not self.call.repeatable


class Unconfirmed(ServiceUnavailable):
    """A request may or may not have taken effect."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """One request that was made: the limiters it passed and the turn each gave, the account's last."""

    turns: tuple[tuple[Limiter, Turn], ...]

    def refusing(self, reply: Reply) -> Iterable[tuple[Limiter, Turn]]:
        """Return what has to slow down: the limits of its own where the words are theirs, else the account's."""
        return self.turns[:-1] if reply.sign is Sign.LIMITED and len(self.turns) > 1 else self.turns[-1:]


class Caller:
    """Makes calls, several at a time, through one limiter."""

    def __init__(
        self, http: httpx.AsyncClient, limiter: Limiter, *, in_flight: int, whole: float, patience: Patience,
        clock: Callable[[], float], sleep: Sleep, now: Callable[[], datetime], jitter: random.Random,
    ) -> None:  # fmt: skip
        self._http, self._limiter = http, limiter
        self.in_flight = in_flight
        self._slots = asyncio.Semaphore(in_flight)
        self._whole, self._patience = whole, patience
        self._clock, self._sleep, self._now, self._jitter = clock, sleep, now, jitter
        self.requests: Counter[str] = Counter()
        """Requests made by endpoint, repeated and throttled ones included."""
        self.requests_apart: Counter[str] = Counter()
        """The same for the calls that are counted apart."""

    async def end(self, call: Call) -> Ending:
        """Make a call and repeat it until it ends. Raises nothing that the network or the service causes."""
        failures, refusals, unsure = 0, 0, False
        waited_from: float | None = None
        while True:
            waited = 0.0 if waited_from is None else self._clock() - waited_from
            try:
                reply, made = await self._once(call, self._patience.throttled - waited)
            except PauseTooLong:
                reply, row = no_reply(written=False), THROTTLED
                break
            row = decide(reply, shows=call.shows)
            unsure = unsure or row.outcome is Outcome.UNKNOWN
            over = row.next in {Next.ACCEPT, Next.REFUSE} or (unsure and not call.repeatable)
            if row.next is Next.THROTTLE:
                refusals += 1
                waited_from = self._clock() if waited_from is None else waited_from
                wait = self._throttled(call, reply, made, refusals)
                over = over or self._clock() + wait - waited_from > self._patience.throttled
            else:
                failures += 1
                over = over or failures >= row.tries
            if over:
                break
            if row.next is Next.RETRY:
                logger.info("%s failed (%s), trying again", call.endpoint, row.reason or f"http {reply.status}")
                await self.back_off(failures)
        doubtful = unsure and row.outcome is Outcome.NOT_SENT
        return Ending(call, reply, row, Outcome.UNKNOWN if doubtful else row.outcome)

    async def needed(self, call: Call) -> Reply:
        """Make a call whose answer is needed and return the success.

        Raises OwnerMustAct when it is refused, ServiceUnavailable when it cannot be made, and Unconfirmed,
        which is one, when it may have taken effect.
        """
        ending = await self.end(call)
        if ending.outcome is Outcome.ACKNOWLEDGED:
            return ending.reply
        raise failure_of(ending)

    async def back_off(self, failures: int) -> None:
        """Wait as long as is due after the `failures`-th failure in a row."""
        await self._sleep(self._patience.backoff(failures, self._jitter))

    async def _once(self, call: Call, patience: float) -> tuple[Reply, _Pass]:
        """Make one request in its turn. Raises PauseTooLong when the service asks for too long a pause."""
        async with AsyncExitStack() as flight:
            async with AsyncExitStack() as ahead:
                for limiter in (*call.limits, self._limiter):
                    await ahead.enter_async_context(limiter.head(patience, call.rank))
                # Behind the line, where whoever waits for an answer to come cannot keep a place from those that matter.
                await flight.enter_async_context(self._slots)
                await self._limiter.ready(patience)
                turns = tuple((limiter, limiter.take()) for limiter in (*call.limits, self._limiter))
            made = _Pass(turns)
            (self.requests_apart if call.apart else self.requests)[call.endpoint] += 1
            reply = await exchange(
                self._http, call.method, call.path, params=call.params, body=call.body, whole=self._whole
            )
        if limit := announced(reply.headers, "limit"):
            self._limiter.announced(limit)
        if reply.status is not None and decide(reply).next is not Next.THROTTLE:
            left = announced(reply.headers, "remaining")
            for limiter, turn in made.turns:
                limiter.let_through(turn, left if limiter is self._limiter else None)
        return reply, made

    def _throttled(self, call: Call, reply: Reply, made: _Pass, refusals: int) -> float:
        """Make what was over its limit pause, and return for how many seconds."""
        asked = retry_after(reply.headers, self._now())
        # Bulk import counts by the minute, and asks to come back in a minute.
        first = refusals + 2 if reply.sign is Sign.LIMITED else refusals
        wait = self._patience.backoff(first, self._jitter) if asked is None else asked
        for limiter, turn in made.refusing(reply):
            limiter.refused(turn, wait)
        logger.info("%s throttled (http %s), pausing %.1f s", call.endpoint, reply.status, wait)
        return wait


def failure_of(ending: Ending) -> PipelineError:
    """Return the error that says how a call failed whose answer is needed."""
    if ending.stop is not None and not ending.only_once:
        return ending.stop
    if ending.outcome is Outcome.REJECTED:
        return OwnerMustAct(
            f"ActiveCampaign refuses {ending.call.endpoint} ({ending.reason}).",
            "Check ACTIVECAMPAIGN_API_URL, and in ActiveCampaign what the key's user may do.",
        )
    return Unconfirmed(
        f"ActiveCampaign did not answer {ending.call.endpoint} usefully ({ending.reason}).", "A later run tries again."
    )
