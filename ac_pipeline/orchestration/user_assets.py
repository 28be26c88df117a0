"""Python assets a user keeps beside the declarations, found by path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import dagster as dg


def user_definitions(folder: Path) -> dg.Definitions:
    """Return what the Python files directly in `folder` define: assets, checks, jobs, schedules, sensors.

    They are loaded by path, so that another project's package of the same name is never taken for this
    one. Whatever a file raises while loading is the user's to see.
    """
    found = [_load(path) for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    return dg.Definitions.merge(*found) if found else dg.Definitions()


def _load(path: Path) -> dg.Definitions:
    name = f"ac_pipeline_user_assets_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        return dg.Definitions()
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return dg.load_definitions_from_module(module)
