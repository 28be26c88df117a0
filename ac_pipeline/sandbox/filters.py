"""`filters[name][operator]` and `orders[name]` as tags and lists have them (reference, section 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ac_pipeline.sandbox.wire import Call

_OPERATORS = {
    "eq": "{0} = {1}",
    "neq": "{0} <> {1}",
    "lt": "{0} < {1}",
    "lte": "{0} <= {1}",
    "gt": "{0} > {1}",
    "gte": "{0} >= {1}",
    "contains": "instr({0}, {1}) > 0",
    "starts_with": "substr({0}, 1, length({1})) = {1}",
}


def conditions(call: Call, columns: Mapping[str, str], *, plain: str | None = None) -> tuple[str, list[str | int]]:
    """Return the condition that `filters[...]` ask for, without case, and its values.

    `columns` has the SQL of each name that can be asked for; `plain` is the operator of
    `filters[name]` alone, None when that does not filter.
    """
    asked, values = ["true"], list[str | int]()
    for key, value in call.query:
        found = re.fullmatch(r"filters\[(\w+)\](?:\[(\w+)\])?", key)
        if found is None or found[1] not in columns:
            continue
        operator = _OPERATORS.get(found[2] or plain or "")
        if operator is not None:
            values.append(value.casefold())
            asked.append(operator.format(f"fold({columns[found[1]]})", f"?{len(values)}"))
    return " and ".join(asked), values


def order(call: Call, columns: Mapping[str, str], default: str) -> str:
    """Return the order that `orders[...]` ask for, `default` last."""
    terms = []
    for key, value in call.query:
        found = re.fullmatch(r"orders\[(\w+)\]", key)
        if found and found[1] in columns:
            terms.append(f"{columns[found[1]]} {'desc' if value.upper() == 'DESC' else 'asc'}")
    return ", ".join([*terms, default])
