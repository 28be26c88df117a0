"""From method and path to the endpoint that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from re import Pattern

from starlette.routing import compile_path

from ac_pipeline.sandbox.wire import Call, Endpoint, Reply


@dataclass(frozen=True, slots=True)
class Match:
    """What a request is for. `template` is the path with parameters in braces."""

    template: str
    endpoint: Endpoint
    params: Mapping[str, str] = field(default_factory=dict)


class Routes:
    """The endpoints, in the order in which they are tried."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._compiled: dict[str, list[tuple[Pattern[str], Endpoint]]] = {}
        for endpoint in endpoints:
            compiled = compile_path(endpoint.path)[0], endpoint
            self._compiled.setdefault(_first_part(endpoint.path), []).append(compiled)

    def match(self, method: str, path: str) -> Match:
        """Return the endpoint for a path below /api/3; one that answers 404 or 405 when there is none.

        A slash at the end is an empty id for DELETE, which the service casts to 0, and nothing otherwise.
        """
        if path.endswith("/") and path != "/":
            path = f"{path}0" if method == "DELETE" else path.rstrip("/")
        known = False
        for pattern, endpoint in self._compiled.get(_first_part(path), ()):
            found = pattern.match(path)
            if found and endpoint.method == method:
                return Match(endpoint.path, endpoint, found.groupdict())
            known = known or found is not None
        handle = _wrong_method if known else _unknown
        return Match("(unknown)", Endpoint(method, "(unknown)", handle))


def _first_part(path: str) -> str:
    return path.split("/", 2)[1] if path else ""


def _unknown(_call: Call) -> Reply:
    return Reply(404, {"message": "Not Found"})


def _wrong_method(_call: Call) -> Reply:
    return Reply(405, {"message": "Method Not Allowed"})
