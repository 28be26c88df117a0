"""How a sandbox account is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox.faults import Rule
from ac_pipeline.sandbox.switches import Switches


class RateWindow(StrEnum):
    """How requests per second are counted; the service does not document its own way."""

    SLIDING = "sliding"
    FIXED = "fixed"
    TOKEN_BUCKET = "token_bucket"  # noqa: S105  (a way of counting, no secret)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """One sandbox account. Raises SettingsError for a host that is not this machine itself."""

    state: Path
    """SQLite file that holds everything; created when missing, readable by its owner only."""
    port: int = 0
    """0 takes a free port."""
    host: str = "127.0.0.1"
    api_key: str = field(default="sandbox-key", repr=False)
    actid: str = "1000001"
    """The number of the account on the tracking host."""
    event_key: str = field(default="sandbox-event-key", repr=False)
    """What the tracking host wants instead of the API key."""
    admin_key: bool = True
    """Whether the key's user is in the admin group; if not, /settings/account answers 403."""
    account_name: str = "sandbox"
    rate: int = 5
    """Requests per second for the whole account."""
    rate_window: RateWindow = RateWindow.SLIDING
    bulk_rate: int = 100
    """Imports per minute of more than one contact."""
    bulk_single_rate: int = 20
    """Imports per minute of one contact."""
    latency: float = 0.0
    """Seconds every API request takes longer."""
    utc_offset: timedelta = timedelta(hours=-5)
    """The account's time zone."""
    subscriber_limit: int = 1000
    seed: int = 0
    """Decides everything that looks random: hashes, request ids, which requests a rate of faults hits."""
    switches: Switches = field(default_factory=Switches)
    """What is not known of the service."""
    faults: tuple[Rule, ...] = ()
    """What goes wrong from the start; the control API can change it."""
    reset: bool = False
    """Start from an empty account whatever the file holds."""

    def __post_init__(self) -> None:
        try:
            loopback = ip_address(self.host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise SettingsError(
                f"The sandbox cannot listen on {self.host}: it has no login and is for this machine only.",
                "Use 127.0.0.1 or ::1.",
            )
        if min(self.rate, self.bulk_rate, self.bulk_single_rate) < 1:
            raise SettingsError("The sandbox's rates are requests per second or minute and must be at least 1.")
