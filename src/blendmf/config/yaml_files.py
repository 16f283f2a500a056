"""Settings as YAML: errors in files that parsing hides, and settings written for people."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from blendmf.common.errors import UserError


class ShownSettings(dict[str, Any]):
    r"""Settings that are written as YAML where they are shown as text.

    Snakemake writes the parameters of jobs into the scripts of its report without escaping them, so
    the text has no ``<``, which could end the script: it is written ``\u003c``.
    """

    def __str__(self) -> str:
        text: str = yaml.safe_dump(dict(self), sort_keys=False, allow_unicode=True)
        return text.replace("<", r"\u003c")


def refuse_repeated_keys(files: Iterable[Path]) -> None:
    """Raise a `UserError` that names every repeated key of a mapping.

    YAML parsers silently keep the last value. Files that cannot be parsed are ignored here.
    """
    problems = []
    for file in files:
        try:
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        problems += [f"{file}, {problem}" for problem in _repeated(root)]
    if problems:
        raise UserError("\n".join(problems))


def _repeated(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for element in node.value:
            yield from _repeated(element)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in first:
                yield f"line {line}: {key.value} is given on line {first[key.value]} already"
            first[str(key.value)] = line
            yield from _repeated(value)
