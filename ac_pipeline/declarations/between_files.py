"""Faults no file has on its own: two declarations that mean one thing, or say two things about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ac_pipeline.declarations.fault import Fault
from ac_pipeline.declarations.files import AudienceFile, MemberListFile, TraitFile
from ac_pipeline.declarations.key import fold, is_reserved, key_of
from ac_pipeline.declarations.yaml_file import YamlFile
from ac_pipeline.model.properties import list_key


@dataclass(frozen=True, slots=True)
class KeyedFile:
    """An audience or trait as it is written; `settings` is None when they have a fault."""

    file: YamlFile
    settings: AudienceFile | TraitFile | None

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.file.path

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield each name it goes by at ActiveCampaign, folded, with the setting that says it.

        A name that is a fault already is left out, so that one mistake is not named twice.
        """
        if not is_reserved(self.path.stem) and fold(self.path.stem):
            yield fold(self.path.stem), "name"
            name = self.file.values.get("name")
            if isinstance(name, str) and key_of(name) == self.path.stem:
                yield fold(name), "name"
        field = self.file.values.get("field")
        if isinstance(field, str) and fold(field):
            yield fold(field), "field"


def faults_between(files: list[KeyedFile], user_id_field: str | None, events: list[Path]) -> Iterator[Fault]:
    """Find every fault between files; of two, the later one has it. `user_id_field` is that field's title."""
    yield from _same_key([*(item.path for item in files), *events])
    yield from _same_field(files)
    if user_id_field is not None:
        yield from _user_id_field(files, user_id_field)
    yield from _lists(files)


def _same_key(files: Iterable[Path]) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for path in files:
        other = first.setdefault(path.stem, path)
        if other is not path:
            hint = f"{other} has it too; a key names one declaration, for ever"
            yield Fault(path, 1, f"key `{path.stem}` collides with another declaration", hint)


def _same_field(files: Iterable[KeyedFile]) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for item in files:
        met: dict[Path, str] = {}
        for name, setting in item.names():
            other = first.setdefault(name, item.path)
            if other.stem != item.path.stem:
                met.setdefault(other, setting)
        for other, setting in met.items():
            hint = f"{other} means it too, without letter case, spaces, %, _ and -; name another field"
            yield Fault(item.path, item.file.line(setting), f"`{setting}` means another declaration's field", hint)


def _user_id_field(files: Iterable[KeyedFile], user_id_field: str) -> Iterator[Fault]:
    for item in files:
        setting = dict(item.names()).get(fold(user_id_field))
        if setting is not None:
            hint = f"user_id_field in destination.yaml is `{user_id_field}`; name another field here or there"
            yield Fault(item.path, item.file.line(setting), f"`{setting}` means the field of the user id", hint)


def _lists(files: Iterable[KeyedFile]) -> Iterator[Fault]:
    first: dict[str, tuple[Path, MemberListFile]] = {}
    for item in files:
        said = item.settings.membership.list if isinstance(item.settings, AudienceFile) else None
        if said is None:
            continue
        path, other = first.setdefault(list_key(said.list), (item.path, said))
        for setting, here, there in (
            ("unsubscribe_on_exit", said.unsubscribe_on_exit, other.unsubscribe_on_exit),
            ("resubscribe", said.resubscribe, other.resubscribe),
        ):
            if here != there:
                line = item.file.line("membership", "list", setting)
                message = f"`membership.list.{setting}` disagrees with another audience of the list `{said.list}`"
                hint = f"{path} says {str(there).lower()}; audiences that share a list must say the same"
                yield Fault(item.path, line, message, hint)
