"""One YAML file as plain values, with the line every setting stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ac_pipeline.declarations.fault import Fault

_ODD = re.compile("[\0\ud800-\udfff]")
"""What neither JSON nor a database can carry."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """`values` as read; `lines` maps a dotted path of settings (`guard.max_exit_share`, `options.0`) to its line."""

    path: Path
    values: dict[str, object]
    lines: dict[str, int] = field(default_factory=dict)
    blocks: frozenset[str] = frozenset()
    """Settings written as a block (`|` or `>`): their text starts on the line after."""

    def line(self, *names: object) -> int:
        """Return the line of the setting, or of the nearest setting around it, or 1."""
        path = [str(name) for name in names]
        while path:
            if ".".join(path) in self.lines:
                return self.lines[".".join(path)]
            path.pop()
        return 1


def read_yaml(path: Path) -> tuple[YamlFile | None, list[Fault]]:
    """Read a file whose top level is a mapping; say what is wrong with it, and go on where that is possible."""
    lines: dict[str, int] = {}
    blocks: set[str] = set()
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return YamlFile(path, {}), []
        if not isinstance(node, yaml.MappingNode):
            return None, [Fault(path, 1, "does not hold `setting: value` lines", "see Declarations in the README")]
        twice = _walk(node, "", lines, blocks)
        odd = [one.start_mark.line + 1 for one in _scalars(node) if _ODD.search(one.value)]
        values = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        return None, [Fault(path, 1, f"cannot be read ({type(error).__name__})", "save it as UTF-8 text")]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [Fault(path, line, f"is not YAML: {error.problem}", "check indentation and quotes near this line")]
    except (yaml.YAMLError, ValueError, KeyError, AttributeError, RecursionError):
        # PyYAML lets these through: a date that does not exist, a tag that does not fit, an endless alias.
        return None, [Fault(path, 1, "is not YAML: a value cannot be read", "put the odd value in quotes")]
    if odd:
        return None, [Fault(path, line, "has characters that are no text", "remove them") for line in odd]
    faults = [Fault(path, line, f"says `{name}` twice", "keep one of them") for name, line in twice]
    return YamlFile(path, values, lines, frozenset(blocks)), faults


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield every single value of a document, settings' names included."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for name, item in node.value:
            yield from _scalars(name)
            yield from _scalars(item)


def _walk(node: yaml.MappingNode, prefix: str, lines: dict[str, int], blocks: set[str]) -> list[tuple[str, int]]:
    """Fill `lines` and `blocks`; return the settings that stand there twice, with the line of the second."""
    twice = []
    for name_node, value in node.value:
        name = f"{prefix}{name_node.value}"
        line = name_node.start_mark.line + 1
        if name in lines:
            twice.append((name, line))
        lines[name] = line
        if isinstance(value, yaml.ScalarNode) and value.style in {"|", ">"}:
            blocks.add(name)
        if isinstance(value, yaml.MappingNode):
            twice += _walk(value, f"{name}.", lines, blocks)
        if isinstance(value, yaml.SequenceNode):
            lines |= {f"{name}.{i}": item.start_mark.line + 1 for i, item in enumerate(value.value)}
    return twice
