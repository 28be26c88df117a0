"""A query as a driver wants it: each parameter replaced by the driver's marker, everything else as it stands."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.errors import Inconsistent
from ac_pipeline.model.query import Query

Parameters = tuple[object, ...] | dict[str, object]


def bound(query: Query, style: str, values: Mapping[str, object]) -> tuple[str, Parameters]:
    """Return the text and what goes with it, in one of the styles of PEP 249; `values` by parameter.

    Where a driver replaces `%s` a percent sign of the user's is doubled, because the driver makes one of two.
    """
    places = sorted([(place, "as_of") for place in query.as_of] + [(place, "since") for place in query.since])
    parts: list[str] = []
    last = 0
    for number, ((start, end), name) in enumerate(places, 1):
        parts += [_escaped(query.text[last:start], style), _marker(style, name, number)]
        last = end
    text = "".join([*parts, _escaped(query.text[last:], style)])
    if style in {"named", "pyformat"}:
        return text, {name: values[name] for _, name in places}
    return text, tuple(values[name] for _, name in places)


def _marker(style: str, name: str, number: int) -> str:
    match style:
        case "qmark":
            return "?"
        case "numeric":
            return f":{number}"
        case "numeric_dollar":
            return f"${number}"
        case "named":
            return f":{name}"
        case "format":
            return "%s"
        case "pyformat":
            return f"%({name})s"
        case _:
            raise Inconsistent(f"The driver has a style of parameters that is not known: {style}.")


def _escaped(text: str, style: str) -> str:
    return text.replace("%", "%%") if style in {"format", "pyformat"} else text
