"""One API call and its answer, apart from the HTTP server that carries them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.faults import Kind

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back. Without `body` and `raw` there is no body and no Content-Type at all."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Sent as it is, whatever `body` says."""
    media_type: str = "application/json"
    throttled: bool = False
    """Whether this refuses a request for coming too fast."""

    def content(self) -> bytes:
        """The body as PHP writes it: ASCII, slashes escaped, no spaces."""
        if self.raw is not None:
            return self.raw
        if self.body is None:
            return b""
        return json.dumps(self.body, separators=(",", ":")).replace("/", "\\/").encode()


class Refusal(Exception):
    """Raised by a handler: nothing it did is kept, and `reply` goes back."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"HTTP {reply.status}")
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `query` keeps the order of the query string, brackets decoded."""

    account: Account
    query: tuple[tuple[str, str], ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    media_type: str = ""
    """Of the body, as sent."""
    fault: Kind | None = None
    """What is to go wrong later with what this call starts."""

    def number(self, name: str = "id") -> int:
        """Return a path parameter the way PHP casts it: leading digits, else 0; never above 2⁶³-1."""
        digits = re.match(r"[0-9]{1,18}", self.params[name])
        return int(digits[0]) if digits else 0

    def asked(self, name: str) -> str | None:
        """Return the last value given for a query parameter."""
        return dict(self.query).get(name)

    def document(self) -> Mapping[str, object]:
        """Return the JSON object sent; Refusal 400 `{}` when it is none (reference E9)."""
        try:
            parsed = json.loads(self.body, parse_constant=_no_json)
            if b"\\ud" in self.body.lower():
                json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            raise Refusal(Reply(400, {}))
        return parsed

    def form(self) -> Mapping[str, str]:
        """Return the fields of a form, those in the query included; a body of another kind has none."""
        sent = dict(self.query)
        if self.media_type.partition(";")[0].strip().lower() == _FORM:
            sent |= parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)
        return sent

    def wrapped(self, name: str) -> Mapping[str, object]:
        """Return the object under its singular key; empty when it is missing."""
        inner = self.document().get(name)
        return inner if isinstance(inner, dict) else {}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path` is below /api/3, or on the tracking host, with parameters in braces: `/contacts/{id}`."""

    method: str
    path: str
    handle: Callable[[Call], Reply]


def text(value: object) -> str:
    """Return a scalar as the service stores it; Refusal 400 `{}` for lists and objects."""
    match value:
        case None | False:
            return ""
        case True:
            return "1"
        case str() | int():
            return str(value)
        case float():
            return str(value).removesuffix(".0")
        case _:
            raise Refusal(Reply(400, {}))


def whole(value: object) -> int:
    """Return an id sent as a number or as digits; 0 for anything else, which no object has."""
    if isinstance(value, int):
        return value if 0 < value < 2**63 else 0
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value.strip()) else 0


def _no_json(constant: str) -> None:
    raise ValueError(constant)
