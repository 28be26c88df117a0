"""Calls for scripts: identify, track, page, screen, tags and automations by name, over the same ledger as a sync."""

from ac_pipeline.calls.account import Account, connect
from ac_pipeline.calls.one_call import (
    add_tag,
    find_contact,
    identify,
    page,
    remove_tag,
    screen,
    start_automation,
    track,
)
from ac_pipeline.calls.results import Identified, Request, Told

__all__ = [
    "Account",
    "Identified",
    "Request",
    "Told",
    "add_tag",
    "connect",
    "find_contact",
    "identify",
    "page",
    "remove_tag",
    "screen",
    "start_automation",
    "track",
]
