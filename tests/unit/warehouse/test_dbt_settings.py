"""What dbt is told: where to write, from WAREHOUSE_URL; whose profiles; or nothing, where there is no project."""

from __future__ import annotations

from pathlib import Path

import pytest

from ac_pipeline.dbt_project import DbtProject, dbt_environment
from ac_pipeline.errors import SettingsError
from ac_pipeline.home import Home
from ac_pipeline.settings import Settings


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, **given)


def test_dbt_writes_where_the_declarations_are_read() -> None:
    """The target follows the URL, whose parts arrive decoded; a password only where dbt keeps it out of its logs."""
    url = "postgresql+psycopg://an%20alyst:p%40ss@db.example:6543/shop?sslmode=require"
    told = dbt_environment(settings(warehouse_url=url))
    assert {name: value for name, value in told.items() if "AC_PIPELINE" in name} == {
        "AC_PIPELINE_DBT_TARGET": "postgres",
        "AC_PIPELINE_DBT_HOST": "db.example",
        "AC_PIPELINE_DBT_PORT": "6543",
        "AC_PIPELINE_DBT_USER": "an alyst",
        "DBT_ENV_SECRET_AC_PIPELINE_PASSWORD": "p@ss",
        "AC_PIPELINE_DBT_DATABASE": "shop",
        "AC_PIPELINE_DBT_SSLMODE": "require",
    }
    told = dbt_environment(settings(warehouse_url="duckdb:///srv/w.duckdb"))
    assert (told["AC_PIPELINE_DBT_TARGET"], told["AC_PIPELINE_DBT_DUCKDB_PATH"]) == ("duckdb", "/srv/w.duckdb")
    assert "AC_PIPELINE_DBT_TARGET" not in dbt_environment(settings(warehouse_url="snowflake://account/db"))


def test_a_malformed_url_is_refused_without_its_password() -> None:
    """As the reader refuses it."""
    with pytest.raises(SettingsError) as refused:
        dbt_environment(settings(warehouse_url="postgresql://ada:s3%zzcret@db/x"))
    assert "s3" not in str(refused.value)


def test_a_project_may_be_elsewhere_have_its_own_profiles_or_none(tmp_path: Path) -> None:
    """Without profiles.yml of its own dbt looks where it always does; without a project nothing is built."""
    home = Home.at(tmp_path / "home")
    elsewhere = tmp_path / "other" / "analytics"
    elsewhere.mkdir(parents=True)
    chosen = settings(ac_pipeline_dbt=elsewhere)
    assert DbtProject.of(chosen, home) is None
    (elsewhere / "dbt_project.yml").write_text("name: analytics\n")
    project = DbtProject.of(chosen, home)
    assert project is not None
    assert "--profiles-dir" not in project.arguments("build")
    (elsewhere / "profiles.yml").write_text("analytics: {}\n")
    arguments = project.arguments("build")
    assert arguments[arguments.index("--profiles-dir") + 1] == str(elsewhere)
