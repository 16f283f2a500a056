"""What Snakemake hands to a rule's script, made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ScriptJob:
    """A job with a log, and with the files and requests that a test gives it."""

    path: Path
    input: Sequence[str] = ()
    output: Sequence[str] = ()
    resources: Mapping[str, Any] = field(default_factory=dict)

    @property
    def log(self) -> list[str]:
        return [str(self.path)]
