"""The page: one file without script, without anything from elsewhere; every text in it is escaped."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from importlib.resources import files

from ac_pipeline.markup import Markup, element, joined
from ac_pipeline.report import sections
from ac_pipeline.report.figures import Figures
from ac_pipeline.report.scale import moment


def page(figures: Figures, *, now: datetime, rate: float) -> str:
    """Return the report; `now` is UTC without a zone, `rate` what the pipeline may take, in requests per second."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy", "content": policy}),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", "ac-pipeline report"),
        element("style", Markup(style)),
    )
    document = element("html", head, element("body", *_body(figures, now, rate)), lang="en")
    return joined(Markup("<!doctype html>\n"), document, "\n")


def _body(figures: Figures, now: datetime, rate: float) -> list[Markup]:
    shown = "No window was computed yet"
    if figures.windows:
        first, last = moment(figures.windows[0]), moment(figures.windows[-1])
        count = len(figures.windows)
        shown = f"{count:,} windows, {first} to {last} UTC" if count > 1 else f"One window, until {last} UTC"
    return [
        element("h1", "Audiences in ActiveCampaign"),
        element("p", f"{shown}. Written {moment(now)} UTC.", class_="soft"),
        sections.tiles(figures),
        sections.waiting(figures),
        sections.sizes(figures),
        sections.churn(figures),
        sections.overlap(figures),
        sections.latency(figures),
        sections.requests(figures, rate),
        sections.refusals(figures),
        sections.runs(figures),
        element(
            "footer", "Counts only: this page names no person. It needs nothing from elsewhere and runs no script."
        ),
    ]


@cache
def _style() -> str:
    return (files(__package__) / "style.css").read_text(encoding="utf-8")
