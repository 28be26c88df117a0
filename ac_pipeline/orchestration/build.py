"""Everything Dagster needs, from settings and declarations."""

from __future__ import annotations

import warnings
from datetime import timedelta

import dagster as dg

from ac_pipeline.dbt_project import DbtProject
from ac_pipeline.declarations import require_declarations
from ac_pipeline.home import Home
from ac_pipeline.orchestration.chain import chain_assets
from ac_pipeline.orchestration.declared import UpstreamKey, declared_assets
from ac_pipeline.orchestration.delivery import delivery_asset
from ac_pipeline.orchestration.events import event_assets
from ac_pipeline.orchestration.jobs import deliver_job, sync_job
from ac_pipeline.orchestration.names import declaration_key, relation_key
from ac_pipeline.orchestration.person_jobs import person_jobs
from ac_pipeline.orchestration.schedule import sync_schedule
from ac_pipeline.orchestration.sensors import alert_sensor, late_sensor
from ac_pipeline.orchestration.session import session_resource
from ac_pipeline.orchestration.user_assets import user_definitions
from ac_pipeline.orchestration.windows import window_partitions
from ac_pipeline.settings import Settings
from ac_pipeline.store.store import Clock, utc_now
from ac_pipeline.warehouse import dialect_of

HISTORY = timedelta(days=90)


def build_definitions(settings: Settings, *, clock: Clock = utc_now) -> dg.Definitions:
    """Return the definitions. Raises DeclarationsError, SettingsError or WarehouseError (dbt)."""
    with warnings.catch_warnings():
        # Backfill policies are beta, loading a module's definitions is preview: the choice is made, and users
        # need not hear of it at each start.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return _build(settings, clock)


def _build(settings: Settings, clock: Clock) -> dg.Definitions:
    home = Home.at(settings.ac_pipeline_home)
    dialect = dialect_of(settings.warehouse_url) if settings.warehouse_url else "duckdb"
    declarations = require_declarations(settings.ac_pipeline_assets, dialect)
    partitions = window_partitions(settings, settings.history_start or home.created_at - HISTORY)
    project = DbtProject.of(settings, home)
    models: list[dg.AssetsDefinition] = []
    upstream: UpstreamKey = relation_key
    if project is not None:
        from ac_pipeline.orchestration.dbt import dbt_models, relation_keys  # dbt takes a second to import

        models, upstream = [dbt_models(project, settings)], relation_keys(project)
    declared = declared_assets(declarations, settings, partitions, upstream, dialect)
    keys = [declaration_key(declaration) for declaration in declarations.all]
    chain = chain_assets(settings, partitions, keys)
    events = event_assets(declarations, settings, partitions, upstream)
    windowed = frozenset(key for asset in (declared, *chain, *events) for key in asset.keys)
    delivery = delivery_asset(settings, declarations)
    job = sync_job(dg.AssetSelection.assets(*models, declared, *chain, *events, delivery))
    late_job = deliver_job()
    own = dg.Definitions(
        assets=[*models, declared, *chain, *events, delivery],
        jobs=[job, late_job, *person_jobs(declarations)],
        schedules=[sync_schedule(job, settings, home, clock)],
        sensors=[alert_sensor(settings, home, clock), late_sensor(late_job, settings, home, clock)],
        resources={"session": session_resource(settings, clock, windowed)},
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(own, user_definitions(settings.ac_pipeline_assets))
