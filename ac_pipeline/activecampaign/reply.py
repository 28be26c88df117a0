"""One reply as it came, and what can be seen in it without knowing what was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_ATTRIBUTE = re.compile(r"/data/attributes/([A-Za-z_]{1,40})")
_PARAMETER = re.compile(r"[A-Za-z]{1,30}\.[A-Za-z]{1,30}")
_POINTERS = ("pointer", "parameter")
_NOT_CREATED = "could not create "
_LIMITED = "rate limit exceeded"
_NO_HEADERS: Mapping[str, str] = {}


class Sign(StrEnum):
    """What a reply is, beside its status."""

    OBJECT = "object"
    """A JSON object or array, whatever the content type says (reference, section 10.1)."""
    PAGE = "page"
    """HTML."""
    EMPTY = "empty"
    """No body."""
    BROKEN = "broken"
    """Neither JSON nor HTML, or JSON without what was asked for."""
    MASKED = "masked"
    """`X-Ac-Error`: a failure behind whatever status (reference, section 2)."""
    LIMITED = "limited"
    """Bulk import's words for too many requests, behind HTTP 400 (reference, section 4)."""
    NOT_CREATED = "not created"
    """The words for an object that is not created, behind the 403 of a wrong key (reference, section 3, E8)."""
    NOT_WRITTEN = "not written"
    """No connection: nothing of the request left."""
    UNANSWERED = "unanswered"
    """The request left, wholly or in part, and no complete reply came."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` is None when no reply came; `headers` have names in lower case. Its repr shows no content."""

    status: int | None
    sign: Sign
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS, repr=False)
    data: object = field(default=None, repr=False)

    @property
    def code(self) -> str:
        """The service's own code of its first error (`email_invalid`), or what it points at, or nothing.

        Titles and details are never used: they repeat what was sent (reference, section 3).
        """
        for error in _errors(self.data):
            if isinstance(code := error.get("code"), str) and _CODE.fullmatch(code):
                return code
            source = error.get("source")
            pointer, parameter = (source.get(key, "") if isinstance(source, dict) else "" for key in _POINTERS)
            if isinstance(pointer, str) and (found := _ATTRIBUTE.fullmatch(pointer)):
                return f"attribute {found[1]}"
            if isinstance(parameter, str) and (found := _PARAMETER.fullmatch(parameter)):
                return f"parameter {found[0]}"
        return ""


def read_reply(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """Say what a complete HTTP response is; `headers` have names in lower case."""
    data: object = None
    try:
        data = json.loads(body)
        sign = Sign.OBJECT if isinstance(data, dict | list) else Sign.BROKEN
        sign = Sign.LIMITED if _is_limited(data) else sign
        sign = Sign.NOT_CREATED if status == 403 and _is_not_created(data) else sign
    except (ValueError, RecursionError):
        text = body.strip()
        html = text.startswith(b"<") or "html" in headers.get("content-type", "")
        sign = Sign.EMPTY if not text else Sign.PAGE if html else Sign.BROKEN
    if "x-ac-error" in headers:
        sign = Sign.MASKED
    return Reply(status, sign, headers, data)


def no_reply(*, written: bool) -> Reply:
    """Return what stands for a reply that never came; `written` when any byte of the request may have left."""
    return Reply(None, Sign.UNANSWERED if written else Sign.NOT_WRITTEN)


def _is_limited(data: object) -> bool:
    said = data.get("message") if isinstance(data, dict) and "success" in data else None
    return isinstance(said, str) and said.strip().casefold().startswith(_LIMITED)


def _is_not_created(data: object) -> bool:
    said = data.get("message") if isinstance(data, dict) else None
    return isinstance(said, str) and said.strip().casefold().startswith(_NOT_CREATED)


def _errors(data: object) -> list[dict[str, object]]:
    found = data.get("errors") if isinstance(data, dict) else None
    return [error for error in found if isinstance(error, dict)] if isinstance(found, list) else []
