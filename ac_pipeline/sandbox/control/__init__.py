"""The control API below /sandbox, for tests and people."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.control.changes import Changes
from ac_pipeline.sandbox.control.reads import Reads
from ac_pipeline.sandbox.control.tracking import TrackingControl
from ac_pipeline.sandbox.faults import Faults
from ac_pipeline.sandbox.imports import current
from ac_pipeline.sandbox.local import Handler, same_site_only


def routes(account: Account, faults: Faults, restart: Callable[[float], None]) -> list[Route]:
    """Return the routes of the control API."""
    reads, changes = Reads(account), Changes(account, faults, restart)
    tracking = TrackingControl(account)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/sandbox/requests", reads.requests),
        ("DELETE", "/sandbox/requests", changes.forget_requests),
        ("GET", "/sandbox/contacts", reads.contacts),
        ("GET", "/sandbox/fields", reads.fields),
        ("GET", "/sandbox/events", tracking.events),
        ("GET", "/sandbox/automations", tracking.automations),
        ("POST", "/sandbox/automations", tracking.add_automation),
        ("GET", "/sandbox/dump", reads.dump),
        ("POST", "/sandbox/load", changes.load),
        ("POST", "/sandbox/reset", changes.reset),
        ("GET", "/sandbox/switches", changes.switches),
        ("PUT", "/sandbox/switches", changes.set_switches),
        ("DELETE", "/sandbox/switches", changes.reset_switches),
        ("GET", "/sandbox/faults", changes.faults),
        ("PUT", "/sandbox/faults", changes.set_faults),
        ("DELETE", "/sandbox/faults", changes.stop_faults),
        ("POST", "/sandbox/exclusions", changes.exclude),
        ("POST", "/sandbox/restart", changes.restart),
    ]
    return [Route(path, same_site_only(current(account, handler)), methods=[method]) for method, path, handler in table]
