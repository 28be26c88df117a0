"""Contacts, audiences and traits as assets: one step extracts all that are selected."""

from collections.abc import Callable, Iterator

import dagster as dg

from ac_pipeline.model.declaration import Declaration, Declarations, Kind
from ac_pipeline.model.extraction import Extracted
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.orchestration.windows import Metadata, windows_of
from ac_pipeline.settings import Settings
from ac_pipeline.sync.session import Session

_GROUPS = {Kind.CONTACTS: "contacts", Kind.AUDIENCE: "audiences", Kind.TRAIT: "traits"}
CHECK = "extracted"

UpstreamKey = Callable[[str], dg.AssetKey]
"""Asset key of a relation of the warehouse (`marts.orders`)."""


def declaration_key(declaration: Declaration) -> dg.AssetKey:
    """Return the asset key: `audiences/<key>`, `traits/<key>` or `contacts`."""
    if declaration.kind is Kind.CONTACTS:
        return dg.AssetKey(["contacts"])
    return dg.AssetKey([_GROUPS[declaration.kind], declaration.key])


def declared_assets(
    declarations: Declarations,
    settings: Settings,
    partitions: dg.TimeWindowPartitionsDefinition,
    upstream: UpstreamKey,
) -> dg.AssetsDefinition:
    """Return the multi-asset that extracts declarations, with lineage from the relations they read."""
    keys = {declaration_key(declaration): declaration for declaration in declarations.all}

    @dg.multi_asset(
        name="extract",
        specs=[_spec(declaration, partitions, upstream) for declaration in declarations.all],
        check_specs=[
            dg.AssetCheckSpec(CHECK, asset=key, description="The query ran and all rows arrived.") for key in keys
        ],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def extract(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        session: Session = context.resources.session
        selected = {key: keys[key] for key in sorted(context.selected_asset_keys)}
        names = frozenset(declaration.key for declaration in selected.values())
        results: dict[str, Extracted] = {}
        with told_plainly():
            for window in windows_of(context, settings):
                extraction = session.extract(window, names)
                results = {result.declaration.key: result for result in extraction.results}
        checks = {check.asset_key for check in context.selected_asset_check_keys}
        for key, declaration in selected.items():
            yield _result(key, results[declaration.key], with_check=key in checks)

    return extract


def _spec(
    declaration: Declaration, partitions: dg.TimeWindowPartitionsDefinition, upstream: UpstreamKey
) -> dg.AssetSpec:
    metadata: Metadata = {"declared in": declaration.path.name, "sql": dg.MetadataValue.md(_code(declaration))}
    if declaration.owner:
        metadata["owner"] = declaration.owner
    if declaration.kind is Kind.TRAIT:
        metadata["type"] = declaration.value_type.value
    return dg.AssetSpec(
        declaration_key(declaration),
        deps=[upstream(relation) for relation in declaration.query.upstream],
        description=declaration.description or declaration.name,
        group_name=_GROUPS[declaration.kind],
        kinds={"dlt", "duckdb"},
        partitions_def=partitions,
        metadata=metadata,
    )


def _code(declaration: Declaration) -> str:
    return f"```sql\n{declaration.query.text.strip()}\n```"


def _result(key: dg.AssetKey, result: Extracted, *, with_check: bool) -> dg.MaterializeResult[None]:
    metadata: Metadata = {"rows": result.rows}
    if result.failure:
        metadata = {"not extracted": result.failure, "kept": "the last approved result"}
    check = dg.AssetCheckResult(
        check_name=CHECK, asset_key=key, passed=not result.failure or result.skipped, metadata=metadata
    )
    return dg.MaterializeResult(asset_key=key, metadata=metadata, check_results=[check] if with_check else [])
