"""Settings as YAML: mistakes in files that parsing hides, and settings written for people."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from blendmf.common.errors import UserError
from blendmf.common.wording import shortened

MOST_VALUES = 1_000_000
"""Largest number of values of a file, with its aliases expanded."""


class ShownSettings(dict[str, Any]):
    r"""Settings that are written as YAML where they are shown as text.

    Snakemake writes the parameters of jobs into the scripts of its report without escaping them, so
    the text has no ``<``, which could end the script: it is written ``\u003c``.
    """

    def __str__(self) -> str:
        text: str = yaml.safe_dump(dict(self), sort_keys=False, allow_unicode=True)
        return text.replace("<", r"\u003c")


def refuse_unclear_yaml(files: Iterable[Path]) -> None:
    """Raise a `UserError` that names every repeated key, and nesting and aliases without end.

    YAML parsers silently keep the last value of a repeated key, and an alias of an alias of ... is
    a few lines that mean billions of values. Files that cannot be parsed are ignored here.
    """
    problems = []
    for file in files:
        try:
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
            if root is not None and _size(root, {}) > MOST_VALUES:
                problems.append(f"{file}: its aliases expand to more than {MOST_VALUES:,} values")
                continue
        except RecursionError:
            problems.append(f"{file}: blocks are nested without end; correct it")
            continue
        except (OSError, ValueError, yaml.YAMLError):
            continue
        problems += [f"{file}, {problem}" for problem in _repeated(root)]
    if problems:
        raise UserError("\n".join(problems))


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _size(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """Number of values of a node with all aliases expanded; endless recursion for a circle."""
    if node not in known:
        known[node] = 1 + sum(_size(part, known) for part in _parts(node))
    return known[node]


def _repeated(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for element in node.value:
            yield from _repeated(element)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in first and isinstance(key, yaml.ScalarNode):
                yield f"line {line}: {shortened(name)} is given on line {first[name]} already"
            first[name] = line
            yield from _repeated(value)
