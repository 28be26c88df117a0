"""A request's address as it may be kept: without anything that may name a person."""

from __future__ import annotations

import re

_SEGMENT = re.compile(r"[A-Za-z_]{1,40}|[0-9]{1,9}")
_KEY = re.compile(r"[a-z_]{1,40}(\[[a-z_]{0,40}\])*")
_SAFE_KEY = re.compile(r"limit|offset|id_greater|id_less|ids\[\]|orders\[\w+\]|filters\[fieldid\]")
_SAFE_VALUE = re.compile(r"[0-9]{1,18}|asc|desc", re.IGNORECASE)


def loggable(path: str, query: tuple[tuple[str, str], ...]) -> str:
    """Return path and query with `…` for every segment, key and value that is not known to be harmless."""
    kept = "/".join(part if not part or _SEGMENT.fullmatch(part) else "…" for part in path.split("/"))
    pairs = "&".join(_pair(key, value) for key, value in query)
    return f"{kept}?{pairs}" if pairs else kept


def _pair(key: str, value: str) -> str:
    shown = value if _SAFE_KEY.fullmatch(key) and _SAFE_VALUE.fullmatch(value) else "…"
    return f"{key if _KEY.fullmatch(key) else '…'}={shown}"
