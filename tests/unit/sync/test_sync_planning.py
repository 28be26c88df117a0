"""From the outbox to numbers: batches as they are packed, time by the tighter limit, what a budget leaves over."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.activecampaign.payloads import pack
from ac_pipeline.model.estimate import at_least, exactly
from ac_pipeline.store.plan_counts import ImportRow
from ac_pipeline.sync.plan import PlannedRequests
from ac_pipeline.sync.planning import Imports, Pace, pack_imports

SIZES = st.one_of(st.integers(2, 400), st.integers(1_000, 60_000))


@given(st.lists(st.tuples(st.lists(SIZES, min_size=1, max_size=80), st.booleans()), max_size=6), st.integers(1, 9))
def test_imports_are_counted_as_delivery_packs_them(groups: list[tuple[list[int], bool]], repeat: int) -> None:
    """The same batches as `pack` makes, one run of resends or others after the other."""
    sizes = [(size, resend) for of_group, resend in groups for size in of_group * repeat]
    rows = [
        ImportRow(position, size, resend, looked_up=True, created=False)
        for position, (size, resend) in enumerate(sizes, 1)
    ]
    packed = [
        len(batch.rows)
        for _, alike in groupby(sizes, key=lambda one: one[1])
        for batch in pack("x" * size for size, _ in alike)
    ]
    imports = pack_imports(rows)

    assert imports.ends == tuple(sum(packed[: number + 1]) for number in range(len(packed)))
    assert imports.looks == sum(-(-count // 100) for count in packed)
    assert imports.namings == 0


def test_the_tighter_limit_decides_how_long_it_takes() -> None:
    """Few imports are held up by their own limit, many single calls by the account's."""
    pace = Pace(any=0.25, bulk=0.75)
    calls = [PlannedRequests("POST /contact/sync", exactly(10)), PlannedRequests("GET /fields", at_least(2))]

    assert pace.seconds(calls, 1) == 3.0
    assert pace.seconds(calls, 8) == 6.0


@given(
    st.integers(0, 50), st.integers(0, 400), st.integers(0, 10), st.floats(0.1, 500),
)  # fmt: skip
def test_a_budget_is_never_overdrawn(imports: int, ahead: int, looks: int, budget: float) -> None:
    """What is counted as reached fits into the time by both limits; with time for everything, all is reached."""
    pace = Pace(any=0.25, bulk=0.75)
    ends = Imports(tuple(250 * number for number in range(1, imports + 1)), looks * imports, 0)
    before = [PlannedRequests("GET /fields", exactly(ahead))]
    reached = pace.reached(before, ends, budget)
    done = reached["imported"] // 250

    assert done * pace.bulk <= budget
    assert reached["calls"] >= 0
    assert done == 0 or (ahead + done * (2 + looks) + reached["calls"]) * pace.any <= budget + 1e-6
    plenty = pace.reached(before, ends, 1e6)
    assert plenty["imported"] == 250 * imports
