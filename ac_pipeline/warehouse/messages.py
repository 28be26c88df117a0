"""What of a warehouse's message may be shown: names of tables and columns, never the data of a row."""

from __future__ import annotations

import re

from ac_pipeline.privacy import redact

_AFTER_VALUE = re.compile(r"\b([Vv]alues?|[Ii]nput|[Ll]iteral)\s*:\s.*")
"""Some engines repeat a value without quotes, behind a colon (`Bad int64 value: …`)."""
_SECRET_IN_URL = re.compile(r"//[^/@\s]*@")


def about_query(text: str) -> str:
    """Return a message about the text of a query; what is in double quotes are names of tables and columns."""
    return redact(_first_line(text).replace('"', ""))


def about_data(text: str) -> str:
    """Return a message that may repeat the data of a row: without anything quoted, and nothing behind `value:`."""
    return redact(_AFTER_VALUE.sub(r"\1 ‹…›", _first_line(text)))


def about_connection(text: str) -> str:
    """Return a message about connecting, which may repeat a password or the whole URL."""
    return redact(_SECRET_IN_URL.sub("//‹…›@", " ".join(text.split())))


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "no message")
