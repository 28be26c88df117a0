"""A request's address as it may be kept: without anything that may name a person."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z_]{1,40}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_KEY = re.compile(r"[a-z_]{1,40}(\[[a-z_]{0,40}\])*")
_SAFE_KEY = re.compile(r"limit|offset|listid|tagid|status|id_greater|id_less|ids\[\]|orders\[\w+\]|filters\[fieldid\]")
_SAFE_VALUE = re.compile(r"[0-9]{1,18}|asc|desc", re.IGNORECASE)


def loggable(path: str, template: str, query: tuple[tuple[str, str], ...]) -> str:
    """Return path and query with `…` for every segment, key and value that is not known to be harmless.

    Words are kept where the template has the same; of a path without one, only the first.
    """
    words = template.split("/")
    kept = "/".join(
        part if _is_harmless(part, words[place : place + 1], place) else "…"
        for place, part in enumerate(path.split("/"))
    )
    pairs = "&".join(_pair(key, value) for key, value in query)
    return f"{kept}?{pairs}" if pairs else kept


def _is_harmless(part: str, word: list[str], place: int) -> bool:
    if not part or _NUMBER.fullmatch(part) or [part] == word:
        return True
    return place == 1 and _WORD.fullmatch(part) is not None


def _pair(key: str, value: str) -> str:
    shown = value if _SAFE_KEY.fullmatch(key) and _SAFE_VALUE.fullmatch(value) else "…"
    return f"{key if _KEY.fullmatch(key) else '…'}={shown}"
