"""What all pages share: head, navigation, style, how they renew themselves, and the rules browsers are given."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from functools import cache
from importlib.resources import files

from starlette.responses import HTMLResponse

from ac_pipeline.markup import Markup, element, joined
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables import contacts, requests

_PAGES = {"Contacts": "/", "Events": "/events", "Requests": "/requests", "Faults": "/faults"}


def page(account: Account, title: str, *body: Markup, status: int = 200) -> HTMLResponse:
    """Return a whole page. What is inside `live` is renewed every two seconds, and nothing else is."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} · sandbox {account.config.account_name}"),
        element("style", _file("page.css")),
    )
    here = {"aria-current": "page"}
    header = element(
        "header",
        element("h1", f"Sandbox {account.config.account_name}"),
        element(
            "nav",
            *(element("a", name, href=path, **(here if name == title else {})) for name, path in _PAGES.items()),
        ),
        live("numbers", element("span", _numbers(account))),
    )
    document = element(
        "html", head, element("body", header, element("main", *body), element("script", _file("page.js"))), lang="en"
    )
    return HTMLResponse(joined(Markup("<!doctype html>"), document), status, _headers())


def live(name: str, *children: Markup) -> Markup:
    """Return a part of a page that renews itself; `name` is its own on the page."""
    return element("div", *children, id=name, class_="live")


def _numbers(account: Account) -> str:
    second = timedelta(seconds=1) // timedelta(microseconds=1)
    rate = requests.since(account.db, account.clock.microseconds() - second)
    count = contacts.count(account.db)
    return f"Contacts: {count:,} · requests in the last second: {rate} of {account.config.rate} allowed"


@cache
def _headers() -> dict[str, str]:
    """The rules for browsers. The referrer stays on this site: without any, a form would send `Origin: null`."""
    policy = {
        "default-src": "'none'",
        "style-src": _digest("page.css"),
        "script-src": _digest("page.js"),
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _digest(name: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(_file(name).encode()).digest()).decode()}'"


@cache
def _file(name: str) -> Markup:
    return Markup((files(__package__) / name).read_text(encoding="utf-8"))
