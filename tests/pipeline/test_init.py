"""`ac-pipeline init`: a project that works as it is, that nothing is lost to, and that outlives an upgrade."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import stat
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import ac_pipeline
from ac_pipeline.cli import init as command
from ac_pipeline.cli import sandbox
from ac_pipeline.cli.app import app
from ac_pipeline.declarations import load_declarations, require_declarations
from ac_pipeline.errors import SettingsError
from ac_pipeline.model.window import window_ending_by
from ac_pipeline.scaffold import Engine, Project, env_example, project_name, write_project
from ac_pipeline.settings import Settings
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_account import IMPORT_WAIT
from pipeline.pipeline_support import CRON, KEY, RATE, Ended, Service, end

REPOSITORY = Path(ac_pipeline.__file__).parents[1]
TODAY = datetime.now(UTC).date()
MEMBERS = 7
"""Of the example's twelve customers these ordered in the last 30 days."""
EVERY_KIND = [(engine, dbt) for engine in Engine for dbt in (True, False)]


def project(
    root: Path, engine: Engine = Engine.DUCKDB, *, dbt: bool = True, url: str = "http://127.0.0.1:8025"
) -> Project:
    return Project(root, engine, dbt, "0.1.0", TODAY, url, KEY)


def contents(root: Path) -> dict[str, bytes]:
    """Return path → bytes of every file but what is made: homes, warehouses, what Python keeps."""
    made = re.compile(r"(^|/)(\.ac-pipeline[^/]*|__pycache__)/|\.duckdb$")
    found = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not made.search(name)}


# What is in it.


@pytest.mark.parametrize(("engine", "dbt"), EVERY_KIND)
def test_a_new_project_is_whole(tmp_path: Path, engine: Engine, dbt: bool) -> None:
    """Its YAML is YAML, nothing is left unfilled, no declaration has a fault, the example of a stream included."""
    root = tmp_path / "Acme Shop"
    texts = project(root, engine, dbt=dbt).files()
    write_project(root, texts, force=False)
    for path, text in texts.items():
        assert not re.search(r"__[A-Z_0-9]+__|^@[a-z]", text, re.MULTILINE), path
        if path.endswith((".yaml", ".yml")):
            assert yaml.safe_load(text), path
        if path.endswith(".py"):
            compile(text, path, "exec")
    assert texts[".env.example"] == (REPOSITORY / ".env.example").read_text(encoding="utf-8") == env_example()
    assert stat.S_IMODE((root / ".env").stat().st_mode) == 0o600
    assert ".env" in texts[".gitignore"].splitlines()
    assert KEY not in "".join(text for path, text in texts.items() if path != ".env")
    assert str(root) not in "".join(text for path, text in texts.items() if path != ".env")
    assert ("dbt/dbt_project.yml" in texts, "example/warehouse.sql" in texts) == (dbt, not dbt)

    dialect = "postgres" if engine is Engine.POSTGRESQL else "duckdb"
    example = root / "assets" / "events" / "order_completed.yaml.example"
    assert require_declarations(root / "assets", dialect).events == ()
    example.rename(example.with_suffix(""))
    loaded = load_declarations(root / "assets", dialect)
    assert loaded.faults == ()
    assert loaded.declarations is not None
    assert [stream.key for stream in loaded.declarations.events] == ["order_completed"]


def test_what_a_project_needs_is_what_ac_pipeline_was_tested_with() -> None:
    """One range of versions for Dagster's storage, one profile for dbt, one port and key for the sandbox."""
    requirements = project(Path("/srv/acme")).files()["requirements.txt"].splitlines()
    assert [line for line in requirements if line.startswith("ac-pipeline")] == ["ac-pipeline~=0.1.0"]
    (storage,) = [line for line in requirements if line.startswith("dagster-postgres")]
    assert f'"{storage}"' in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    profiles = project(Path("/srv/acme")).files()["dbt/profiles.yml"]
    ours = (REPOSITORY / "dbt" / "profiles.yml").read_text(encoding="utf-8")
    assert profiles == ours.replace("ac_pipeline_demo:", "acme:"), "dbt is told where to build by the same variables"
    options = inspect.signature(sandbox.sandbox).parameters
    assert f"http://127.0.0.1:{options['port'].default}" == command.SANDBOX_URL
    assert options["api_key"].default == command.SANDBOX_KEY


@given(st.text(max_size=30).filter(lambda name: not {"/", "\0"} & set(name)))
def test_any_folder_gives_a_name_that_dbt_and_docker_take(folder: str) -> None:
    """A letter first, then letters, digits and `_`; not one that starts like dbt's own packages."""
    assert re.fullmatch(r"(?!dbt)[a-z][a-z0-9]*(_[a-z0-9]+)*", project_name(Path("/srv") / f"x{folder}"))
    assert re.fullmatch(r"(?!dbt)[a-z][a-z0-9]*(_[a-z0-9]+)*", project_name(Path("/srv") / folder))


# What is there already.


