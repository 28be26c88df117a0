"""Read an assets folder into declarations, with every fault of every file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ac_pipeline.declarations.between_files import KeyedFile, faults_between
from ac_pipeline.declarations.event_files import EventFile
from ac_pipeline.declarations.fault import Fault
from ac_pipeline.declarations.files import AudienceFile, ContactsFile, DestinationFile, SourceFile, TraitFile
from ac_pipeline.declarations.key import KEY_PATTERN, is_reserved, key_of
from ac_pipeline.declarations.query import SqlFault, read_query, relation_query
from ac_pipeline.declarations.settings_to_model import contacts_of, declaration_of, destination_of
from ac_pipeline.declarations.streams import bounded, cursor_of, query_of_template, stream_of
from ac_pipeline.declarations.wording import faults_of
from ac_pipeline.declarations.yaml_file import YamlFile, read_yaml
from ac_pipeline.errors import DeclarationsError
from ac_pipeline.model.declaration import Declaration, Declarations, Destination, Kind, Query

Schema = TypeVar("Schema", bound=BaseModel)

_FOLDERS: dict[str, type[AudienceFile | TraitFile]] = {"audiences": AudienceFile, "traits": TraitFile}
_EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an assets folder holds. `declarations` is None when a fault stands in the way."""

    declarations: Declarations | None
    faults: tuple[Fault, ...]

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that stop a run."""
        return tuple(fault for fault in self.faults if not fault.warning)


def load_declarations(folder: Path, dialect: str = "duckdb") -> Loaded:
    """Read every declaration below `folder`; `dialect` is sqlglot's name of the warehouse's SQL."""
    if not folder.is_dir():
        return Loaded(None, (Fault(folder, 1, "is not a folder", "set AC_PIPELINE_ASSETS to your assets"),))
    reader = _Reader(folder, dialect)
    destination = reader.destination()
    contacts = reader.contacts(destination)
    keyed = [reader.keyed(path, schema) for name, schema in _FOLDERS.items() for path in _yaml_files(folder / name)]
    events = [(path, reader.events(path)) for path in _yaml_files(folder / _EVENTS)]
    reader.faults += faults_between(keyed, destination.user_id_field, [path for path, _ in events])
    reader.strays()
    faults = tuple(sorted(reader.faults))
    if contacts is None or any(not fault.warning for fault in faults):
        return Loaded(None, faults)
    by_key = [
        declaration_of(item.path, item.settings, reader.queries[item.path], destination)
        for item in sorted(keyed, key=lambda item: item.path.stem)
        if item.settings is not None
    ]
    audiences = tuple(d for d in by_key if d.kind is Kind.AUDIENCE)
    traits = tuple(d for d in by_key if d.kind is Kind.TRAIT)
    streams = tuple(stream_of(path, values, reader.queries[path]) for path, values in events if values is not None)
    return Loaded(Declarations(contacts, audiences, traits, destination, streams), faults)


def require_declarations(folder: Path, dialect: str = "duckdb") -> Declarations:
    """Read the folder or raise DeclarationsError that lists every fault."""
    loaded = load_declarations(folder, dialect)
    if loaded.declarations is None:
        lines = "\n".join(str(fault) for fault in loaded.errors)
        count = len(loaded.errors)
        raise DeclarationsError(f"{count} fault{'s' * (count != 1)} in the declarations; nothing was run.\n{lines}")
    return loaded.declarations


class _Reader:
    """Collects faults while files are read one by one."""

    def __init__(self, folder: Path, dialect: str) -> None:
        self.folder = folder
        self.dialect = dialect
        self.faults: list[Fault] = []
        self.queries: dict[Path, Query] = {}

    def destination(self) -> Destination:
        path = self.folder / "destination.yaml"
        if not path.exists():
            return Destination()
        _, values = self._file(path, DestinationFile)
        # Which field the user id has is not known then: nothing may be said to collide with it.
        return Destination(user_id_field=None) if values is None else destination_of(values)

    def contacts(self, destination: Destination) -> Declaration | None:
        path = self.folder / "contacts.yaml"
        if not path.exists():
            hint = "add it; it says who can be synced: sql: select user_id, email, first_name, … from …"
            self.faults.append(Fault(path, 1, "is missing", hint))
            return None
        _, values = self._file(path, ContactsFile)
        query = self.queries.get(path)
        return None if values is None or query is None else contacts_of(path, values, query, destination)

    def keyed(self, path: Path, schema: type[AudienceFile | TraitFile]) -> KeyedFile:
        """Read one audience or trait."""
        return KeyedFile(*self._file(path, schema))

    def events(self, path: Path) -> EventFile | None:
        """Read one stream of events."""
        return self._file(path, EventFile)[1]

    def strays(self) -> None:
        """Name files in places nobody reads: they would be ignored in silence."""
        expected = {self.folder / "contacts.yaml", self.folder / "destination.yaml"}
        for path in _yaml_files(self.folder, deep=True):
            inside = path.parent.parent == self.folder and path.parent.name in {*_FOLDERS, _EVENTS}
            if path not in expected and not inside:
                hint = (
                    "declarations are contacts.yaml, destination.yaml, audiences/*.yaml, traits/*.yaml, events/*.yaml"
                )
                self.faults.append(Fault(path, 1, "is in a place nobody reads", hint))

    def _file(self, path: Path, schema: type[Schema]) -> tuple[YamlFile, Schema | None]:
        """Read one file; every fault in it is noted, whichever comes first."""
        file, faults = read_yaml(path)
        self.faults += faults
        if file is None:
            return YamlFile(path, {}), None
        if issubclass(schema, AudienceFile | TraitFile):
            self._check_key(file)
        if issubclass(schema, EventFile):
            self._check_file_name(file)
        if issubclass(schema, SourceFile):
            self._check_source(file, events=issubclass(schema, EventFile))
        try:
            return file, schema.model_validate(file.values)
        except ValidationError as error:
            self.faults += faults_of(error, file, schema)
            return file, None

    def _check_key(self, file: YamlFile) -> None:
        name = file.values.get("name")
        if not isinstance(name, str) or not name.strip():
            return
        path, line, key = file.path, file.line("name"), key_of(name)
        if not KEY_PATTERN.match(key):
            hint = "use a name with 1 to 60 letters and digits"
            self.faults.append(Fault(path, line, f"name gives the key `{key}`", hint))
        elif is_reserved(key) or is_reserved(path.stem):
            reserved = key if is_reserved(key) else path.stem
            hint = "choose another name; this one has a meaning of its own on every contact"
            self.faults.append(Fault(path, line, f"key `{reserved}` is reserved", hint))
        elif path.name != f"{key}.yaml":
            hint = f"rename the file to {key}.yaml, or change the name"
            self.faults.append(Fault(path, line, f"name gives the key `{key}`", hint))

    def _check_file_name(self, file: YamlFile) -> None:
        """A stream has no name of its own: its file's is the key."""
        key = key_of(file.path.stem)
        if file.path.name != f"{key}.yaml" or not KEY_PATTERN.match(key):
            hint = f"rename the file to {key or 'order_completed'}.yaml" if len(key) <= 60 else "use a shorter name"
            self.faults.append(Fault(file.path, 1, "the file's name is no key", hint))

    def _check_source(self, file: YamlFile, *, events: bool = False) -> None:
        sql, model = file.values.get("sql"), file.values.get("model")
        if (sql is None) == (model is None):
            said = "both" if sql is not None else "neither"
            message = f"has {said} of `sql` and `model`; it needs exactly one"
            line = max(file.line("sql"), file.line("model"))
            self.faults.append(Fault(file.path, line, message, "see Declarations in the README"))
        if events and file.values.get("template") is not None:
            self._check_template(file)
            return
        if isinstance(model, str):
            query = relation_query(model)
            self.queries[file.path] = bounded(query.text, self.dialect, cursor_of(file))[0] if events else query
        if not isinstance(sql, str) or not sql.strip():
            return
        self.queries[file.path], faults = self._read(sql, file, events=events)
        start = file.line("sql") + ("sql" in file.blocks)
        for fault in faults:
            line = start + fault.line - 1
            self.faults.append(Fault(file.path, line, f"sql {fault.message}", fault.hint, fault.warning))

    def _read(self, sql: str, file: YamlFile, *, events: bool) -> tuple[Query, list[SqlFault]]:
        if events:
            return bounded(sql, self.dialect, cursor_of(file))
        return read_query(sql, self.dialect)

    def _check_template(self, file: YamlFile) -> None:
        if file.values.get("sql") is not None:
            hint = "name the table in model, as schema.table"
            self.faults.append(Fault(file.path, file.line("sql"), "has both of `sql` and `template`", hint))
        elif (query := query_of_template(file, self.dialect)) is not None:
            self.queries[file.path] = query


def _yaml_files(folder: Path, *, deep: bool = False) -> list[Path]:
    found = folder.rglob("*") if deep else folder.glob("*")
    return sorted(path for path in found if path.suffix.lower() in {".yaml", ".yml"})
