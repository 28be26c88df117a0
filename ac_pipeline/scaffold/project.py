"""What a new project consists of, as texts: nothing is written here.

The templates are files of the package, in `always`, and in `dbt` or `no_dbt`. `__NAME__` stands for what differs
from project to project; a line that begins `@dbt|`, or `@no-dbt,duckdb|`, is only for projects with all of that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ac_pipeline.scaffold.env_file import env_example

SETTINGS = ".env"
"""The one file that may hold keys: private, and never replaced."""
_SUFFIX, _HIDDEN = ".template", "dot_"
_ONLY_FOR = re.compile(r"^@([a-z,-]+)\|(.*\n)", re.MULTILINE)
_DAYS_AGO = re.compile(r"__DAYS_AGO_(\d+)__")
_PLAIN = re.compile(r"[\w./:@%+=-]*")


class Engine(StrEnum):
    """Warehouses a project can begin with; others are a change of WAREHOUSE_URL."""

    DUCKDB = "duckdb"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Project:
    """What was chosen for a project."""

    root: Path
    """Absolute."""
    engine: Engine
    dbt: bool
    version: str
    """Of ac-pipeline, in requirements.txt."""
    today: date
    """The example's customers bought in the 400 days before it."""
    sandbox_url: str
    sandbox_key: str

    def files(self) -> dict[str, str]:
        """Return path in the project → text."""
        texts = {}
        for folder in ("always", "dbt" if self.dbt else "no_dbt"):
            for path, template in _templates(files(__package__) / "templates" / folder):
                texts[path] = self._filled(template)
        return {**texts, ".env.example": env_example(), SETTINGS: self._settings()}

    def _filled(self, template: str) -> str:
        chosen = {"dbt" if self.dbt else "no-dbt", self.engine.value}
        text = _ONLY_FOR.sub(lambda line: line[2] if chosen.issuperset(line[1].split(",")) else "", template)
        text = _DAYS_AGO.sub(lambda said: (self.today - timedelta(days=int(said[1]))).isoformat(), text)
        for name, value in {
            "PROJECT": project_name(self.root),
            "VERSION": self.version,
            "DIALECT_URL": f"{self.engine.value}:///nowhere" if self.engine is Engine.DUCKDB
                           else f"{self.engine.value}://nowhere/nothing",
        }.items():  # fmt: skip
            text = text.replace(f"__{name}__", value)
        return text

    def _settings(self) -> str:
        """Return what makes the first sync work without an account."""
        duckdb = self.engine is Engine.DUCKDB
        url = (
            f"duckdb:///{self.root / 'warehouse.duckdb'}" if duckdb else "postgresql://user:password@host:5432/database"
        )
        lines = (
            "# Settings of this machine; .env.example has all. Keys may stand here: this file is never committed.",
            "",
            "# `ac-pipeline sandbox`, to rehearse. For the real account: ActiveCampaign, Settings → Developer.",
            f"ACTIVECAMPAIGN_API_URL={self.sandbox_url}",
            f"ACTIVECAMPAIGN_API_KEY={self.sandbox_key}",
            "",
            "# A home belongs to one account: take this line out when the real account's key is in.",
            "AC_PIPELINE_HOME=.ac-pipeline-sandbox",
            "",
            "# Where customers and orders are.",
            f"{'' if duckdb else '# '}WAREHOUSE_URL={_quoted(url)}",
        )
        return "\n".join(lines) + "\n"


def project_name(root: Path) -> str:
    """Return the folder's name as dbt and Docker can have it: lower case, digits and `_`, a letter first."""
    name = re.sub(r"[^a-z0-9]+", "_", root.name.lower()).strip("_")
    # A dbt project may not be called like a package of dbt.
    return name if re.match(r"(?!dbt)[a-z]", name) else f"company_{name}".rstrip("_")


def _templates(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        name = entry.name.removesuffix(_SUFFIX)
        path = above + (f".{name.removeprefix(_HIDDEN)}" if name.startswith(_HIDDEN) else name)
        if entry.is_dir():
            yield from _templates(entry, f"{path}/")
        elif entry.name.endswith(_SUFFIX):
            yield path, entry.read_text(encoding="utf-8")


def _quoted(value: str) -> str:
    """Return a value as `.env` has it; spaces and `#` need quotes."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
