"""What holds of each process that runs a session."""

from __future__ import annotations

import subprocess
import sys


def test_a_process_that_ends_does_not_look_for_what_it_could_free() -> None:
    """What is registered first is called last: by then everything has to be out of the collector's sight."""
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count(), len(gc.get_objects())));"
        "import ac_pipeline.sync.session"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    frozen, seen = map(int, done.stdout.split())
    assert frozen > 100 * seen
