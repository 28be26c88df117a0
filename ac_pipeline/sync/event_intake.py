"""Read the declared streams from the warehouse and take their rows in, each as far as its cursor says."""

from __future__ import annotations

import logging
from pathlib import Path

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.window import Window
from ac_pipeline.settings import Settings
from ac_pipeline.store.events_incoming import TakenIn, take_in
from ac_pipeline.store.store import Store
from ac_pipeline.store.streams import read_from
from ac_pipeline.warehouse import read_streams

logger = logging.getLogger(__name__)


def take_events(
    store: Store, settings: Settings, declarations: Declarations, window: Window, selected: frozenset[str] | None = None
) -> tuple[TakenIn, ...]:
    """Take in what is new in each stream (`selected` keys, or all) up to the end of a window; one that fails is named.

    Raises WarehouseError when the warehouse cannot be opened.
    """
    streams = tuple(one for one in declarations.events if selected is None or one.key in selected)
    if not streams:
        return ()
    folder = store.work / f"events-{window.end:%Y%m%dT%H%M%S}-{len(list(store.work.glob('events-*')))}"
    read = read_streams(
        settings.warehouse(),
        read_from(store, streams, window.as_of),
        as_of=window.as_of,
        folder=folder,
        timeout=settings.warehouse_timeout,
    )
    store.connection.execute(f"attach {_literal(read.file)} as extracted (read_only)")
    try:
        taken = tuple(take_in(store, rows, window.as_of) for rows in read.results)
    finally:
        store.connection.execute("detach extracted")
    for one in taken:
        if one.failure:
            logger.error("events of %s were not taken in: %s", one.key, one.failure)
        else:
            logger.info("%s: %d new events, %d of them cannot be told", one.key, one.new, one.rejected)
    return taken


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
