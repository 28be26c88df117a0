"""dbt models as assets, and the asset key of every relation they build."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from dagster_dbt.compat import DBT_PYTHON_VERSION
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from ac_pipeline.dbt_project import DBT, DbtProject, dbt_environment
from ac_pipeline.orchestration.names import relation_key
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.privacy import redact
from ac_pipeline.settings import Settings

if TYPE_CHECKING:
    from dagster_dbt.compat import BaseAdapter
    from packaging.version import Version

LINE = 1000
"""Characters of a line of dbt's output that are kept."""


class _Redacted(io.TextIOBase):
    """Where dbt's lines go: its messages about a failed model can quote the data of a row."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write("".join(redact(line, limit=LINE) + "\n" for line in text.splitlines()))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


class InstalledDbt(DbtCliResource):
    """The dbt that was installed with the package, without two things that cost every run some seconds.

    dagster-dbt starts a process to learn the version, and makes ready what counts rows and describes columns. The
    version is the package's, and nobody asks for the others.
    """

    @cached_property
    def _cli_version(self) -> "Version":
        return DBT_PYTHON_VERSION

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> "BaseAdapter":  # noqa: ARG002  (the base class asks so)
        return None  # type: ignore[return-value]


class _Translator(DagsterDbtTranslator):
    """Asset keys and descriptions as dagster-dbt makes them, in one group."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:  # noqa: ARG002  (the base class asks so)
        return "dbt"


def dbt_models(project: DbtProject, settings: Settings) -> dg.AssetsDefinition:
    """Return the project's models, seeds and tests as one step.

    It asks for the session, so that the store is held from the first step of a run on: nobody else
    rebuilds the warehouse between this run's dbt and its extraction.
    """
    environment = dbt_environment(settings)
    manifest = project.parse_if_changed(environment)

    @dbt_assets(
        manifest=manifest, name="dbt_build", dagster_dbt_translator=_Translator(), required_resource_keys={"session"}
    )
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        os.environ.update(environment)
        profiles = str(project.profiles) if project.profiles is not None else None
        dbt = InstalledDbt(project_dir=str(project.folder), profiles_dir=profiles, dbt_executable=str(DBT))
        arguments = ["build", "--vars", project.variables, "--log-path", str(project.target / "logs")]
        with told_plainly(), contextlib.redirect_stdout(_Redacted(sys.stdout)):
            try:
                yield from dbt.cli(arguments, context=context, target_path=project.target).stream()
            except DagsterDbtCliRuntimeError as error:
                raise project.failure("build", error.description or "") from None
            finally:
                project.forget_results()

    return dbt_build


def relation_keys(project: DbtProject) -> Callable[[str], dg.AssetKey]:
    """Return a function from relation (`marts.orders`) to asset key: dbt's, or `warehouse/marts/orders`."""
    translator = _Translator()
    known = {
        (node["schema"].lower(), node["alias"].lower()): translator.get_asset_key(node)
        for node in json.loads(project.manifest.read_text(encoding="utf-8"))["nodes"].values()
        if node["resource_type"] in {"model", "seed", "snapshot"}
    }

    def key_of_relation(relation: str) -> dg.AssetKey:
        schema, _, name = relation.lower().rpartition(".")
        return known.get((schema.rpartition(".")[2], name)) or relation_key(relation)

    return key_of_relation
