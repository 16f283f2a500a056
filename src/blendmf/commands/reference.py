"""The reference of all commands, a page of the documentation.

``python -m blendmf.commands.reference``, run in the project's folder, rewrites it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from blendmf.commands.app import app
from blendmf.common.files import write_text

PAGE = Path("docs/reference/command-line.md")

HEADING = """# Command line

Every command of `blendmf`, with its arguments, options, defaults and examples; written by
`python -m blendmf.commands.reference` from the commands in `src/blendmf/commands/`.
"""

NOT_RUN = "<!-- not run: examples with files of the reader -->"

WORDS = {"path": "path", "str": "text", "int range": "whole number"}
"""Words for kinds of values; other values are choices and placeholders."""


def page() -> str:
    """The reference as Markdown: a section for each command, in the order of the help."""
    program: Any = typer.main.get_command(app)
    # The program itself has options of the completion of the shell only.
    own = "\n".join([_paragraphs(program.help), *_end(program)])
    return "\n".join([HEADING, own, *_sections("blendmf", program)])


def _sections(name: str, group: Any) -> Iterator[str]:
    for command in group.commands.values():
        full_name = f"{name} {command.name}"
        if hasattr(command, "commands"):
            yield f"## {full_name}\n\n{_paragraphs(command.help)}"
            yield from _sections(full_name, command)
        else:
            yield _section(full_name, command)


def _section(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=name)
    level = "#" * name.count(" ")
    usage = command.get_usage(context).removeprefix("Usage: ")
    lines = [f"#{level} {name}\n", _paragraphs(command.help), f"```text\n{usage}\n```\n"]
    for kind in ("argument", "option"):
        rows = [
            _row(*parameter.get_help_record(context))
            for parameter in command.params
            if parameter.param_type_name == kind
        ]
        if rows:
            lines += [f"| {kind} | value | meaning |", "|---|---|---|", *rows, ""]
    return "\n".join([*lines, *_end(command)])


def _row(name_and_value: str, meaning: str) -> str:
    name, _, value = name_and_value.partition(" ")
    choices = filter(None, value.strip("<>").split("|"))
    values = ", ".join(WORDS.get(choice, f"`{choice}`") for choice in choices)
    return f"| `{name}` | {values} | {meaning.replace('  [', ' [')} |"


def _end(command: Any) -> list[str]:
    """Examples and other closing paragraphs of a command's help."""
    examples, *others = command.epilog.split("\n\n")
    _, *lines = (line.strip() for line in examples.splitlines())
    return [NOT_RUN, "```bash", *lines, "```\n", *(f"{text}\n" for text in others)]


def _paragraphs(text: str) -> str:
    return text.strip() + "\n"


def main() -> None:
    """Write the page."""
    write_text(PAGE, page())


if __name__ == "__main__":
    main()
