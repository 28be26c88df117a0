"""What pydantic finds in a file, as faults a person can act upon."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from ac_pipeline.declarations.fault import Fault
from ac_pipeline.declarations.yaml_file import YamlFile

_README = "see Declarations in the README"
_EXPECTED = {
    "string_type": ("is not a text", "put numbers, dates, yes and no in quotes"),
    "bool_type": ("is not true or false", "write true or false, without quotes"),
    "list_type": ("is not a list", "write [one, other]"),
    "model_type": ("holds no settings", "write {setting: value}, or a line for each below it"),
}


def faults_of(error: ValidationError, file: YamlFile, schema: type[BaseModel]) -> list[Fault]:
    """Return one fault for each finding, on the line of its setting."""
    faults = []
    for finding in error.errors(include_url=False, include_input=False, include_context=False):
        where = finding["loc"]
        message, hint = _worded(finding["type"], finding["msg"], where, schema)
        faults.append(Fault(file.path, file.line(*where), message, hint))
    return faults


def _worded(kind: str, text: str, where: tuple[str | int, ...], schema: type[BaseModel]) -> tuple[str, str]:
    if kind in {"extra_forbidden", "invalid_key"}:
        known = ", ".join(field.alias or name for name, field in _around(schema, where).model_fields.items())
        return f"unknown setting {_dotted(where)}", f"known here: {known}"
    name = _named(where)
    if kind == "missing":
        return f"{name} is missing", "add it"
    if kind in _EXPECTED:
        said, hint = _EXPECTED[kind]
        return f"{name}: {said}", hint
    said, _, hint = text.removeprefix("Value error, ").partition("; ")
    return f"{name}: {said[0].lower()}{said[1:]}" if name else said, hint or _README


def _named(where: tuple[str | int, ...]) -> str:
    """Return `guard.min_members`; of a place in a list, the setting and which item, counted from 1."""
    last = where[-1] if where else ""
    if isinstance(last, int) and len(where) > 1:
        return f"{_named(where[:-1])}, item {last + 1}"
    return _dotted(where) if where else ""


def _dotted(where: tuple[str | int, ...]) -> str:
    return f"`{'.'.join(str(part) for part in where)}`"


def _around(schema: type[BaseModel], where: tuple[str | int, ...]) -> type[BaseModel]:
    """Return the schema of the settings among which the last part of `where` stands."""
    for name in where[:-1]:
        annotation = schema.model_fields[str(name)].annotation
        inner = [annotation, *getattr(annotation, "__args__", ())]
        schema = next(item for item in inner if isinstance(item, type) and issubclass(item, BaseModel))
    return schema
