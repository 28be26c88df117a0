"""What the tests of events share: a company with an event table and the account's credentials for events."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from ac_pipeline.sandbox import SandboxConfig
from ac_pipeline.settings import Settings
from ac_pipeline.store.store import naive
from pipeline.pipeline_account import PATIENCE, Service
from pipeline.pipeline_support import Company, Ended

_DEFAULTS = SandboxConfig(Path("unused"))
Row = Mapping[str, object]
COLUMNS = {
    "event_id": "varchar", "user_id": "varchar", "email": "varchar", "event": "varchar", "value": "varchar",
    "occurred_at": "timestamp", "url": "varchar", "referrer": "varchar",
}  # fmt: skip


@dataclass
class Shop(Company):
    """A company that knows what its customers did."""

    credentials: bool = True
    slash: str = ""
    """Behind the tracking URL."""
    event_key: str = _DEFAULTS.event_key

    def settings(self) -> Settings:
        """Return settings with the credentials of the tracking host, unless there are none."""
        tracking: dict[str, object] = {"activecampaign_tracking_url": self.url + self.slash}
        if self.credentials:
            tracking["activecampaign_actid"] = _DEFAULTS.actid
            tracking["activecampaign_event_key"] = SecretStr(self.event_key)
        return super().settings().model_copy(update=tracking)

    def environment(self, **changes: str | None) -> dict[str, str]:
        """Return the environment of a command, with these credentials."""
        tracking: dict[str, str | None] = {
            "ACTIVECAMPAIGN_ACTID": _DEFAULTS.actid,
            "ACTIVECAMPAIGN_EVENT_KEY": self.event_key,
            "ACTIVECAMPAIGN_TRACKING_URL": self.url,
        }
        return super().environment(**{**tracking, **changes})

    def stream(self, key: str, text: str, rows: Sequence[Row] = (), **types: str) -> None:
        """Declare a stream over a table of its own with these columns; `{table}` in the text is the table."""
        columns = {**COLUMNS, **types}
        self.run_sql(f"create or replace table {key} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        self.happened(key, *rows)
        self.declare(f"events/{key}", text.replace("{table}", key))

    def happened(self, key: str, *rows: Row) -> None:
        """Add rows to a stream's table."""
        for row in rows:
            names = ", ".join(row)
            values = ", ".join(
                "null" if value is None else "'" + str(value).replace("'", "''") + "'" for value in row.values()
            )
            self.run_sql(f"insert into {key} ({names}) values ({values})")

    def feed(self, given: object, *arguments: str, **changes: str | None) -> Ended:
        """Run the command line with JSON on standard input."""
        done = subprocess.run(
            [sys.executable, "-m", "ac_pipeline", *arguments], cwd=self.root, env=self.environment(**changes),
            text=True, encoding="utf-8", input=json.dumps(given), capture_output=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def ago(self, hours: float = 0.5) -> datetime:
        """Return a moment before the end of the newest window, as the warehouse has it."""
        return naive(self.window().end - timedelta(hours=hours))

    def begin(self, account: Service, *users: str) -> None:
        """Let these users be contacts, and streams begin: nothing that was before is sent."""
        account.track()
        self.crowd(max(int(user) for user in users))
        self.members("buyers", *users)
        self.sync()
        self.clock.next_window()
        account.forget_requests()


def event(user: str, at: datetime, number: int = 1, **columns: object) -> Row:
    """Return a row of an event table."""
    return {"event_id": f"{user}-{number}", "user_id": user, "occurred_at": at.isoformat(), **columns}
