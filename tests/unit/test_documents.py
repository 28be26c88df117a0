"""What the repository says about itself is what it does."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.main import get_group

from ac_pipeline.cli.app import app
from ac_pipeline.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
COMMANDS = get_group(app).commands
FIELDS = Settings.model_fields
REGISTRY = re.compile(r"pypi\.org|python[h]osted|https?://\S+/simple\b|--(extra-)?index-url[ =]", re.IGNORECASE)
LOCKED = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(\[[a-z0-9,-]+\])?==[0-9][0-9a-z.+]*( ; [\w.'<>=! ]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def published() -> list[str]:
    """Every file git has or would take."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, "these tests ask git which files are published: run them in a checkout"
    names = set(done.stdout.decode().split("\0")) - {""}
    return sorted(name for name in names if (ROOT / name).is_file())


def default_of(name: str) -> str:
    value = FIELDS[name].default
    return "" if value is None else str(value)


def test_the_readme_lists_every_setting() -> None:
    """Name, default and meaning of each, in the order of the code, and no others."""
    section = re.search(r"^## Settings$(.*?)(?=^## |\Z)", read("README.md"), re.MULTILINE | re.DOTALL)
    assert section is not None
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.+?) \|$", section[1], re.MULTILINE)
    expected = [
        (name.upper(), f"`{default_of(name)}`" if default_of(name) else "–", field.description)
        for name, field in FIELDS.items()
    ]
    assert rows == expected


def test_the_example_of_an_env_file_lists_every_setting() -> None:
    """A comment with the meaning, then the default as a comment; in the order of the code, and no others."""
    pairs = re.findall(r"^# (.+)\n# ([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE)
    expected = [(field.description, name.upper(), default_of(name)) for name, field in FIELDS.items()]
    assert pairs == expected
    assert re.findall(r"^#? ?([A-Z_]+)=", read(".env.example"), re.MULTILINE) == [name.upper() for name in FIELDS]


def test_the_example_with_every_line_in_force_is_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes all the comment signs away changes nothing."""
    for name in FIELDS:
        monkeypatch.delenv(name.upper(), raising=False)
    path = tmp_path / "all.env"
    path.write_text(re.sub(r"^# ([A-Z_]+=)", r"\1", read(".env.example"), flags=re.MULTILINE), encoding="utf-8")
    assert load_settings(path) == load_settings(None)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_the_readme(name: str) -> None:
    """With the name of the program, so that it can be copied."""
    assert re.search(rf"ac-pipeline {name}\b", read("README.md"))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_has_help(name: str) -> None:
    """What it is for, in words."""
    command = COMMANDS[name]
    assert (command.help or "").strip()
    for parameter in command.params:
        assert (getattr(parameter, "help", None) or "").strip(), f"{name}: {parameter.name} has no help"


def test_the_readme_names_no_command_that_does_not_exist() -> None:
    """Only what works is promised."""
    named = set(re.findall(r"(?<![\w/.])ac-pipeline ([a-z][a-z-]*)", read("README.md")))
    assert named <= set(COMMANDS)


def test_the_lock_holds_versions_and_hashes_only() -> None:
    """No address: everybody installs from the registry they trust."""
    lines = read("requirements.lock").splitlines()
    assert [line for line in lines if not LOCKED.fullmatch(line) and not HASH.fullmatch(line)] == []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert line.endswith("\\") == following.startswith("    --hash"), line


def test_no_file_has_a_registry_or_a_path_of_this_machine_in_it() -> None:
    """Neither works anywhere else."""
    paths = {str(ROOT), sys.prefix, str(Path.home())} - {"/", ""}
    assert paths
    machine = re.compile("|".join(rf"{re.escape(path)}\b" for path in paths))
    found = {}
    for name in published():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        hit = REGISTRY.search(text) or machine.search(text)
        if hit:
            found[name] = hit[0]
    assert found == {}


def test_no_home_is_published() -> None:
    """A home holds contacts; neither its store nor a file of settings may get into git."""
    private = re.compile(r"(^|/)(\.env|home\.json|.*\.(duckdb|sqlite|db|wal))$")
    assert [name for name in published() if private.search(name)] == []


def test_dbt_is_no_package() -> None:
    """An `__init__.py` there would hide the real `dbt` package."""
    assert list((ROOT / "dbt").rglob("__init__.py")) == []
    assert not (ROOT / "assets" / "__init__.py").exists()


def test_the_wheel_holds_the_engine_and_nothing_else(tmp_path: Path) -> None:
    """All files of `ac_pipeline`, SQL included; no assets, no dbt project, no tests."""
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    done = subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    code = {name for name in names if not re.match(r"ac_pipeline-[^/]+\.dist-info/", name)}
    assert code == {name for name in published() if name.startswith("ac_pipeline/")}
    assert "ac_pipeline/py.typed" in code
