"""The account behind the API: its database, its clock, its address."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ac_pipeline.sandbox.clock import AccountTime, Clock
from ac_pipeline.sandbox.config import SandboxConfig


@dataclass(frozen=True, slots=True)
class Account:
    """What every handler works on. `url` is scheme, host and port, without a slash at the end."""

    config: SandboxConfig
    db: sqlite3.Connection
    clock: Clock
    url: str

    @property
    def time(self) -> AccountTime:
        """How the account writes times."""
        return AccountTime(self.config.utc_offset)

    def link(self, path: str) -> str:
        """Return the absolute address of an API path such as `contacts/1/deals`."""
        return f"{self.url}/api/3/{path}"
