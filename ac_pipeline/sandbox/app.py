"""The HTTP application: the API, the tracking host, the control API and the page of one account."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.routing import Route

from ac_pipeline.sandbox import api, control, page, tracking_host
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.connections import Connections
from ac_pipeline.sandbox.faults import Faults
from ac_pipeline.sandbox.gate import Gate
from ac_pipeline.sandbox.local import local_only

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def application(
    account: Account, faults: Faults, connections: Connections, restart: Callable[[float], None]
) -> Starlette:
    """Return the application that serves this account; `restart` makes the server go away for some seconds."""
    gate = Gate(account, faults, connections, restart, api.ENDPOINTS)
    tracker = Gate(account, faults, connections, restart, tracking_host.ENDPOINTS, tracks=True)
    app = Starlette(
        routes=[
            Route("/api/3{path:path}", local_only(gate.answer), methods=_METHODS),
            *(Route(one.path, local_only(tracker.answer), methods=_METHODS) for one in tracking_host.ENDPOINTS),
            *control.routes(account, faults, restart),
            *page.routes(account, faults),
        ]
    )
    app.router.redirect_slashes = False
    return app
