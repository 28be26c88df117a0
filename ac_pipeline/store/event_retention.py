"""What is over is kept for some time: at least as long as its row may be read again."""

from __future__ import annotations

from datetime import timedelta

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store

KEPT = timedelta(days=30)


def forget_events(store: Store, declarations: Declarations) -> int:
    """Forget what was over long ago, with its attempts; return how many events.

    A row that may be read again is kept, and a reading never begins before what is forgotten, so that nothing is told
    twice, whatever the overlap is set to later.
    """
    overlaps = {stream.key: stream.overlap for stream in declarations.events}
    with store.transaction() as connection:
        run_script(
            connection, "events_forget", before=store.now() - KEPT, keys=list(overlaps),
            overlaps=[int(overlap.total_seconds()) for overlap in overlaps.values()],
        )  # fmt: skip
        row = connection.execute("select count(*) from forgotten_event").fetchone()
    return int(row[0]) if row else 0