def test_nothing_is_written_over_and_everything_in_the_way_is_named(tmp_path: Path) -> None:
    """A folder with files of a person's own stays byte for byte; one with the same files is no obstacle."""
    (tmp_path / "assets").mkdir()
    for path in ("Makefile", "assets/contacts.yaml", ".env"):
        (tmp_path / path).write_text("mine", encoding="utf-8")
    before = contents(tmp_path)
    texts = project(tmp_path).files()
    with pytest.raises(SettingsError, match="Nothing was written") as refused:
        write_project(tmp_path, texts, force=False)
    assert all(f"  {path}\n" in refused.value.message for path in before)
    assert refused.value.message.count("\n  ") == len(before)
    assert contents(tmp_path) == before

    forced = write_project(tmp_path, texts, force=True)
    assert (forced.replaced, forced.kept) == (("Makefile", "assets/contacts.yaml"), (".env",))
    assert contents(tmp_path) == {**{path: text.encode() for path, text in texts.items()}, ".env": b"mine"}
    again = write_project(tmp_path, {path: text for path, text in texts.items() if path != ".env"}, force=False)
    assert (again.new, again.replaced, len(again.kept)) == ((), (), len(texts) - 1)


@pytest.mark.parametrize("force", [False, True])
def test_folders_and_links_in_the_way_are_never_replaced(tmp_path: Path, force: bool) -> None:
    """A link could lead out of the folder; what it leads to is not written to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "project"
    (root / "Makefile").mkdir(parents=True)
    (root / "assets").symlink_to(outside)
    (root / "README.md").symlink_to(outside / "readme")
    (root / "deploy").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        write_project(root, project(root).files(), force=force)
    assert {"Makefile", "assets", "README.md", "deploy"} <= set(refused.value.message.split())
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["a?b", "50%", "o'brien", "my shop #1", "back\\slash", "bell\a", "x" * 300])
def test_a_folder_that_no_sync_could_use_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    """By one plain paragraph: a project that passes check and never syncs is worse than none."""
    ended = CliRunner().invoke(app, ["init", str(tmp_path / name)])
    assert isinstance(ended.exception, SettingsError)
    assert "Choose a folder" in ended.exception.hint
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_nowhere_and_a_folder_that_cannot_be_written_to_are_named(tmp_path: Path) -> None:
    """Nothing is written through the link."""
    (link := tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for folder, named in ((link, str(link)), (Path("/proc/self/shop"), "/proc/")):
        ended = CliRunner().invoke(app, ["init", str(folder)])
        assert isinstance(ended.exception, SettingsError)
        assert named in ended.exception.message
    assert not (tmp_path / "nowhere").exists()


def test_the_command_says_what_it_wrote_and_what_comes_next(tmp_path: Path) -> None:
    """Also where nothing can be written, in words."""
    ran = CliRunner().invoke(app, ["init", str(tmp_path / "shop"), "--no-dbt", "--warehouse", "postgresql"])
    assert ran.exit_code == 0, ran.output
    assert "assets/ says what is told" in ran.output
    assert "put WAREHOUSE_URL into .env" in ran.output
    twice = CliRunner().invoke(
        app, ["init", str(tmp_path / "shop"), "--force", "--no-dbt", "--warehouse", "postgresql"]
    )
    assert "20 are as they were, .env too." in twice.output
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = CliRunner().invoke(app, ["init", str(tmp_path / "file")])
    assert isinstance(refused.exception, SettingsError)


# It works as it is.


def run(root: Path, *words: str, engine: Path = REPOSITORY) -> Ended:
    """Run a command in the project with the ac-pipeline that lies in a folder; nothing comes from the environment."""
    environment = {"PATH": os.defpath, "HOME": str(root), "LANG": "C.UTF-8", "PYTHONPATH": str(engine)}
    process = subprocess.Popen(
        words, cwd=root, env=environment, text=True, encoding="utf-8", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    return end(process)


def pipeline(root: Path, *words: str, engine: Path = REPOSITORY) -> Ended:
    return run(root, sys.executable, "-m", "ac_pipeline", *words, engine=engine)


def make(root: Path, *targets: str, engine: Path = REPOSITORY) -> Ended:
    return run(root, "make", *targets, f"BIN={Path(sys.executable).parent}", engine=engine)


def hurry(root: Path, url: str) -> None:
    """Let a project talk to the account of the tests, at its pace."""
    path = root / ".env"
    text = path.read_text(encoding="utf-8").replace("http://127.0.0.1:8025", url).replace("sandbox-key", KEY)
    path.write_text(f"{text}ACTIVECAMPAIGN_RATE={RATE}\nACTIVECAMPAIGN_IMPORT_WAIT={IMPORT_WAIT}\n", encoding="utf-8")


def test_without_dbt_the_first_sync_tells_the_example(tmp_path: Path, account: Service) -> None:
    """In a folder with spaces in its name: tables by `make example`, then everybody who ordered in the last 30 days."""
    root = tmp_path / "acme shop"
    write_project(root, project(root, dbt=False, url=account.sandbox.url).files(), force=False)
    assert make(root, "example").code == 0
    settings = Settings(_env_file=root / ".env", ac_pipeline_assets=root / "assets", ac_pipeline_dbt=root / "dbt",
                        ac_pipeline_home=root / "home", activecampaign_rate=float(RATE))  # fmt: skip
    with open_session(settings, kind="sync", run_id=str(uuid.uuid4())) as session:
        window = window_ending_by(CRON, datetime.now(UTC))
        session.extract(window)
        session.snapshot(window)
        assert session.deliver().acknowledged == MEMBERS
    told = account.told()
    assert len(told) == MEMBERS
    assert told["liam.dubois@example.com"] == {"Ordered Last 30days": "true", "Lifetime Value": "140"}


def wheel(folder: Path, version: str) -> Path:
    """Build this tree as another version would be built."""
    tree = folder / version
    shutil.copytree(REPOSITORY / "ac_pipeline", tree / "ac_pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, tree)
    said = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    (tree / "pyproject.toml").write_text(
        re.sub(r'^version = ".*"$', f'version = "{version}"', said, count=1, flags=re.MULTILINE), encoding="utf-8"
    )
    done = run(tree, sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), engine=folder)
    assert done.code == 0, done.text
    (built,) = folder.glob(f"*-{version}-*.whl")
    return built


def install(built: Path, engine: Path) -> None:
    """Put a version where the one before is, as an upgrade does: the one before is taken away first."""
    words = ("uv", "pip", "install", "--quiet", "--no-deps", "--no-index", "--offline", "--no-config", "--no-cache")
    done = run(built.parent, sys.executable, "-m", *words, "--target", str(engine), str(built), engine=engine)
    assert done.code == 0, done.text


def to_schema_2(store: Path) -> None:
    """Make the store as releases with schema version 2 kept it: history in one table."""
    with duckdb.connect(store) as connection:
        for statement in (
            "create table engine.history_of_2 as from engine.history",
            "drop view engine.history",
            "drop table engine.present",
            "drop table engine.past",
            "alter table engine.history_of_2 rename to history",
            "update engine.version set version = 2",
        ):
            connection.execute(statement)


def test_a_project_outlives_an_upgrade_of_the_engine(tmp_path: Path, account: Service) -> None:
    """Two wheels: the first begins the project and tells everybody; the second changes no file and tells nobody again.

    Its own test and `check` pass at once and afterwards. The home is one of an older schema, and is brought up to date.
    """
    engine, root = tmp_path / "engine", tmp_path / "acme-shop"
    first, second = wheel(tmp_path, "0.1.7"), wheel(tmp_path, "0.1.8")
    install(first, engine)
    begun = pipeline(tmp_path, "init", str(root), engine=engine)
    assert begun.code == 0, begun.text
    assert "ac-pipeline~=0.1.7" in (root / "requirements.txt").read_text(encoding="utf-8")
    hurry(root, account.sandbox.url)
    files = contents(root)

    checked = make(root, "check", "test", engine=engine)
    assert (checked.code, "1 audiences and 1 traits" in checked.out, "OK" in checked.err) == (0, True, True)
    told = pipeline(root, "sync", "--json", engine=engine)
    assert (told.code, told.json["acknowledged"]) == (0, MEMBERS), told.text
    assert len(account.told()) == MEMBERS
    account.forget_requests()

    to_schema_2(root / ".ac-pipeline-sandbox" / "store.duckdb")
    install(second, engine)
    assert [path.name for path in engine.glob("*.dist-info")] == ["ac_pipeline-0.1.8.dist-info"]
    checked = make(root, "test", engine=engine)
    assert (checked.code, "OK" in checked.err) == (0, True), checked.text
    again = pipeline(root, "sync", "--json", "--no-dbt", engine=engine)
    assert (again.code, again.json["planned"], again.json["requests"]) == (0, 0, {}), again.text
    assert again.json["snapshots"]["ordered_last_30days"]["contacts"] == MEMBERS
    assert account.requests() == []
    with duckdb.connect(root / ".ac-pipeline-sandbox" / "ac_pipeline.duckdb", read_only=True) as published:
        assert published.execute("select max(version) from engine.version").fetchall() > [(2,)]
        assert published.execute("select count(*) from members").fetchall() == [(MEMBERS,)]
    assert contents(root) == files


def test_the_example_is_recent_whenever_a_project_is_begun(tmp_path: Path) -> None:
    """Its dates count back from that day."""
    later = Project(tmp_path, Engine.DUCKDB, True, "0.1.0", TODAY + timedelta(days=100), "http://127.0.0.1:8025", KEY)
    orders = later.files()["dbt/seeds/example_orders.csv"]
    newest = max(re.findall(r"\d{4}-\d\d-\d\d", orders))
    assert newest == (TODAY + timedelta(days=97)).isoformat()
