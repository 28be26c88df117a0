"""The request log and the rate."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.markup import Markup, element, table
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.page.layout import live, page
from ac_pipeline.sandbox.tables import requests

_SHOWN = 100
_SECONDS = 60
_SECOND = 1_000_000
"""Microseconds."""


class RequestsPage:
    """`/requests`: the log in numbers and its newest requests."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def show(self, _request: Request) -> Response:
        """Answer one request."""
        summary = requests.summary(self._account.db)
        numbers = (
            f"{summary.total:,} requests, {summary.throttled:,} of them throttled; at most"
            f" {summary.max_per_second} in one second, {summary.max_admitted_per_second} of them admitted."
        )
        rows = [
            (
                self._account.time.plain(row.arrived_at),
                row.method,
                row.path,
                row.status,
                row.fault,
                f"{row.bytes_out:,}",
                f"{row.duration_us / 1000:.1f}",
            )
            for _, row in requests.latest(self._account.db, _SHOWN)
        ]
        return page(
            self._account,
            "Requests",
            live(
                "requests",
                element("p", numbers),
                self._rate(),
                table("By endpoint", ("Endpoint", "Requests"), [*summary.counts.items()]),
                table("Newest", ("Time", "Method", "Path", "Status", "Fault", "Bytes", "Milliseconds"), [*rows]),
            ),
        )

    def _rate(self) -> Markup:
        """Return how many requests came in each of the last seconds, the present one at the right."""
        now, limit = self._account.clock.microseconds(), self._account.config.rate
        found = self._account.db.execute(
            "select (? - arrived_at) / ? as age, count(*) from requests where arrived_at > ? group by age",
            (now, _SECOND, now - _SECONDS * _SECOND),
        )
        counts = {int(age): int(count) for age, count in found}
        most = max([*counts.values(), limit if limit <= 2 * max(counts.values(), default=limit) else 1])
        bars = [
            element(
                "rect", element("title", f"{age} s ago: {count}"), class_="bar", x=10 * (_SECONDS - 1 - age), width=8,
                y=round(60 - 54 * count / most, 1), height=round(54 * count / most, 1),
            )
            for age, count in sorted(counts.items())
            if 0 <= age < _SECONDS
        ]  # fmt: skip
        if limit <= most:
            y = round(60 - 54 * limit / most, 1)
            bars.append(element("line", class_="limit", x1=0, x2=600, y1=y, y2=y))
        words = element("text", "requests per second, the last minute", x=0, y=74)
        frame = {"viewBox": "0 0 620 78", "preserveAspectRatio": "xMinYMid", "role": "img"}
        label = {"aria-label": "Requests per second in the last minute"}
        return element("svg", *bars, words, class_="rate", **frame, **label)
