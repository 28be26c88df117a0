"""Faults of the service, chosen by rate, by count or by script, the same way for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ac_pipeline.errors import SettingsError


class Kind(StrEnum):
    """What goes wrong with one request."""

    # Answered instead of handled: nothing is written.
    THROTTLED = "throttled"
    THROTTLED_BARE = "throttled_bare"
    """429 without Retry-After and without a body."""
    THROTTLED_503 = "throttled_503"
    BULK_THROTTLED = "bulk_throttled"
    """Bulk import's own refusal: 400."""
    BULK_ROW_REFUSED = "bulk_row_refused"
    """A bulk import is refused because of one row, the rule's `row` counted from 1."""
    PAYMENT_REQUIRED = "payment_required"
    FORBIDDEN = "forbidden"
    FORBIDDEN_EMPTY = "forbidden_empty"
    """As a wrong key has it."""
    NOT_FOUND = "not_found"
    EMAIL_INVALID = "email_invalid"
    EMAIL_DUPLICATE = "email_duplicate"
    FIELD_ERROR = "field_error"
    UNKNOWN_4XX = "unknown_4xx"
    LOGIN_PAGE = "login_page"
    """200 with HTML."""
    MASKED_FAILURE = "masked_failure"
    """200 with an empty body and X-Ac-Error."""
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    # Handled, and answered wrongly.
    EMPTY_ANSWER = "empty_answer"
    AC_ERROR_HEADER = "ac_error_header"
    """The answer is whole, with X-Ac-Error beside it."""
    JSON_AS_HTML = "json_as_html"
    TRUNCATED = "truncated"
    """Half of the JSON, with a Content-Length that fits."""
    GATEWAY_TIMEOUT = "gateway_timeout"
    SLOW = "slow"
    # No answer, or not all of it.
    DROPPED_BEFORE = "dropped_before"
    DROPPED_AFTER = "dropped_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANGS_BEFORE = "hangs_before"
    HANGS_AFTER = "hangs_after"
    CUT_OFF = "cut_off"
    """The connection closes in the middle of the body."""
    RESTART_BEFORE = "restart_before"
    """The server goes away for some seconds: connections are reset, then refused."""
    RESTART_AFTER = "restart_after"
    # Of a bulk import that was queued.
    BULK_FAILED = "bulk_failed"
    BULK_INTERRUPTED = "bulk_interrupted"
    """Half of its rows are imported."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When something goes wrong. Of several rules the first that fires decides.

    Only requests that fit `method` and `path` (a template such as `/contact/sync`; "" is any) count.
    `after` of them pass, then each is hit with probability `rate`, until `count` were hit. With a
    `script`, they meet its entries one after the other (None: nothing happens), and rate is ignored.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: Kind | None = None
    rate: float = 1.0
    count: int | None = None
    after: int = 0
    script: tuple[Kind | None, ...] = ()
    method: str = ""
    path: str = ""
    seconds: float = 1.0
    """How long slow, hanging and restarting ones last."""
    row: int = 1
    """Of a bulk import that is refused because of a row."""

    def __post_init__(self) -> None:
        if (self.kind is None) == (not self.script) or not 0 <= self.rate <= 1:
            raise SettingsError("A fault needs either a kind or a script, and a rate between 0 and 1.")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request; `seconds` and `row` as in the rule."""

    kind: Kind
    seconds: float = 1.0
    row: int = 1


class Faults:
    """The rules in force, with what each has met and hit."""

    def __init__(self, seed: int, rules: Sequence[Rule] = ()) -> None:
        self._seed = seed
        self.replace(rules)

    def replace(self, rules: Sequence[Rule]) -> None:
        """Put other rules in force, counted from nothing."""
        self._played = [_Played(rule, f"{self._seed}:{number}") for number, rule in enumerate(rules)]

    def add(self, rule: Rule) -> None:
        """Put one more rule in force, after the others; these go on counting."""
        self._played.append(_Played(rule, f"{self._seed}:{len(self._played)}"))

    def remove(self, number: int) -> None:
        """Take the rule of this number (from 0) out of force, if there is one; the others go on counting."""
        del self._played[number : number + 1]

    def choose(self, method: str, template: str) -> Fault | None:
        """Return what happens to the next request."""
        fitting = (played for played in self._played if played.fits(method, template))
        return next((fault for played in fitting if (fault := played.next())), None)

    def state(self) -> list[dict[str, object]]:
        """Return the rules with how many requests each has met and hit."""
        return [{**asdict(played.rule), "met": played.met, "hit": played.hit} for played in self._played]


class _Played:
    """One rule as far as it has been played."""

    def __init__(self, rule: Rule, seed: str) -> None:
        self.rule = rule
        self.met = 0
        self.hit = 0
        self._random = random.Random(seed)  # noqa: S311  (which requests fail, no secrets)

    def fits(self, method: str, template: str) -> bool:
        return self.rule.method in ("", method) and self.rule.path in ("", template)

    def next(self) -> Fault | None:
        rule, place = self.rule, self.met - self.rule.after
        self.met += 1
        drawn = self._random.random()
        if place < 0 or (rule.count is not None and self.hit >= rule.count):
            return None
        if rule.script:
            kind = rule.script[place] if place < len(rule.script) else None
        else:
            kind = rule.kind if drawn < rule.rate else None
        self.hit += kind is not None
        return None if kind is None else Fault(kind, rule.seconds, rule.row)


def read_rules(sent: object) -> tuple[Rule, ...]:
    """Read rules from JSON: an array of objects with the keys of `Rule`. Raises SettingsError."""
    try:
        return _RULES.validate_python(sent)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"The sandbox has no such fault: {faults}.") from None


def read_rule(text: str) -> Rule:
    """Read `kind`, `kind=0.1` (a rate) or `kind*3` (a count), followed by `@/path/template` or nothing."""
    parsed = re.fullmatch(r"(\w+)(?:=(\d*\.?\d+)|\*(\d+))?(?:@(\S+))?", text)
    if parsed is None:
        raise SettingsError(f"{text} is no fault.", "Write for example throttled=0.1 or dropped_after*2@/contact/sync.")
    kind, rate, count, path = parsed.groups()
    (rule,) = read_rules([{"kind": kind, "rate": float(rate or 1), "count": count and int(count), "path": path or ""}])
    return rule


_RULES = TypeAdapter(tuple[Rule, ...])
