"""The control API's changes: start anew, load, switch, make things go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.database import clear, transaction
from ac_pipeline.sandbox.faults import Faults, read_rules
from ac_pipeline.sandbox.state import load
from ac_pipeline.sandbox.tables import exclusions, requests


class Changes:
    """Changes one account; what it is sent wrongly is answered with 400 and a sentence."""

    def __init__(self, account: Account, faults: Faults, restart: Callable[[float], None]) -> None:
        self._account = account
        self._faults = faults
        self._restart = restart

    async def forget_requests(self, _request: Request) -> Response:
        """Empty the log; the account stays as it is."""
        requests.forget(self._account.db)
        return JSONResponse({})

    async def reset(self, _request: Request) -> Response:
        """Make the account new: no objects, no requests, ids from 1. Switches and faults stay."""
        with transaction(self._account.db):
            clear(self._account.db)
        return JSONResponse({})

    async def load(self, request: Request) -> Response:
        """Make the account what a dump says."""
        try:
            load(self._account.db, await _json(request))
        except SettingsError as error:
            return _refused(error)
        return JSONResponse({})

    async def switches(self, _request: Request) -> Response:
        """All switches as they stand."""
        return JSONResponse(asdict(self._account.switches))

    async def set_switches(self, request: Request) -> Response:
        """Set the switches in the object sent; the others stay."""
        try:
            sent = await _json(request)
            self._account.switches = self._account.switches.changed(sent if isinstance(sent, dict) else {"": sent})
        except SettingsError as error:
            return _refused(error)
        return await self.switches(request)

    async def reset_switches(self, request: Request) -> Response:
        """Set all switches as they were at the start."""
        self._account.switches = self._account.config.switches
        return await self.switches(request)

    async def faults(self, _request: Request) -> Response:
        """The rules in force, with how many requests each has met and hit."""
        return JSONResponse(self._faults.state())

    async def set_faults(self, request: Request) -> Response:
        """Put the rules in the array sent in force, and no others."""
        try:
            self._faults.replace(read_rules(await _json(request)))
        except SettingsError as error:
            return _refused(error)
        return await self.faults(request)

    async def stop_faults(self, request: Request) -> Response:
        """Let nothing go wrong any more."""
        self._faults.replace(())
        return await self.faults(request)

    async def exclude(self, request: Request) -> Response:
        """Add an exclusion: `{"matchPhrase": ..., "matchType": "exact"}`."""
        try:
            sent = await _json(request)
        except SettingsError as error:
            return _refused(error)
        phrase = sent.get("matchPhrase") if isinstance(sent, dict) else None
        kind = sent.get("matchType", "exact") if isinstance(sent, dict) else None
        if not isinstance(phrase, str) or not phrase or kind not in exclusions.MATCH_TYPES:
            return _refused(SettingsError(f"An exclusion has a matchPhrase, and one of {exclusions.MATCH_TYPES}."))
        exclusions.add(self._account.db, phrase, kind)
        return JSONResponse({})

    async def restart(self, request: Request) -> Response:
        """Go away for `?seconds=` (0 by default), and come back with what is on disk."""
        asked = request.query_params.get("seconds", "0")
        seconds = float(asked) if asked.replace(".", "", 1).isdigit() else 0.0
        afterwards = BackgroundTask(self._go_away, seconds)
        return JSONResponse({}, headers={"Connection": "close"}, background=afterwards)

    async def _go_away(self, seconds: float) -> None:
        self._restart(seconds)


async def _json(request: Request) -> object:
    try:
        sent: object = json.loads(await request.body())
    except ValueError:
        raise SettingsError("This is no JSON.") from None
    return sent


def _refused(error: SettingsError) -> Response:
    return JSONResponse({"message": str(error)}, 400)
