"""`make bench`: measure, write RESULTS.md, fail when a figure is below its bound."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks import rates, real
from benchmarks.report import page

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    """Run everything; return the exit code."""
    begun = time.monotonic()
    with ProcessPoolExecutor() as pool:
        measured = list(pool.map(timed, rates.cases()))
    results = [result for result, _ in measured]
    cpu = sum(seconds for _, seconds in measured) / sum(result.requests for result in results)
    real_results = [real.measure(rate) for rate in real.RATES]
    RESULTS.write_text(page(results, real_results, cpu))
    failed = [str(result) for result in results if not result.passed]
    print(f"{len(results)} figures in {time.monotonic() - begun:.0f} s: {RESULTS.name}")
    print("\n".join(["Below their bounds:", *failed]) if failed else "All within their bounds.")
    return 1 if failed else 0


def timed(case: rates.Case) -> tuple[rates.Result, float]:
    """Measure one cell, and the CPU seconds it took."""
    begun = time.process_time()
    return rates.measure(case), time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
