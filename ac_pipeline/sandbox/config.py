"""How a sandbox account is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from ac_pipeline.errors import SettingsError


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
    admin_key: bool = True
    """Whether the key's user is in the admin group; if not, /settings/account answers 403."""
    account_name: str = "sandbox"
    rate: int = 5
    """Requests per second for the whole account."""
    rate_window: RateWindow = RateWindow.SLIDING
    rate_headers: bool = True
    """Whether answers other than 429 carry RateLimit-* too (reference, section 4)."""
    latency: float = 0.0
    """Seconds every API request takes longer."""
    utc_offset: timedelta = timedelta(hours=-5)
    """The account's time zone."""
    subscriber_limit: int = 1000
    seed: int = 0
    """Decides everything that looks random: hashes, request ids."""
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
        if self.rate < 1:
            raise SettingsError("The sandbox's rate is requests per second and must be at least 1.")
