"""What dagster-dbt is spared is what it has, and says what it would say itself."""

from __future__ import annotations

from pathlib import Path

from dagster_dbt import DbtCliResource

from ac_pipeline.dbt_project import DBT
from ac_pipeline.orchestration.dbt import InstalledDbt

PROJECT = {"project_dir": str(Path(__file__).parents[2] / "dbt"), "dbt_executable": str(DBT)}


def test_the_version_is_the_one_dbt_would_tell() -> None:
    """A release of dagster-dbt that asks otherwise makes this fail, instead of making each run two seconds longer."""
    asked = DbtCliResource(**PROJECT)._cli_version
    assert asked == InstalledDbt(**PROJECT)._cli_version
    assert "_initialize_dbt_core_adapter" in vars(DbtCliResource)
