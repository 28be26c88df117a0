"""The pipeline as Dagster shows and runs it; the only place that imports Dagster."""
