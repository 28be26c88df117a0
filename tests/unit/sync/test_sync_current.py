"""The outbox of a delivery is made again when something was learnt, and only then."""

from __future__ import annotations

from pathlib import Path

from ac_pipeline.store.account import save_catalog
from ac_pipeline.store.outbox import Planned, fill_outbox, reconcile
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from ac_pipeline.sync.current import CurrentPlan
from unit.store.plan_support import FIELDS, WITH_NAME, known, put
from unit.store.store_support import audience, declared, opened, rows, trait


def test_the_plan_stands_until_something_is_learnt(tmp_path: Path) -> None:
    """Nothing is planned for none; after something the pending values are new at once, the outbox when it is asked."""
    filled = []

    def fill(store: Store) -> Planned:
        filled.append(fill_outbox(store, WITH_NAME))
        return filled[-1]

    with opened(tmp_path / "home") as store:
        register(store, declared(audience("buyers"), audience("lapsed"), trait("spent")))
        save_catalog(store, FIELDS)
        contact = known(email="a@example.com", spent="1")
        put(store, {1: contact})
        reconcile(store)
        current = CurrentPlan(store, fill, fill(store))
        contact.desired["spent"] = "2"
        put(store, {1: contact})

        current.learn("custom fields", save_catalog(store, FIELDS))
        assert (current.planned().contacts, len(filled)) == (0, 1)

        current.learn("custom fields", save_catalog(store, {"spent": "14"}))
        current.reconcile()
        assert (rows(store, "select key, value from pending"), len(filled)) == ([("spent", "2")], 1)
        assert [current.planned().contacts, current.planned().contacts] == [1, 1]
        assert len(filled) == 2
