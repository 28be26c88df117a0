"""What a sync asks of the account before it sends: requests, as far as they can be known, and what they will tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ac_pipeline.activecampaign.pages import PAGE
from ac_pipeline.model.declaration import Declarations, ValueType
from ac_pipeline.model.estimate import Estimate, at_least, at_most, exactly, unknown
from ac_pipeline.model.properties import USER_ID
from ac_pipeline.store.directory import reading
from ac_pipeline.store.outbox import Planned
from ac_pipeline.store.plan_counts import catalogued, users_known_there
from ac_pipeline.store.store import Store
from ac_pipeline.store.wanted import has_user_ids, wanted_choices, wanted_lists, wanted_tags
from ac_pipeline.sync.directory import DIRECTORY
from ac_pipeline.sync.field_specs import wanted_fields
from ac_pipeline.sync.identity import USER_IDS
from ac_pipeline.sync.plan import PlannedRequests

_OPT_OUT_STATES = 3


@dataclass(frozen=True, slots=True)
class Preparation:
    """Requests ahead of the first contact; `not_known` names what only their answers can say (plan.NOT_KNOWN)."""

    requests: tuple[PlannedRequests, ...]
    not_known: tuple[str, ...]


def preparation(store: Store, declarations: Declarations, planned: Planned, *, lists: int, queued: int) -> Preparation:
    """Return what precedes delivery. `lists`: those whose opt-outs are read; `queued`: imports not over."""
    known = catalogued(store)
    found = [_line("GET /users/me", exactly(1)), _line("GET /settings/account", exactly(1))]
    unsure: dict[str, bool] = {"imports": queued > 0}
    if queued:
        found.append(_line("GET /import/info", at_least(queued)))
        found.append(_line("GET /contacts", unknown(), apart=True))
    fields, unsure["catalog"] = _fields(store, declarations, known)
    choices = _pending_choices(store, declarations, known)
    unsure["options"] = choices > 0
    found += [*fields, *_options(choices)]
    names, lacking = _names(store, known)
    found += names
    unsure["catalog"] |= lacking
    if declarations.destination.needs_directory:
        read = reading(store, DIRECTORY)
        found.append(_line("GET /contacts", at_least(1) if read and read.complete else unknown(1), apart=True))
        unsure["directory"] = True
    if lists:
        found.append(_line("GET /contacts", at_least(_OPT_OUT_STATES * lists), apart=True))
    users, unsure["user_ids"] = _users(store, planned, known)
    found += users
    if looks := planned.withheld.get("may_not_exist", 0):
        found.append(_line("GET /contacts", exactly(looks)))
    unsure |= {
        "existing_contacts": planned.creates > 0, "opt_outs": _subscribes(store), "tag_resets": _resets(store),
        "may_not_exist": looks > 0,
    }  # fmt: skip
    return Preparation(tuple(found), tuple(code for code, holds in unsure.items() if holds))


def _line(endpoint: str, requests: Estimate, *, apart: bool = False) -> PlannedRequests:
    return PlannedRequests(endpoint, requests, apart)


def _fields(store: Store, declarations: Declarations, known: frozenset[str]) -> tuple[list[PlannedRequests], bool]:
    """Return the requests for custom fields, and whether some are not known yet: they may have to be created."""
    lines = [_line("GET /fields", at_least(1))]
    wanted = wanted_fields(declarations, with_user_id=has_user_ids(store))
    lacking = [item for item in wanted if item.key not in known]
    if lacking and declarations.destination.create_fields:
        new = at_most(len(lacking))
        lines += [_line("POST /fields", new), _line("GET /fields/{id}", new)]
        if chosen := sum(bool(item.spec.options) for item in lacking):
            lines.append(_line("POST /fieldOption/bulk", at_most(chosen)))
        lines += [_line("GET /groupDefinitions", at_most(1)), _line("POST /groupMembers", new)]
        lines.append(_line("POST /fieldRels", new))
    return lines, bool(lacking)


def _pending_choices(store: Store, declarations: Declarations, known: frozenset[str]) -> int:
    """Return how many fields may get new options: no option is remembered, they are read with the fields."""
    if not declarations.destination.create_fields:
        return 0
    return sum(
        trait.value_type in {ValueType.CHOICE, ValueType.MULTI_CHOICE}
        and trait.choices.create
        and not set(wanted_choices(store, trait.key)) <= (set() if trait.key in known else set(trait.choices.options))
        for trait in declarations.traits
    )


def _options(fields: int) -> list[PlannedRequests]:
    more = Estimate(0, 0, fields)
    return [_line("GET /fields/{id}", more), _line("POST /fieldOption/bulk", more)] if fields else []


def _names(store: Store, known: frozenset[str]) -> tuple[list[PlannedRequests], bool]:
    """Return the requests for lists and tags, and whether some are not known yet."""
    lists, tags = wanted_lists(store), wanted_tags(store)
    lines = []
    if lists.names:
        lines.append(_line("GET /lists", at_least(1)))
    if tags.names:
        lines.append(_line("GET /tags", at_least(1)))
    if new := len(tags.needed - known):
        lines.append(_line("POST /tags", at_most(new)))
    return lines, bool(new or lists.names.keys() - known)


def _users(store: Store, planned: Planned, known: frozenset[str]) -> tuple[list[PlannedRequests], bool]:
    """Return the requests for user ids that the account keeps, and whether they may show somebody."""
    if not planned.creates or not has_user_ids(store):
        return [], False
    if USER_ID not in known:
        # The field may be there, with values of another integration or of a home that was lost.
        return [_line("GET /fieldValues", unknown(), apart=True)], True
    read = reading(store, USER_IDS)
    if read is None or not read.complete:
        return [_line("GET /fieldValues", unknown(1), apart=True)], True
    there = users_known_there(store)
    looks = at_most(math.ceil(there / PAGE))
    return ([_line("GET /contacts", looks, apart=True)] if there else []), there > 0


def _subscribes(store: Store) -> bool:
    return _exists(store, "kind = 'list' and value = 'active' and not resubscribe")


def _resets(store: Store) -> bool:
    return _exists(store, "key = 'tags_reset'")


def _exists(store: Store, condition: str) -> bool:
    return bool(store.connection.execute(f"select 1 from pending where {condition} limit 1").fetchall())
