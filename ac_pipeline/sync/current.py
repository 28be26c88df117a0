"""The outbox of a delivery, which is planned anew only when something was learnt since it was planned."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ac_pipeline.store.outbox import Planned, reconcile
from ac_pipeline.store.store import Store

logger = logging.getLogger(__name__)


class CurrentPlan:
    """What will be sent, as far as is known now. Planning a million contacts takes long; most often once is enough.

    Whoever writes what planning reads (the catalog, ids and addresses over there, refusals, outcomes) says so by
    `learn`. What is not said is not seen: the next answer is the plan from before.
    """

    def __init__(self, store: Store, fill: Callable[[Store], Planned], planned: Planned) -> None:
        """Begin with an outbox that `fill` made just now, from the pending values that stand beside it."""
        self._store = store
        self._fill = fill
        self._planned = planned
        self._reconciled = self._filled = True

    def learn(self, what: str, count: int) -> None:
        """Note that so many facts of a kind were written; none changes nothing."""
        if count:
            logger.info("to be planned again: %s (%d)", what, count)
            self._reconciled = self._filled = False

    def reconcile(self) -> None:
        """Bring the pending values up to date, not the outbox."""
        if not self._reconciled:
            reconcile(self._store)
            self._reconciled = True

    def planned(self) -> Planned:
        """Bring the outbox up to date, and return what it has."""
        self.reconcile()
        if not self._filled:
            self._planned = self._fill(self._store)
            self._filled = True
        return self._planned
