"""Text of a page: what something is, how to read it, what to look out for."""

import re
from collections.abc import Mapping
from typing import Any

from docutils.core import publish_parts
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 4,
    "initial_header_level": 3,
    "syntax_highlight": "none",
    "table_style": "align-left",
}

ENVIRONMENT = Environment(
    loader=PackageLoader("blendmf.report.pages", "texts"),
    autoescape=False,  # noqa: S701 - the result is reStructuredText, which docutils escapes
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)

HEADING = re.compile(r"^(?P<title>[^\n]+)\n-{3,}\n", re.MULTILINE)


def explanation(name: str, config: Mapping[str, Any], **values: Any) -> Markup:
    """The text ``texts/{name}.rst``, filled in with the configuration and other values."""
    template = ENVIRONMENT.get_template(f"{name}.rst")
    return html_of(template.render(config=config, **values))


def has_text(name: str) -> bool:
    """Whether there is a text ``texts/{name}.rst``."""
    return f"{name}.rst" in ENVIRONMENT.list_templates()


def html_of(text: str) -> Markup:
    """HTML of reStructuredText; raw HTML and files are not included."""
    parts = publish_parts(text, writer="html5", settings_overrides=SETTINGS)
    return Markup(parts["body"].replace('<table class="', '<table tabindex="0" class="'))


def sections_of(text: str) -> dict[str, str]:
    """Body of each section of a text, by its title, in order."""
    _, *pieces = HEADING.split(text)
    return {title: body.strip() for title, body in zip(pieces[::2], pieces[1::2], strict=True)}
