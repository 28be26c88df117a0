"""The home of the demo: its own folder, its own sandbox, and the day its data lies on."""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import SecretStr

from ac_pipeline.errors import SettingsError, StoreBusy, UnknownName
from ac_pipeline.home import Home
from ac_pipeline.sandbox import SandboxConfig, Switches
from ac_pipeline.settings import Settings
from ac_pipeline.store.lock import holder

DATA_DAY = date(1997, 4, 5)
"""The day of the data that a demo home is built on: every customer has bought by then, 15 months follow."""
IMPORTS_TAKE = 1.0
"""Seconds until a bulk import is over in the demo; six or more at ActiveCampaign (reference, section 10.2)."""
RATE = 100
"""Requests per second of the demo's sandbox; the real service allows 5."""
API_KEY = "demo-key"
ACTID, EVENT_KEY = "1000001", "demo-event-key"


@dataclass(frozen=True, slots=True)
class DemoHome:
    """A demo home on disk. `project` holds assets/ and dbt/."""

    root: Path
    project: Path
    port: int
    shift_days: int

    @classmethod
    def make(cls, root: Path, project: Path, now: datetime) -> DemoHome:
        """Start over in `root`: its data lies so that the day of `now` (UTC) is 5 April 1997 of the source.

        Raises SettingsError for a folder that is no demo home, or a project without declarations.
        """
        root = root.absolute()
        if not (project / "assets").is_dir() or not (project / "dbt" / "dbt_project.yml").exists():
            raise SettingsError(
                f"{project} has no assets/ and dbt/ of the demo.", "Run this in a checkout of ac-pipeline."
            )
        if root.exists():
            _remove(root)
        home = Home.at(root)
        made = cls(root, project.absolute(), _free_port(), (now.astimezone(UTC).date() - DATA_DAY).days)
        said = {"port": made.port, "shift_days": made.shift_days}
        made._marker.write_text(json.dumps(said), encoding="utf-8")
        home.dbt_vars.write_text(json.dumps({"shift_days": made.shift_days}), encoding="utf-8")
        return made

    @classmethod
    def open(cls, root: Path, project: Path) -> DemoHome:
        """Return the demo home at `root`. Raises UnknownName when there is none."""
        root = root.absolute()
        marker = root / "demo.json"
        if not marker.exists():
            raise UnknownName(f"There is no demo home in {root} yet.", "Run `make demo` first.")
        said = json.loads(marker.read_text(encoding="utf-8"))
        return cls(root, project.absolute(), int(said["port"]), int(said["shift_days"]))

    @property
    def seed(self) -> Path:
        """The raw purchases."""
        return self.project / "dbt" / "seeds" / "cdnow_purchases.csv"

    @property
    def warehouse(self) -> Path:
        """The demo's warehouse, built by dbt."""
        return self.root / "warehouse.duckdb"

    @property
    def _marker(self) -> Path:
        return self.root / "demo.json"

    def sandbox(self) -> SandboxConfig:
        """Return the demo's ActiveCampaign; it keeps its port, because the home belongs to its account."""
        return SandboxConfig(
            state=self.root / "sandbox.sqlite", port=self.port, rate=RATE, api_key=API_KEY, actid=ACTID,
            event_key=EVENT_KEY, account_name="demo",
            switches=Switches(bulk_latency=IMPORTS_TAKE, bulk_hidden=0.2),
        )  # fmt: skip

    def settings(self) -> Settings:
        """Return settings in which nothing comes from the environment or `.env`."""
        return Settings(
            _env_file=None,
            activecampaign_api_url=f"http://127.0.0.1:{self.port}",
            activecampaign_api_key=SecretStr(API_KEY),
            activecampaign_actid=ACTID,
            activecampaign_event_key=SecretStr(EVENT_KEY),
            activecampaign_tracking_url=f"http://127.0.0.1:{self.port}",
            activecampaign_rate=float(RATE),
            activecampaign_rate_share=0.95,
            activecampaign_import_wait=IMPORTS_TAKE,
            activecampaign_import_limit=900.0,
            exclude_automations=False,
            warehouse_url=f"duckdb://{self.warehouse}",
            warehouse_timeout=600.0,
            ac_pipeline_home=self.root,
            ac_pipeline_assets=self.project / "assets",
            ac_pipeline_dbt=self.project / "dbt",
            ac_pipeline_lock_wait=10.0,
            sync_cron="0 */2 * * *",
            sync_scheduled=False,
            sync_budget=None,
            history_start=None,
            history_retention=400,
            store_memory="1GB",
            alert_webhook_url=None,
            alert_after=None,
            alert_rejected_share=0.01,
            alert_size_change=0.5,
        )


def _remove(root: Path) -> None:
    if not (root / "demo.json").exists() and any(root.iterdir()):
        raise SettingsError(
            f"{root} is not a demo home, so it was not touched.", "Move it away, or remove it yourself."
        )
    working = holder(Home.at(root))
    if working is not None:
        raise StoreBusy(f"The demo in {root} is in use by {working}.", "Stop it, then run the demo again.")
    shutil.rmtree(root)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
