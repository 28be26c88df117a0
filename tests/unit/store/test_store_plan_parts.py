"""Contacts are compared and planned some at a time; where a part ends makes no difference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ac_pipeline.model.declaration import Destination
from ac_pipeline.store import outbox
from ac_pipeline.store.account import save_catalog
from ac_pipeline.store.outbox import next_contacts
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from unit.store.plan_support import FIELDS, Contact, body, known, plan
from unit.store.store_support import audience, declared, opened, rows, trait

FAR = 300_000
"""Between these ids lies more than one part, however few properties there are."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened(tmp_path_factory.mktemp("home")) as store:
        register(store, declared(audience("buyers"), audience("lapsed"), trait("spent")))
        save_catalog(store, FIELDS)
        yield store


def test_what_differs_is_found_in_whatever_part_it_lies(store: Store) -> None:
    """Also where as many values were confirmed as are desired; a part that is settled has nothing pending."""
    changed, swapped, unsure = (known(email=f"{name}@example.com", buyers="true", spent="1") for name in "cde")
    changed.desired["spent"] = "2"
    del swapped.desired["buyers"]
    swapped.desired["lapsed"] = "true"
    unsure.told["spent"] = ("unknown", "1")
    settled = {number: known(email=f"s{number}@example.com", buyers="true") for number in (1, 4 * FAR)}
    for number, remote in zip(settled, ("70", "71"), strict=True):
        settled[number].remote = remote
    changed.remote, swapped.remote, unsure.remote = "72", "73", "74"
    _, sent = plan(store, {**settled, FAR: changed, 2 * FAR: swapped, 3 * FAR: unsure})
    assert set(rows(store, "select contact_id, key, value from pending")) == {
        (FAR, "spent", "2"),
        (2 * FAR, "lapsed", "true"),
        (2 * FAR, "buyers", "false"),
        (3 * FAR, "spent", "1"),
    }  # fmt: skip
    assert {row.contact_id for row in sent} == {FAR, 2 * FAR, 3 * FAR}


def test_parts_of_the_outbox_add_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many contacts are written at a time, each is there once, with all of its values, in order."""
    contacts = {
        number: Contact(
            {"email": f"p{number}@example.com", "first_name": "Ann", "buyers": "true", "spent": str(number)}
        )
        for number in (3, 7, 8, FAR, FAR + 1)
    }
    found, revisions = [], []
    for part in (100_000, 2):
        monkeypatch.setattr(outbox, "PART", part)
        plan(store, contacts, Destination())
        found.append([(row.contact_id, body(row)) for row in next_contacts(store, 0, 100)])
        revisions.append(rows(store, "select contact_id, revision from engine.outbox order by contact_id"))
    assert found[0] == found[1]
    assert revisions[0] == revisions[1]
    assert len({revision for _, revision in revisions[0]}) == len(contacts), "the content of each is another one"
    assert [contact for contact, _ in found[1]] == sorted(contacts)
    assert rows(store, "select count(*) from engine.outbox_value") == [(4 * len(contacts),)]
