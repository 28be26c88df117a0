"""The fault matrix in short: all kinds together, and refusals; `make soak` measures each kind alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from ac_pipeline.sandbox.faults import Kind
from soak.matrix import ATTENTION, Case, Delivery, cases, company_with_account

PEOPLE = 15
BULK_ONLY = {Kind.BULK_THROTTLED, Kind.BULK_ROW_REFUSED, Kind.BULK_FAILED, Kind.BULK_INTERRUPTED}


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    """A company and its account."""
    with company_with_account(tmp_path_factory.mktemp("matrix") / "case", "short") as made:
        yield made


@pytest.fixture(scope="module")
def without(delivery: Delivery) -> int:
    """Requests of the delivery when nothing goes wrong."""
    return delivery.usual(PEOPLE)


def named() -> Mapping[str, Case]:
    return {case.name: case for case in cases("single")}


@pytest.mark.parametrize("name", ["all of the first part together, 20%", "field_error 20%"])
def test_the_account_becomes_equal_within_bounded_extra_requests(delivery: Delivery, without: int, name: str) -> None:
    """Each hit costs a request and at most a look; each further sync its beginning; a refused one its return."""
    row = delivery.measure(named()[name], PEOPLE, without)
    assert row.wrong == ()
    assert row.hits > 0
    assert row.requests <= row.bound
    assert row.nudged == 0 or ATTENTION in row.codes


def test_the_matrix_meets_every_fault_there_is() -> None:
    """Of the single route all but those of bulk import."""
    met = {str(rule["kind"]) for case in cases("single") for rule in case.rules}
    assert met == {kind.value for kind in Kind} - {kind.value for kind in BULK_ONLY}
    assert {str(rule["kind"]) for case in cases("bulk") for rule in case.rules} == {kind.value for kind in Kind}
