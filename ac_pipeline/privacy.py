"""Personal data out of texts that end up in logs, errors or metadata."""

from __future__ import annotations

import hashlib
import re

_EMAIL = re.compile(r"[^\s\"<>(),;:]+(?:@|%40)[^\s\"'<>(),;:]+")
_QUOTED = re.compile(
    r"""(?:(?<!\w)|(?<=\b[bBeEnNrRuUxX]))'(?:[^']|'(?=\w))*(?:'|$)  # an apostrophe inside a word opens nothing
    |"[^"]*(?:"|$) |`[^`]*(?:`|$) |[»«][^«»]*(?:[«»]|$) |[“„][^“”]*(?:[“”]|$) |‘[^’]*(?:’|$)""",
    re.VERBOSE,
)
"""Quoted parts, also those whose quote is never closed; databases quote in the style of their language."""
_LONG_NUMBER = re.compile(r"\+?\d[\d ()./-]{6,}\d")


def redact(text: str, *, limit: int = 300) -> str:
    """Return `text` on one line without quoted parts, e-mail addresses and long numbers.

    `limit` is in characters; what is longer is cut and ends in `…`.
    """
    text = " ".join(text.split())
    text = _QUOTED.sub("‹…›", text)
    text = _EMAIL.sub("‹e-mail›", text)
    text = _LONG_NUMBER.sub("‹number›", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def contact_hash(email: str) -> str:
    """Return a short, stable name for an address that does not reveal it (12 hex digits)."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]
