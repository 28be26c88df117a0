"""Where the account's API is: the URL a person copied from ActiveCampaign, checked and made uniform."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ac_pipeline.errors import SettingsError

API_PATH = "/api/3"
WHERE = "Copy the API URL from ActiveCampaign: Settings → Developer (it looks like https://youraccount.api-us1.com)."
WHERE_TRACKING = "It looks like https://trackcmp.net, which it is unless it is set."
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """`host` in lower case, with the port unless it is the scheme's own; `base_url` ends in a slash."""

    host: str
    base_url: str
    loopback: bool


def parse_address(url: str) -> Address:
    """Read an API URL with or without `/api/3` and trailing slashes (reference, section 1).

    Raises SettingsError; plain http is for loopback only, because every request carries the key.
    """
    return _parse(url, "API URL", API_PATH, WHERE)


def parse_tracking_address(url: str) -> Address:
    """Read the URL of the tracking host, with or without a slash at the end; `base_url` has one.

    Raises SettingsError; plain http is for loopback only, because events carry their key.
    """
    return _parse(url, "tracking URL", "", WHERE_TRACKING)


def _parse(url: str, what: str, api_path: str, hint: str) -> Address:
    parts = _split(url, what, api_path, hint)
    name = (parts.hostname or "").rstrip(".")
    loopback = _is_loopback(name)
    if parts.scheme == "http" and not loopback:
        raise SettingsError(f"The {what} for {name} is plain http, which would show the key to anybody.", hint)
    port = parts.port
    host = f"[{name}]" if ":" in name else name
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    return Address(host=host, base_url=f"{parts.scheme}://{host}{api_path}/", loopback=loopback)


def account_host(url: str) -> str:
    """Return the host an account is known by, from its API URL. Raises SettingsError."""
    return parse_address(url).host


def _split(url: str, what: str, api_path: str, hint: str) -> SplitResult:
    # The text itself is never repeated: people paste user names and keys into URLs.
    fault = ""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise SettingsError(f"The {what} is malformed.", hint) from None
    path = parts.path.rstrip("/").removesuffix(api_path).rstrip("/")
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        fault = "must begin with https:// and name a host"
    elif parts.username is not None or parts.password is not None:
        fault = "must not contain a user name or password"
    elif parts.query or parts.fragment or path:
        fault = "must end after the host" + (f" (or after {api_path})" if api_path else "")
    if fault:
        raise SettingsError(f"The {what} {fault}.", hint)
    return parts


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
