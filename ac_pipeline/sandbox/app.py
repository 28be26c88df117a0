"""The HTTP application: the API, the control API and the page of one account."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route

from ac_pipeline.sandbox import control, page
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.gate import Gate
from ac_pipeline.sandbox.local import local_only

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def application(account: Account) -> Starlette:
    """Return the application that serves this account."""
    app = Starlette(
        routes=[
            Route("/api/3{path:path}", local_only(Gate(account).answer), methods=_METHODS),
            *control.routes(account),
            *page.routes(account),
        ]
    )
    app.router.redirect_slashes = False
    return app
