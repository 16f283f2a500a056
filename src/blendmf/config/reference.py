"""The reference of all settings: a page of the documentation, and a JSON schema for editors.

``python -m blendmf.config.reference``, run in the project's folder, rewrites both.
"""

import json
from pathlib import Path
from typing import Any

from blendmf.common.files import write_text
from blendmf.config.experiment import Experiment

PAGE = Path("docs/reference/configuration.md")
SCHEMA = Path("workflow/schemas/config.schema.json")

HEADING = """# Configuration

Every key of the configuration, with its values and its default; written by
`python -m blendmf.config.reference` from the classes in `src/blendmf/config/`. `config.yaml` is the
default experiment with the reasons for its choices. A model reads the keys of its kind only; any
other key is refused.
"""

WORDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def schema() -> dict[str, Any]:
    """JSON schema of a configuration file; an overlay may leave out any block."""
    found = Experiment.model_json_schema()
    # An overlay file names only what it changes, and null removes an entry.
    del found["required"]
    for definition in found["$defs"].values():
        definition.pop("required", None)
    defs = found["$defs"]
    for block in (
        found["properties"]["models"],
        defs["SearchSettings"]["properties"]["space"],
        defs["AuditSettings"]["properties"]["arms"],
    ):
        for values in (block, block.get("patternProperties", {})):
            for key in [key for key in values if key.startswith(("^", "additionalProperties"))]:
                kinds = values[key].get("oneOf", [values[key]])
                values[key] = {"anyOf": [*kinds, {"type": "null"}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def page() -> str:
    """The reference as Markdown: one table for each block and for each kind of model."""
    found = Experiment.model_json_schema()
    defs = found.pop("$defs")
    waiting, titles = [("Top level", found)], {}
    for path, block in waiting:
        for name, field in block["properties"].items():
            key = name if block is found else f"{path}.{name}"
            for inner in _blocks_of(field, defs):
                kind = defs[inner]["properties"].get("kind", {}).get("const")
                title = f"`{key}`, kind `{kind}`" if kind else f"`{key}`"
                if inner not in titles:
                    titles[inner] = title
                    waiting.append((key, defs[inner]))
    sections = [("Top level", found), *((title, defs[name]) for name, title in titles.items())]
    return "\n".join(
        [HEADING, *(_section(title, block, titles, defs) for title, block in sections)]
    )


def _section(
    title: str, block: dict[str, Any], titles: dict[str, str], defs: dict[str, Any]
) -> str:
    lines = [
        f"## {title}\n",
        f"{block['description']}\n",
        "| key | values | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in block["properties"].items():
        if name == "kind":
            continue
        inner = list(dict.fromkeys(titles[found] for found in _blocks_of(field, defs)))
        values = f"see {inner[0] if len(inner) == 1 else 'each kind'}" if inner else ""
        values = values or _values(field, defs)
        default = "" if inner else _default(field, name in block.get("required", ()))
        text = field.get("description", "").replace("|", "\\|")
        lines.append(f"| `{name}` | {values} | {default} | {text} |")
    return "\n".join(lines) + "\n"


def _blocks_of(field: dict[str, Any], defs: dict[str, Any]) -> list[str]:
    """Names of the blocks of settings that a field holds: itself, its values, kinds of model."""
    names: list[str] = []
    for part in (field, *field.get("anyOf", ()), *field.get("oneOf", ())):
        if "$ref" in part:
            names.append(part["$ref"].rpartition("/")[2])
        below = (part.get("items"), part.get("additionalProperties"))
        for values in (*below, *part.get("patternProperties", {}).values()):
            if isinstance(values, dict):
                names += _blocks_of(values, defs)
    return names


def _values(field: dict[str, Any], defs: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return " or ".join(_values(part, defs) for part in field["anyOf"])
    bounds = [f"{word} {field[key]:g}" for key, word in WORDS.items() if key in field]
    kind = field.get("type", "any")
    if kind == "array":
        return f"list of {_values(field.get('items', {}), defs)}"
    name = {"integer": "whole number", "string": "text", "boolean": "true or false"}.get(kind, kind)
    return f"{name} {' and '.join(bounds)}".strip()


def _default(field: dict[str, Any], required: bool) -> str:
    return "required" if required else f"`{json.dumps(field.get('default'))}`"


def main() -> None:
    """Write the page and the schema."""
    write_text(PAGE, page())
    write_text(SCHEMA, json.dumps(schema(), indent=2) + "\n")


if __name__ == "__main__":
    main()
