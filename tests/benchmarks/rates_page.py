"""How much of the allowed rate is used, as a part of the page: method, tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby

from benchmarks import rates, real
from benchmarks.rates import BOUNDS, CALLS, FAULTY, FAULTY_BOUND, MOST_REFUSED, Result
from benchmarks.real import RealResult
from benchmarks.report import Section, table


def section() -> Section:
    """Measure all cells side by side, then in real time."""
    with ProcessPoolExecutor() as pool:
        measured = list(pool.map(timed, rates.cases()))
    results = [result for result, _ in measured]
    cpu = sum(seconds for _, seconds in measured) / sum(result.requests for result in results)
    real_results = [real.measure(rate) for rate in real.RATES]
    return Section(_text(results, real_results, cpu), tuple(str(result) for result in results if not result.passed))


def timed(case: rates.Case) -> tuple[rates.Result, float]:
    """Measure one cell, and the CPU seconds it took."""
    begun = time.process_time()
    return rates.measure(case), time.process_time() - begun


def _text(results: Sequence[Result], real_results: Sequence[RealResult], cpu: float) -> str:
    """`cpu` is in seconds a request, in simulated time, the simulation included."""
    clean = [result for result in results if not result.case.faulty]
    faulty = [result for result in results if result.case.faulty]
    parts = [
        "## The allowed rate",
        _method(),
        f"The client and the simulated service together took {1000 * cpu:.2f} ms of CPU a request.",
        *(_rate_table(route, list(rows)) for route, rows in groupby(clean, lambda result: result.case.route)),
        "### With faults",
        _fault_method(),
        _fault_table(faulty),
        "### In real time",
        f"The client at full share against the sandbox, another process, over loopback HTTP for {real.SECONDS} s; "
        f"answers after {real.LATENCY:g} s. For comparison, without a bound: whatever else the machine does is jitter "
        "here, and in so short a run each refusal, with the pause it asks for, is seen.",
        table(
            ("requests/s allowed", "requests", "share used", "refused", "load per core"),
            [
                (row.rate, row.requests, f"{row.used:.4f}", f"{row.refused:.2%}", f"{row.load:.1f}")
                for row in real_results
            ],
        ),
    ]
    return "\n\n".join(parts)


def _method() -> str:
    bounds = " / ".join(f"{bound:g}" for bound in BOUNDS.values())
    jitters = " / ".join(f"{1000 * jitter:g}" for jitter in BOUNDS)
    return (
        "The real client (limiter, retries, httpx without its sockets) at full share, new for each cell, in simulated "
        "time: waiting moves the clock of the event loop and takes none, so that hours are measured in seconds and a "
        "busy machine changes nothing. The service answers after the latency (there and back together); both ways take "
        "up to the jitter longer, evenly distributed. It allows 5 requests a second and 100 imports a minute, counted "
        'as named, and refuses the rest: 429 with `Retry-After: 1`, imports with HTTP 400 "Rate limit exceeded.". '
        f"{CALLS['single']:,} contact/sync or {CALLS['bulk']:,} imports of 250 contacts a cell, the beginning "
        "included, in which the client does not know the network yet. Share: accepted requests between the first and "
        f"the last, over what was allowed in that time. Bounds: share {bounds} at a jitter of {jitters} ms, "
        f"refused at most {MOST_REFUSED:.1%}."
    )


def _fault_method() -> str:
    return (
        f"The same on a sliding window at 20 ms of jitter, with {FAULTY:.0%} of the requests meeting a fault, all "
        "kinds of `service.py` alike (pages and empty bodies behind 200 and 5xx, cut JSON, `X-Ac-Error`, 403 without "
        "cause, connections refused, lost and timed out, 429 and 503, and 400 for imports). Possible is what is left "
        "of the allowed rate when each fault costs one request, and, for single calls, each 429 and 503 a pause of one "
        f"second, the shortest the service can ask for. Bound: {FAULTY_BOUND:g} of it. Lost: calls that were given "
        "up; the ledger keeps them as unknown and a later run sends them."
    )


def _rate_table(route: str, results: list[Result]) -> str:
    rows = []
    for window, cells in groupby(results, lambda result: result.case.window):
        for latency, line in groupby(cells, lambda result: result.case.latency):
            rows.append((window, f"{1000 * latency:g} ms", *(f"{_cell(cell)}{_verdict(cell)}" for cell in line)))
    jitters = [f"jitter {1000 * jitter:g} ms" for jitter in BOUNDS]
    return f"**{route}**: share used (refused)\n\n" + table(("counted by", "latency", *jitters), rows)


def _fault_table(results: list[Result]) -> str:
    rows = [
        (row.case.route, f"{1000 * row.case.latency:g} ms", row.requests, f"{row.used:.4f}", f"{row.refused:.2%}",
         row.lost, _verdict(row))
        for row in results
    ]  # fmt: skip
    return table(("", "latency", "requests", "of what is possible", "refused", "lost", ""), rows)


def _cell(result: Result) -> str:
    return f"{result.used:.4f} ({result.refused:.2%})"


def _verdict(result: Result) -> str:
    return "" if result.passed else " **below its bound**"
