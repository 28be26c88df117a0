"""`make bench`: measure, write RESULTS.md, fail when a figure is beyond its bound.

`python -m benchmarks PART…` measures some parts only and prints them instead.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks import (
    acknowledgement,
    extraction,
    few_requests,
    first_delivery,
    fixed_cost,
    history,
    planning,
    rates_page,
)
from benchmarks.report import Section, page

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    """Run what is asked for; return the exit code."""
    asked = _arguments()
    parts = _parts(asked.contacts)
    sections = []
    for name in asked.parts or parts:
        begun = time.monotonic()
        sections.append(parts[name]())
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
    if asked.parts or asked.contacts:
        print("\n\n".join(section.text for section in sections))
    else:
        RESULTS.write_text(page(sections), encoding="utf-8")
    failed = [figure for section in sections for figure in section.failed]
    print("\n".join(["Beyond their bounds:", *failed]) if failed else "All within their bounds.")
    return 1 if failed else 0


def _parts(contacts: int | None) -> Mapping[str, Callable[[], Section]]:
    """Return the parts in the order of the page."""
    fewer = {} if contacts is None else {"contacts": contacts}
    return {
        "requests": few_requests.section,
        "extraction": extraction.section,
        "delivery": partial(first_delivery.section, **fewer),
        "planning": partial(planning.section, **fewer),
        "acknowledgement": acknowledgement.section,
        "fixed": fixed_cost.section,
        "history": partial(history.section, **fewer),
        "rates": rates_page.section,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(_parts(None))}; all by default")
    parser.add_argument("--contacts", type=int, help="other than the page has: to try `delivery` and `planning`")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(_parts(None)):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
