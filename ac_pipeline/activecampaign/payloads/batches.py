"""Rows of bulk imports packed into as few requests as the service's limits allow."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ac_pipeline.activecampaign.payloads.refusal import Unsendable

MOST_ROWS = 250
"""Contacts a request (reference, section 4)."""
MOST_BYTES = 390_000
"""Bytes a body; the service refuses 400,000, by one source already 399,999 (reference, D14)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The contacts of one request, each the finished JSON of `import_row`, in the order they were given.

    `exclude_automations` keeps the import from starting automations; only then is it repeated when an answer
    is lost, because automations would be entered twice (reference, section 16).
    """

    rows: tuple[str, ...] = field(repr=False)
    exclude_automations: bool = False

    @property
    def body(self) -> str:
        """The request's JSON; the switch stands at the top level (reference, D13)."""
        return f'{{"contacts":[{",".join(self.rows)}],"exclude_automations":{json.dumps(self.exclude_automations)}}}'

    def without(self, positions: Collection[int]) -> Batch:
        """Return the batch without the rows at these positions, counted from 1 as the service counts them."""
        kept = tuple(row for position, row in enumerate(self.rows, 1) if position not in positions)
        return Batch(kept, self.exclude_automations)


_FRAME = len(Batch((), exclude_automations=False).body.encode())


def pack(rows: Iterable[str], *, exclude_automations: bool = False) -> Iterator[Batch]:
    """Yield batches of at most MOST_ROWS rows and MOST_BYTES bytes, in order; nothing is dropped.

    Raises Unsendable for a row that fits into no request.
    """
    batch: list[str] = []
    size = _FRAME
    for row in rows:
        more = len(row.encode()) + 1
        if _FRAME + more > MOST_BYTES:
            raise Unsendable("contact", f"longer than {MOST_BYTES} bytes")
        if batch and (len(batch) == MOST_ROWS or size + more > MOST_BYTES):
            yield Batch(tuple(batch), exclude_automations)
            batch, size = [], _FRAME
        batch.append(row)
        size += more
    if batch:
        yield Batch(tuple(batch), exclude_automations)
