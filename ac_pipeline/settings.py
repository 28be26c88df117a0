"""Settings from the environment or `.env`, checked together, with what to do about each fault."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ac_pipeline.errors import SettingsError
from ac_pipeline.model.tracking import TrackingAccess
from ac_pipeline.model.window import check_cron, parse_utc

_LEAST_MEMORY = 500e6
"""Bytes."""


class Settings(BaseSettings):
    """Every setting: its name in capitals is the name of its environment variable."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    activecampaign_api_url: str | None = Field(
        default=None, description="API URL of the account, from ActiveCampaign: Settings → Developer"
    )
    activecampaign_api_key: SecretStr | None = Field(
        default=None, description="API key of the account, from ActiveCampaign: Settings → Developer"
    )
    activecampaign_actid: str | None = Field(
        default=None,
        description="number of the account for events, from ActiveCampaign: Settings → Tracking → Event Tracking",
    )
    activecampaign_event_key: SecretStr | None = Field(
        default=None, description="event key of the account, from the same page; it is not the API key"
    )
    activecampaign_tracking_url: str = Field(
        default="https://trackcmp.net", description="where events and page visits are sent"
    )
    activecampaign_rate: float = Field(
        default=5.0, gt=0, le=1000, description="what the account allows, in requests per second"
    )
    activecampaign_rate_share: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="share of that rate the pipeline takes; other tools need the rest",
    )
    activecampaign_import_wait: float = Field(
        default=7.0, gt=0, le=600, description="when a bulk import is first asked about, in seconds after it was queued"
    )
    activecampaign_import_limit: float = Field(
        default=900.0, gt=0, description="when a bulk import that is not over counts as lost, in seconds"
    )
    exclude_automations: bool = Field(
        default=False, description="whether bulk imports keep automations from starting; a resend always does"
    )
    warehouse_url: str | None = Field(
        default=None,
        repr=False,
        description="where customers and orders are: `duckdb:///absolute/path.duckdb`, `md:database`, "
        "`postgresql://user:password@host/database`, or another database's SQLAlchemy URL",
    )
    warehouse_timeout: float = Field(
        default=600.0, gt=0, le=86400, description="how long one query in the warehouse may take, in seconds"
    )
    ac_pipeline_home: Path = Field(
        default=Path(".ac-pipeline"),
        description="folder for the store, the published copy and Dagster's state",
    )
    ac_pipeline_assets: Path = Field(default=Path("assets"), description="folder of the declarations")
    ac_pipeline_dbt: Path = Field(default=Path("dbt"), description="folder of the dbt project; none if absent")
    ac_pipeline_lock_wait: float = Field(
        default=10.0,
        ge=0,
        description="how long to wait for another process that holds the store, in seconds",
    )
    store_memory: str = Field(
        default="1GB",
        description="memory for the store's queries, 500MB at least; what does not fit is kept on disk meanwhile",
    )
    sync_cron: str = Field(
        default="0 */2 * * *", description="the schedule, in UTC; a window is the time between two ticks"
    )
    sync_scheduled: bool = Field(
        default=False,
        description="whether the schedule runs without being started; starting or stopping it in Dagster counts more",
    )
    sync_budget: float | None = Field(
        default=None,
        gt=0,
        description="minutes a run may send; by default it stops a little before the next tick of the schedule",
    )
    history_start: AwareDatetime | None = Field(
        default=None,
        description="first moment windows exist for, in UTC; by default 90 days before the home was made",
    )
    history_retention: int = Field(
        default=400,
        ge=1,
        le=36500,
        description="days that history and deliveries are kept; what holds, and what was told last, is kept for ever",
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None, description="secret address that alerts are posted to, as Slack's incoming webhooks take them"
    )
    alert_after: float | None = Field(
        default=None,
        gt=0,
        description="hours that a change may wait, or data be old, until it counts as late; by default three windows",
    )
    alert_rejected_share: float = Field(
        default=0.01, ge=0, le=1, description="share of refused contacts from which on the check of them fails"
    )
    alert_size_change: float = Field(
        default=0.5, gt=0, description="share by which a size may change between two windows until its check warns"
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_is_absent(cls, values: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if not (isinstance(value, str) and not value.strip())}

    @field_validator("ac_pipeline_home", "ac_pipeline_assets", "ac_pipeline_dbt")
    @classmethod
    def _home_of_the_user(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("activecampaign_actid")
    @classmethod
    def _actid_is_a_number(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[0-9]{1,20}", value.strip()):
            raise ValueError("not a number; the event key is another setting")
        return value and value.strip()

    @field_validator("alert_webhook_url")
    @classmethod
    def _webhook_is_a_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/]\S*", value.get_secret_value()):
            raise ValueError("not an address; it begins with https://")
        return value

    @field_validator("store_memory")
    @classmethod
    def _memory_suffices(cls, value: str) -> str:
        said = re.fullmatch(r"(\d+(?:\.\d+)?) *([KMGT])B", value.strip(), re.IGNORECASE)
        if said is None:
            raise ValueError("not an amount of memory; write it like 1GB or 800MB")
        if float(said[1]) * 1000 ** " KMGT".index(said[2].upper()) < _LEAST_MEMORY:
            raise ValueError("too little to plan many contacts; 500MB is the least")
        return f"{said[1]}{said[2].upper()}B"

    @field_validator("sync_cron")
    @classmethod
    def _cron_is_valid(cls, value: str) -> str:
        check_cron(value)
        return value

    @field_validator("history_start", mode="before")
    @classmethod
    def _utc_unless_said(cls, value: object) -> object:
        try:
            return parse_utc(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError("not a moment; write it like 2026-04-05T12:00 (UTC)") from None

    def account(self) -> tuple[str, SecretStr]:
        """Return API URL and key, or raise SettingsError that names what is missing."""
        missing = []
        if self.activecampaign_api_url is None:
            missing.append(("ACTIVECAMPAIGN_API_URL", "https://youraccount.api-us1.com"))
        if self.activecampaign_api_key is None:
            missing.append(("ACTIVECAMPAIGN_API_KEY", "a long text of letters and digits"))
        if self.activecampaign_api_url is None or self.activecampaign_api_key is None:
            names = " and ".join(f"{name} (looks like: {example})" for name, example in missing)
            raise SettingsError(
                f"Not set: {names}.",
                "Both are in ActiveCampaign under Settings → Developer; put them into .env.",
            )
        return self.activecampaign_api_url, self.activecampaign_api_key

    def tracking(self) -> TrackingAccess | None:
        """Return where events and visits go, None when neither credential is set; SettingsError for one alone."""
        actid, key = self.activecampaign_actid, self.activecampaign_event_key
        if actid is None and key is None:
            return None
        if actid is None or key is None:
            missing = "ACTIVECAMPAIGN_ACTID" if actid is None else "ACTIVECAMPAIGN_EVENT_KEY"
            raise SettingsError(
                f"Not set: {missing}; events need both it and the other one.",
                "Both are in ActiveCampaign under Settings → Tracking → Event Tracking; put them into .env.",
            )
        return TrackingAccess(self.activecampaign_tracking_url, actid, key)

    def warehouse(self) -> str:
        """Return the warehouse's URL, or raise SettingsError."""
        if self.warehouse_url is None:
            raise SettingsError(
                "Not set: WAREHOUSE_URL (looks like: duckdb:///srv/warehouse/company.duckdb).",
                "It names the database that holds the tables of your declarations; "
                "put it into .env or the environment.",
            )
        return self.warehouse_url


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read settings from the environment and `env_file`; all faults come in one SettingsError.

    Values are never part of the message: one of them may be the key.
    """
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        faults = []
        for fault in error.errors(include_input=False, include_url=False):
            name = str(fault["loc"][0])
            described = Settings.model_fields[name].description if name in Settings.model_fields else ""
            faults.append(f"{name.upper()}: {fault['msg'].removeprefix('Value error, ')} ({described})")
        raise SettingsError("Settings are malformed: " + "; ".join(faults) + ".") from None
