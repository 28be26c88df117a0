"""The request log, renewed by itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.sandbox.account import Account
from ac_pipeline.markup import element, table
from ac_pipeline.sandbox.page.layout import page
from ac_pipeline.sandbox.tables import requests

_SHOWN = 100
_REFRESH = 2
"""Seconds."""


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
            element("p", numbers),
            table("By endpoint", ("Endpoint", "Requests"), [*summary.counts.items()]),
            table("Newest", ("Time", "Method", "Path", "Status", "Fault", "Bytes", "Milliseconds"), [*rows]),
            refresh=_REFRESH,
        )
