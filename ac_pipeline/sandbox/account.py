"""The account behind the API: its database, its clock, its address."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ac_pipeline.sandbox.clock import AccountTime, Clock
from ac_pipeline.sandbox.config import SandboxConfig
from ac_pipeline.sandbox.limits import Limits
from ac_pipeline.sandbox.switches import Switches


@dataclass(slots=True)
class Account:
    """What every handler works on. `url` is scheme, host and port, without a slash at the end.

    `switches` is set again by the control API, `db` by a restart.
    """

    config: SandboxConfig
    db: sqlite3.Connection
    clock: Clock
    url: str
    switches: Switches
    limits: Limits

    @property
    def time(self) -> AccountTime:
        """How the account writes times."""
        return AccountTime(self.config.utc_offset)

    def link(self, path: str) -> str:
        """Return the absolute address of an API path such as `contacts/1/deals`."""
        return f"{self.url}/api/3/{path}"

    def email(self, sent: str) -> str:
        """Return an address as the account keeps it."""
        return sent.strip() if self.switches.email_space == "trimmed" else sent

    def email_key(self, email: str) -> str:
        """Return what two addresses of the same contact have in common."""
        return email if self.switches.email_case == "kept" else email.casefold()

    def tag_key(self, tag: str) -> str:
        """Return what two names of the same tag have in common."""
        return tag if self.switches.tag_case == "kept" else tag.casefold()

    def event_key(self, event: str) -> str:
        """Return what two names of the same event have in common."""
        return event if self.switches.event_case == "kept" else event.casefold()

    def status(self, *, new: bool) -> int:
        """Return the status of an answer to a write that may have created a row."""
        return 201 if new and self.switches.created_status == "as_recorded" else 200

    def total(self, count: int) -> str | int:
        """Return a `meta.total`."""
        return count if self.switches.totals == "number" else str(count)
