"""What goes wrong: the rules in force, switched on and off here."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ac_pipeline.errors import SettingsError
from ac_pipeline.markup import Markup, element, table
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api import ENDPOINTS
from ac_pipeline.sandbox.faults import Faults, read_rules
from ac_pipeline.sandbox.page.kinds import KINDS
from ac_pipeline.sandbox.page.layout import live, page

_NUMBERS = {"rate": float, "count": int, "seconds": float}
_TEXTS = ("kind", "method", "path")


class FaultsPage:
    """`/faults`: GET shows, POST changes. A change is answered by the way back, so that reloading repeats nothing."""

    def __init__(self, account: Account, faults: Faults) -> None:
        self._account = account
        self._faults = faults

    async def show(self, _request: Request) -> Response:
        """Answer one request."""
        return self._page()

    async def change(self, request: Request) -> Response:
        """Add a rule (`kind`, and what else it has), or stop one (`stop=0`) or all (`stop=all`)."""
        sent = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        stop = sent.get("stop", "")
        try:
            if stop == "all":
                self._faults.replace(())
            elif stop:
                self._faults.remove(int(stop) if stop.isdecimal() and len(stop) < 10 else len(self._faults.state()))
            else:
                (rule,) = read_rules([_rule(sent)])
                self._faults.add(rule)
        except SettingsError as error:
            return self._page(error.message)
        return RedirectResponse("/faults", 303)

    def _page(self, wrong: str = "") -> Response:
        error = [element("p", wrong, class_="error", role="alert")] if wrong else []
        return page(
            self._account, "Faults", *error, _form(), live("faults", self._rules()), status=400 if wrong else 200
        )

    def _rules(self) -> Markup:
        rules = self._faults.state()
        if not rules:
            return element("p", "Nothing goes wrong on purpose.", class_="note")
        rows = [
            (
                str(rule["kind"] or "script"),
                _when(rule),
                f"{rule['method']} {rule['path']}".strip() or "any request",
                f"{rule['met']:,}",
                f"{rule['hit']:,}",
                _button("Stop", str(number)),
            )
            for number, rule in enumerate(rules)
        ]
        heads = ("Fault", "When", "Requests", "Met", "Hit", "")
        return element(
            "div", table("In force; the first that fires decides", heads, [*rows]), _button("Stop all", "all")
        )


def _rule(sent: Mapping[str, str]) -> dict[str, object]:
    """Return the rule a form says; what is left empty is left out."""
    rule: dict[str, object] = {name: sent[name] for name in _TEXTS if sent.get(name)}
    for name, number in _NUMBERS.items():
        if sent.get(name):
            try:
                rule[name] = number(sent[name])
            except ValueError:
                raise SettingsError(f"{name} is a number.") from None
    return rule


def _when(rule: Mapping[str, object]) -> str:
    parts = ["always" if rule["rate"] == 1.0 else f"{rule['rate']:.0%} of them"]
    if rule["count"] is not None:
        parts.append(f"{rule['count']} times")
    if rule["after"]:
        parts.append(f"after {rule['after']}")
    return ", ".join(parts)


def _button(text: str, stop: str) -> Markup:
    hidden = element("input", type="hidden", name="stop", value=stop)
    return element("form", hidden, element("button", text, type="submit"), method="post", action="/faults")


def _form() -> Markup:
    kinds = [
        element(
            "optgroup",
            *(element("option", f"{kind} – {words}", value=kind) for kind, words in group.items()),
            label=title,
        )
        for title, group in KINDS.items()
    ]
    paths = sorted({endpoint.path for endpoint in ENDPOINTS})
    return element(
        "form",
        element("label", "What goes wrong", element("select", *kinds, name="kind")),
        element("label", "Share of requests", _input("rate", "1", type="number", min="0", max="1", step="any")),
        element("label", "How often", _input("count", "always", type="number", min="1")),
        element("label", "Seconds", _input("seconds", "1", type="number", min="0", step="any")),
        element(
            "label",
            "Requests",
            element(
                "select", element("option", "any", value=""), *(element("option", path) for path in paths), name="path"
            ),
        ),
        element("button", "Let it go wrong", type="submit", class_="main"),
        method="post",
        action="/faults",
        class_="new",
    )


def _input(name: str, placeholder: str, **attributes: str) -> Markup:
    return element("input", name=name, placeholder=placeholder, class_="short", **attributes)
