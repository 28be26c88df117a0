"""The page a person looks at: what arrived, without asset or script from anywhere."""

from __future__ import annotations

from starlette.routing import Route

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.imports import current
from ac_pipeline.sandbox.local import local_only
from ac_pipeline.sandbox.page.contact import ContactPage
from ac_pipeline.sandbox.page.contacts import ContactsPage
from ac_pipeline.sandbox.page.requests import RequestsPage


def routes(account: Account) -> list[Route]:
    """Return the routes of the page."""
    pages = {
        "/": ContactsPage(account).show,
        "/contact/{id:int}": ContactPage(account).show,
        "/requests": RequestsPage(account).show,
    }
    return [Route(path, local_only(current(account, show))) for path, show in pages.items()]
