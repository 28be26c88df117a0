"""The engine's verdicts as asset checks: in every run of the job, and by themselves at any time."""

from collections.abc import Iterator

import dagster as dg

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.orchestration.names import ACTIVECAMPAIGN, SNAPSHOT, declaration_key
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.settings import Settings
from ac_pipeline.store.store import naive
from ac_pipeline.sync.checkup import (
    DECLARATION_VERDICTS,
    HEALTH_VERDICTS,
    Limits,
    Verdict,
    judge_declarations,
    judge_health,
    verdicts_of,
)
from ac_pipeline.sync.health import read_health
from ac_pipeline.sync.session import Session


def verdict_checks(declarations: Declarations, settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Return the checks of the declarations, behind the snapshot, and those of the delivery, behind it."""
    of_declarations = [
        dg.AssetCheckSpec(
            name, asset=declaration_key(declaration), description=DECLARATION_VERDICTS[name],
            additional_deps=[SNAPSHOT],
        )
        for declaration in declarations.all
        for name in verdicts_of(declaration.kind)
    ]  # fmt: skip
    of_delivery = [
        dg.AssetCheckSpec(name, asset=ACTIVECAMPAIGN, description=about) for name, about in HEALTH_VERDICTS.items()
    ]

    @dg.multi_asset_check(
        name="check_declarations", specs=of_declarations, can_subset=True, required_resource_keys={"session"}
    )
    def check_declarations(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        session: Session = context.resources.session
        limits = Limits.of(settings, session.clock())
        with told_plainly():
            found = judge_declarations(session.store.connection, session.declarations, limits)
        for declaration in declarations.all:
            yield from _results(context, declaration_key(declaration), found[declaration.key])

    @dg.multi_asset_check(name="check_delivery", specs=of_delivery, can_subset=True, required_resource_keys={"session"})
    def check_delivery(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        session: Session = context.resources.session
        now = session.clock()
        with told_plainly():
            found = judge_health(read_health(session.store.connection), Limits.of(settings, now), naive(now))
        yield from _results(context, ACTIVECAMPAIGN, found)

    return [check_declarations, check_delivery]


def _results(
    context: dg.AssetCheckExecutionContext, asset: dg.AssetKey, verdicts: tuple[Verdict, ...]
) -> Iterator[dg.AssetCheckResult]:
    for verdict in verdicts:
        if dg.AssetCheckKey(asset, verdict.name) in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(
                check_name=verdict.name,
                asset_key=asset,
                passed=verdict.passed,
                severity=dg.AssetCheckSeverity.ERROR if verdict.serious else dg.AssetCheckSeverity.WARN,
                description=verdict.said,
                metadata=dict(verdict.numbers),
            )
