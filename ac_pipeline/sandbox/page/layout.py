"""What all pages share: head, navigation, style, and the rules browsers are given."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

from starlette.responses import HTMLResponse

from ac_pipeline.sandbox.account import Account
from ac_pipeline.markup import Markup, element, joined
from ac_pipeline.sandbox.tables import contacts, requests

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; }
header { align-items: baseline; display: flex; flex-wrap: wrap; gap: 1.5rem; }
h1 { font-size: 1.3rem; margin: 0; }
table { border-collapse: collapse; margin: 1rem 0; width: 100%; }
caption { font-weight: 600; padding: .3rem 0; text-align: start; }
th, td { border-bottom: 1px solid #8884; overflow-wrap: anywhere; padding: .3rem .6rem; text-align: start; }
input { font: inherit; min-width: 16rem; padding: .2rem .4rem; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(account: Account, title: str, *body: Markup, status: int = 200, refresh: int | None = None) -> HTMLResponse:
    """Return a whole page; `refresh` in seconds loads it again and again."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} · sandbox {account.config.account_name}"),
        element("style", Markup(_STYLE)),
    )
    header = element(
        "header",
        element("h1", f"Sandbox {account.config.account_name}"),
        element("nav", element("a", "Contacts", href="/"), " · ", element("a", "Requests", href="/requests")),
        element("span", _numbers(account)),
    )
    document = element("html", head, element("body", header, element("main", *body)), lang="en")
    headers = _HEADERS if refresh is None else {**_HEADERS, "Refresh": str(refresh)}
    return HTMLResponse(joined(Markup("<!doctype html>"), document), status, headers)


def _numbers(account: Account) -> str:
    second = timedelta(seconds=1) // timedelta(microseconds=1)
    rate = requests.since(account.db, account.clock.microseconds() - second)
    count = contacts.count(account.db)
    return f"Contacts: {count:,} · requests in the last second: {rate} of {account.config.rate} allowed"
