"""Processes of their own that hold the store, so that tests can wait for them and kill them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).parents[2]

HOLD = """
import sys
from pathlib import Path
from unit.store.store_support import opened
with opened(Path(sys.argv[1]), kind=sys.argv[2], run_id=sys.argv[3]) as store:
    (store.work / "rest").write_text("of a run")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def python(code: str, *arguments: str, cwd: Path = TESTS) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in a process of its own; it is gone after the block."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path[:0] = [{str(TESTS.parent)!r}, {str(TESTS)!r}]\n{code}",
            *arguments,
        ],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def says(process: subprocess.Popen[str], word: str) -> None:
    """Wait until the process writes a line with this word."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if line != word:
        process.kill()
        raise AssertionError(f"expected {word!r}, got {line!r}: {process.communicate()[1]}")


@contextmanager
def holding(root: Path, kind: str = "sync", run_id: str = "run-held") -> Iterator[subprocess.Popen[str]]:
    """Another process holds the store of this home, until its input is closed or it is killed."""
    with python(HOLD, str(root), kind, run_id) as process:
        says(process, "held")
        yield process
