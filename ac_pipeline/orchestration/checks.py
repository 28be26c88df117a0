"""The engine's verdicts as asset checks.

They belong to the steps that have what they look at, by subject and not by declaration: a check costs a run some
hundredths of a second, and a step of their own would have Dagster enumerate all windows there ever were.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from ac_pipeline.orchestration.names import ACTIVECAMPAIGN, SNAPSHOT
from ac_pipeline.settings import Settings
from ac_pipeline.store.store import naive
from ac_pipeline.sync.checkup import (
    DECLARATION_VERDICTS,
    EXTRACTED,
    HEALTH_VERDICTS,
    Limits,
    Verdict,
    judge_declarations,
    judge_health,
)
from ac_pipeline.sync.health import read_health
from ac_pipeline.sync.session import Session


def extraction_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Return the check of a declaration."""
    return dg.AssetCheckSpec(EXTRACTED, asset=asset, description=DECLARATION_VERDICTS[EXTRACTED])


def snapshot_specs() -> list[dg.AssetCheckSpec]:
    """Return the checks of the snapshot: each looks at all declarations."""
    return [
        dg.AssetCheckSpec(name, asset=SNAPSHOT, description=about)
        for name, about in DECLARATION_VERDICTS.items()
        if name != EXTRACTED
    ]


def delivery_specs() -> list[dg.AssetCheckSpec]:
    """Return the checks of the delivery."""
    return [dg.AssetCheckSpec(name, asset=ACTIVECAMPAIGN, description=about) for name, about in HEALTH_VERDICTS.items()]


def check_extractions(session: Session, settings: Settings) -> dict[str, dg.AssetCheckResult]:
    """Return declaration key → what the store knows of its newest extraction; the asset is to be added."""
    found = judge_declarations(session.store.connection, session.declarations, _limits(session, settings))
    return {
        key: _result(EXTRACTED, {"": one})
        for key, verdicts in found.items()
        for one in verdicts
        if one.name == EXTRACTED
    }


def check_snapshot(session: Session, settings: Settings) -> list[dg.AssetCheckResult]:
    """Return the verdicts on the newest computed window."""
    found = judge_declarations(session.store.connection, session.declarations, _limits(session, settings))
    return [
        _result(spec.name, {key: one for key, verdicts in found.items() for one in verdicts if one.name == spec.name})
        for spec in snapshot_specs()
    ]


def check_delivery(session: Session, settings: Settings) -> list[dg.AssetCheckResult]:
    """Return the verdicts on where the home stands."""
    health, limits = read_health(session.store.connection), _limits(session, settings)
    return [_result(one.name, {"": one}) for one in judge_health(health, limits, naive(session.clock()))]


def _limits(session: Session, settings: Settings) -> Limits:
    return Limits.of(settings, session.clock())


def _result(name: str, about: Mapping[str, Verdict]) -> dg.AssetCheckResult:
    """Return one result of several verdicts: it passes when all do, and says what those say that do not."""
    failed = {what: verdict for what, verdict in about.items() if not verdict.passed}
    serious = any(verdict.serious for verdict in failed.values())
    said = [f"{what}: {verdict.said}" if what else verdict.said for what, verdict in (failed or about).items()]
    return dg.AssetCheckResult(
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if serious else dg.AssetCheckSeverity.WARN,
        description="; ".join(said) if failed or "" in about else "nothing to report of any declaration",
        metadata={
            f"{what}: {label}" if what else label: number
            for what, verdict in about.items()
            for label, number in verdict.numbers.items()
        },
    )
