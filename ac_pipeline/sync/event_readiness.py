"""What the account must have before events are sent: switched on, names registered, domains and automations known."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from ac_pipeline.activecampaign.automations import automations_named
from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.events import Route
from ac_pipeline.model.tracking import event_name_fault
from ac_pipeline.store import events
from ac_pipeline.store.store import Store
from ac_pipeline.sync.event_access import WHERE
from ac_pipeline.sync.event_calls import EventSender

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Readiness:
    """What stands in the way of some events, in words for a person; the others go on."""

    no_access: str
    """Why nothing can be sent to the tracking host; empty when something can."""
    blocked: list[str] = field(default_factory=list)
    automations: dict[str, str] = field(default_factory=dict)
    """Names as declared → ids, of those that were found."""
    _off: set[Route] = field(default_factory=set)

    async def look(self, store: Store, sender: EventSender) -> None:
        """Find out whether events and visits are wanted at all, and say so before anything is sent.

        Raises ServiceUnavailable.
        """
        wanted = _routes(store)
        for route in (Route.EVENT, Route.VISIT):
            if route not in wanted:
                continue
            if self.no_access:
                self._block(route, f"no {_said(route)} are sent: {self.no_access}")
            elif not await switched_on(sender, route):
                self._block(route, f"no {_said(route)} are sent: tracking is switched off {WHERE}")
        if Route.ENROL in wanted:
            await self._find_automations(store, sender)

    async def prepare(self, store: Store, sender: EventSender) -> None:
        """Take out of what is due what cannot be sent, and register what the rest needs. Raises ServiceUnavailable."""
        for route in self._off:
            events.put_off(store, "tracking_off" if not self.no_access else "no_credentials", route=route)
        await self._register_names(store, sender)
        await self._register_domains(store, sender)
        unknown = [name for name in events.due_names(store, Route.ENROL) if name not in self.automations]
        if unknown:
            events.put_off(store, "no_automation", route=Route.ENROL, names=unknown)

    async def _register_names(self, store: Store, sender: EventSender) -> None:
        names = events.due_names(store, Route.EVENT)
        if odd := [name for name in names if event_name_fault(name)]:
            events.refuse(store, "invalid_event", route=Route.EVENT, names=odd)
        missing = sorted(set(names) - set(odd) - events.announced(store, events.EVENT))
        if not missing:
            return
        try:
            registered = await sender.register_events(missing)
        except OwnerMustAct as error:
            events.put_off(store, "not_registered", route=Route.EVENT, names=missing)
            self._say(f"names of events cannot be registered: {error.message}")
            return
        events.announce(store, events.EVENT, missing)
        logger.info("%d names of events registered, %d were", len(registered), len(missing) - len(registered))

    async def _register_domains(self, store: Store, sender: EventSender) -> None:
        for domain in sorted(set(events.due_domains(store)) - events.announced(store, events.DOMAIN)):
            try:
                added = await sender.register_domain(domain)
            except OwnerMustAct as error:
                self._say(f"a domain cannot be registered for site tracking: {error.message}")
                continue
            if not added:
                # Said once: whether somebody has added it cannot be seen.
                self._say(f"visits are kept only for domains that a person has added {WHERE}")
            events.announce(store, events.DOMAIN, [domain])

    async def _find_automations(self, store: Store, sender: EventSender) -> None:
        try:
            known = await sender.automations()
        except OwnerMustAct as error:
            self._say(f"nobody is enrolled: automations cannot be read: {error.message}")
            return
        for name in _automations_wanted(store):
            found = [one for one in known if one.id == name] if name.isdecimal() else automations_named(known, name)
            if len(found) == 1 and found[0].active:
                self.automations[name] = found[0].id
                continue
            why = "is not active" if found else "does not exist"
            if len(found) > 1:
                why = f"is the name of {len(found)} automations, {' and '.join(one.id for one in found)}: name the id"
            self._say(f"nobody is enrolled in the automation {name}: it {why}")

    def _block(self, route: Route, text: str) -> None:
        self._off.add(route)
        self._say(text)

    def _say(self, text: str) -> None:
        if text not in self.blocked:
            self.blocked.append(text)
            logger.warning("%s", text)


async def switched_on(sender: EventSender, route: Route) -> bool:
    """Whether the account takes them; where the key may not read that, it counts as on."""
    try:
        return await (sender.tracks_events() if route is Route.EVENT else sender.tracks_sites())
    except OwnerMustAct as error:
        logger.warning("whether %s are tracked cannot be read: %s", _said(route), error.message)
        return True


def _said(route: Route) -> str:
    return "events" if route is Route.EVENT else "page visits"


def _routes(store: Store) -> set[Route]:
    """Return the ways in which something is to be told of declared streams, now or when its contact exists."""
    rows = store.connection.execute(
        """select distinct event.route from engine.event join engine.stream on stream.stream_id = event.stream_id
        where event.settled_at is null and stream.declared"""
    ).fetchall()
    return {Route(row[0]) for row in rows}


def _automations_wanted(store: Store) -> list[str]:
    rows = store.connection.execute(
        """select distinct event.name from engine.event join engine.stream on stream.stream_id = event.stream_id
        where event.route = 'enrol' and event.settled_at is null and stream.declared order by 1"""
    ).fetchall()
    return [str(row[0]) for row in rows]
