"""Retention: history and the record of deliveries are kept for some days; what holds is kept for ever."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ac_pipeline.errors import UnknownName
from ac_pipeline.model.window import Window
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store, naive

logger = logging.getLogger(__name__)

PACE = timedelta(days=1)
"""Forgetting reads the whole record; it waits until so much can be forgotten at once."""


def forget_old(store: Store, days: int) -> datetime | None:
    """Forget what was over more than `days` ago; return from when on everything is kept if that moved, else None.

    Every answer about a moment from then on stays what it was: who was a member, what changed, what
    ActiveCampaign had been told. A result that waits for a person stays, with all that came after it.
    """
    row = store.connection.execute(
        """select max(as_of) from engine.computed_window
        where as_of <= $before
            and as_of <= coalesce((select min(as_of) from engine.held where released_at is null), as_of)""",
        {"before": store.now() - timedelta(days=days)},
    ).fetchone()
    kept_from: datetime | None = row[0] if row else None
    before = kept_since(store)
    if kept_from is None or (before is not None and kept_from < before + PACE):
        return None
    forget_before(store, kept_from)
    logger.info("history and deliveries from before %s UTC are forgotten", kept_from)
    return kept_from


def forget_before(store: Store, kept_from: datetime) -> None:
    """Forget what was over before the end of a computed window, in UTC without a zone; one transaction."""
    with store.transaction() as connection:
        run_script(connection, "forget", kept_from=kept_from)


def kept_since(store: Store) -> datetime | None:
    """Return from when on everything is kept, in UTC without a zone; None when nothing was ever forgotten."""
    row = store.connection.execute("select max(kept_from) from engine.retention").fetchone()
    since: datetime | None = row[0] if row else None
    return since


def require_kept(store: Store, window: Window) -> None:
    """Raise UnknownName for a window that is forgotten: what came after it is not known well enough to add it."""
    since = kept_since(store)
    if since is not None and naive(window.as_of) < since:
        raise UnknownName(
            f"The window {window.key} is no longer kept: history begins with the window that ended "
            f"{since:%Y-%m-%d %H:%M} UTC.",
            "Choose later windows. HISTORY_RETENTION says how long they are kept; what was forgotten does not return.",
        )
