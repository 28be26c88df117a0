"""One delivery as a sync makes it, to a model of the service."""

from __future__ import annotations

from dataclasses import dataclass

from ac_pipeline.model.contact import Contact
from ac_pipeline.model.declaration import Destination
from ac_pipeline.store.batches import oldest_queued
from ac_pipeline.store.ledger import fold
from ac_pipeline.store.opt_outs import begin_opt_outs, gather_opt_outs, refuse_opted_out, replace_opt_outs
from ac_pipeline.store.outbox import (
    Planned,
    fill_outbox,
    reconcile,
    require_catalog,
    resolve_existence,
    unresolved_addresses,
)
from ac_pipeline.store.store import Store
from ac_pipeline.store.wanted import many_subscriptions
from ac_pipeline.sync.bulk import ImportWaits, Sleep, resolve_batches
from ac_pipeline.sync.deliver import deliver_outbox
from ac_pipeline.sync.verdicts import Verdicts
from pipeline.model_service import UNSUBSCRIBED, ModelService

BULK_FROM = 2
DESTINATION = Destination(import_from=BULK_FROM)
PASSES = 4


@dataclass(frozen=True)
class Run:
    """A run with the store open and the desired values written. `sleep` waits between two looks at an import."""

    store: Store
    service: ModelService
    sleep: Sleep

    async def deliver(self, verdicts: Verdicts) -> int:
        """Return how many contacts were planned."""
        store, service = self.store, self.service
        waits = ImportWaits(sleep=self.sleep)
        if oldest_queued(store) is not None:
            await resolve_batches(store, service, verdicts, waits)
            fold(store)
        reconcile(store)
        if not verdicts.go_on:
            return 1
        self._read_opt_outs()
        contacts = 0
        for _ in range(PASSES):
            planned = self._plan()
            contacts += planned.contacts
            if not planned.contacts or not verdicts.go_on:
                break
            await deliver_outbox(store, service, verdicts, waits=waits, exclude_automations=False)
            fold(store)
        return contacts

    def _plan(self) -> Planned:
        reconcile(self.store)
        planned = fill_outbox(self.store, DESTINATION)
        if unresolved := unresolved_addresses(self.store):
            for contact_id, email in unresolved:
                resolve_existence(self.store, contact_id, email, self.service.id_of(email))
            reconcile(self.store)
            planned = fill_outbox(self.store, DESTINATION)
        require_catalog(self.store)
        return planned

    def _read_opt_outs(self) -> None:
        lists = many_subscriptions(self.store, BULK_FROM)
        for property_id, list_id in lists.items():
            begin_opt_outs(self.store)
            left = [
                Contact(number, member.email) for number, member in self.service.members.items()
                if member.lists.get(list_id) == UNSUBSCRIBED
            ]  # fmt: skip
            gather_opt_outs(self.store, left, "opted out")
            replace_opt_outs(self.store, property_id)
        if lists:
            refuse_opted_out(self.store, lists)
        else:  # the same, in less time
            self.store.connection.execute("create or replace temp table checked_list (property_id integer)")
