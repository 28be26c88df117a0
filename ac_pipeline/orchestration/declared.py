"""Contacts, audiences and traits as assets: one step extracts all that are selected."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from ac_pipeline.model.declaration import Declaration, Declarations, Kind
from ac_pipeline.model.extraction import Extracted
from ac_pipeline.orchestration.checks import check_extractions, extraction_spec
from ac_pipeline.orchestration.columns import declared_columns, owners_of
from ac_pipeline.orchestration.markdown import code, table
from ac_pipeline.orchestration.names import GROUPS, declaration_key
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.orchestration.windows import Metadata, windows_of
from ac_pipeline.settings import Settings
from ac_pipeline.sync.checkup import EXTRACTED
from ac_pipeline.sync.preview import Preview, previews
from ac_pipeline.sync.session import Session

COLUMNS = "dagster/column_schema"

UpstreamKey = Callable[[str], dg.AssetKey]
"""Asset key of a relation of the warehouse (`marts.orders`)."""


def declared_assets(
    declarations: Declarations,
    settings: Settings,
    partitions: dg.TimeWindowPartitionsDefinition,
    upstream: UpstreamKey,
    dialect: str,
) -> dg.AssetsDefinition:
    """Return the multi-asset that extracts declarations, with lineage from the relations they read."""
    keys = {declaration_key(declaration): declaration for declaration in declarations.all}

    @dg.multi_asset(
        name="extract",
        specs=[_spec(declaration, partitions, upstream, dialect) for declaration in declarations.all],
        check_specs=[extraction_spec(key) for key in keys],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def extract(context: dg.AssetExecutionContext) -> Iterator[Any]:
        session: Session = context.resources.session
        checks = {check.asset_key for check in context.selected_asset_check_keys}
        if not context.selected_asset_keys:  # checks by themselves, from what the store knows
            known = check_extractions(session, settings)
            for key in sorted(checks):
                yield known[keys[key].key]._replace(asset_key=key)
            return
        selected = {key: keys[key] for key in sorted(context.selected_asset_keys)}
        names = frozenset(declaration.key for declaration in selected.values())
        results: dict[str, Extracted] = {}
        shown: dict[str, Preview] = {}
        skipped: Counter[str] = Counter()
        windows = windows_of(context, settings)
        with told_plainly():
            for window in windows:
                extraction = session.extract(window, names)
                results = {result.declaration.key: result for result in extraction.results}
                skipped.update(result.declaration.key for result in extraction.results if result.failure)
                if window is windows[-1]:
                    shown = previews(extraction)
        for key, declaration in selected.items():
            name = declaration.key
            metadata = _metadata(results[name], shown.get(name), skipped[name], len(windows))
            yield _result(key, results[name], metadata, with_check=key in checks)

    return extract


def _spec(
    declaration: Declaration, partitions: dg.TimeWindowPartitionsDefinition, upstream: UpstreamKey, dialect: str
) -> dg.AssetSpec:
    metadata: dict[str, object] = {
        "declared in": declaration.path.name,
        "sql": dg.MetadataValue.md(code(declaration.query.text, "sql")),
        COLUMNS: declared_columns(declaration, dialect),
    }
    if declaration.owner:
        metadata["owner"] = declaration.owner
    if declaration.kind is Kind.TRAIT:
        metadata["type"] = declaration.value_type.value
    return dg.AssetSpec(
        declaration_key(declaration),
        deps=[upstream(relation) for relation in declaration.query.upstream],
        description=declaration.description or declaration.name,
        group_name=GROUPS[declaration.kind],
        kinds={"dlt", "duckdb"},
        owners=owners_of(declaration),
        tags={"computed_for": "any_window" if declaration.query.any_window else "now_only"},
        partitions_def=partitions,
        metadata=metadata,
    )


def _metadata(result: Extracted, shown: Preview | None, skipped: int, windows: int) -> Metadata:
    metadata: Metadata = {"rows": result.rows, "dagster/row_count": result.rows}
    if result.failure:
        metadata = {"not extracted": result.failure, "kept": "the last approved result"}
    if windows > 1:
        metadata |= {"windows": windows, "windows not computed": skipped}
    if shown is not None:
        metadata["preview"] = dg.MetadataValue.md(table(shown.columns, shown.rows))
    return metadata


def _result(key: dg.AssetKey, result: Extracted, metadata: Metadata, *, with_check: bool) -> dg.MaterializeResult[None]:
    check = dg.AssetCheckResult(
        check_name=EXTRACTED,
        asset_key=key,
        passed=not result.failure or result.skipped,
        metadata={"rows": result.rows, **({"not extracted": result.failure} if result.failure else {})},
    )
    return dg.MaterializeResult(asset_key=key, metadata=metadata, check_results=[check] if with_check else [])
