"""Which contacts need not be looked at: the account confirmed all that is desired of them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from duckdb import DuckDBPyConnection

from ac_pipeline.store.account import ACCOUNT_ID

_FEW = 4
"""Ranges of which one is compared while none is settled."""
_PAIRS = 2**20
"""Pairs of contact and property that are compared at a time: up to so many DuckDB joins by position."""


def unsettled(connection: DuckDBPyConnection) -> Iterator[tuple[int, int]]:
    """Yield the ranges of contact ids, `[first, next)`, in which something may be pending.

    A range is settled when as many values are acknowledged as are aimed at, and each pair is the same. To count the
    pairs takes half the time of finding what lacks one, and most often nothing does.
    """
    row = connection.execute("select coalesce(max(property_id), 0) + 1 from engine.property").fetchone()
    width = int(row[0]) if row else 1
    size = max(1, _PAIRS // width)
    parts = connection.execute(
        """with aims as (select contact_id // $size as part, count(*) as number from aim group by part),
        told as (
            select contact_id // $size as part, count(*) as number
            from engine.ledger where account_id = $account group by part
        )
        select part, coalesce(aims.number, 0), coalesce(told.number, 0)
        from aims full outer join told using (part) order by part""",
        {"size": size, "account": ACCOUNT_ID},
    ).fetchall()
    settled = True
    for number, (part, aims, told) in enumerate(parts):
        first, following = int(part) * size, (int(part) + 1) * size
        # Where one is not, those behind it most often are not either: the few until the next one are not compared.
        if settled or number % _FEW == 0:
            settled = aims == told and _settled(connection, first, following, width=width, pairs=aims)
        if not settled:
            yield first, following


def _settled(connection: DuckDBPyConnection, first: int, following: int, *, width: int, pairs: int) -> bool:
    """Whether all pairs have both sides, and the same on both. Numbers that are dense are joined by position."""
    row = connection.execute(
        """select
            count(*),
            count(*) filter (where aim.value is not distinct from told.value and told.state = 'acknowledged')
        from (
            select ((contact_id - $first) * $width + property_id)::integer as pair, value
            from aim where contact_id >= $first and contact_id < $next
        ) as aim
        join (
            select ((contact_id - $first) * $width + property_id)::integer as pair, value, state
            from engine.ledger where account_id = $account and contact_id >= $first and contact_id < $next
        ) as told on told.pair = aim.pair""",
        {"first": first, "next": following, "width": width, "account": ACCOUNT_ID},
    ).fetchone()
    return row == (pairs, pairs)
