"""The page a person looks at: what arrived, and what goes wrong; without anything from anywhere."""

from __future__ import annotations

from starlette.routing import Route

from ac_pipeline.sandbox import journal
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.faults import Faults
from ac_pipeline.sandbox.imports import current
from ac_pipeline.sandbox.local import local_only, same_site_only
from ac_pipeline.sandbox.page.contact import ContactPage
from ac_pipeline.sandbox.page.contacts import ContactsPage
from ac_pipeline.sandbox.page.events import EventsPage
from ac_pipeline.sandbox.page.faults import FaultsPage
from ac_pipeline.sandbox.page.requests import RequestsPage


def routes(account: Account, faults: Faults) -> list[Route]:
    """Return the routes of the page; from now on it is kept what is written to each contact."""
    journal.install(account.db)
    faults_page = FaultsPage(account, faults)
    pages = {
        "/": ContactsPage(account).show,
        "/contact/{id:int}": ContactPage(account).show,
        "/events": EventsPage(account).show,
        "/requests": RequestsPage(account).show,
        "/faults": faults_page.show,
    }
    return [
        *(Route(path, local_only(current(account, show)), methods=["GET"]) for path, show in pages.items()),
        Route("/faults", same_site_only(faults_page.change), methods=["POST"]),
    ]
