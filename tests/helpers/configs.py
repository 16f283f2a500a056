"""Configurations: the default experiment with overrides."""

import copy
from pathlib import Path
from typing import Any, TypeVar

import yaml

from blendmf.config.checks import experiment
from blendmf.config.experiment import Experiment
from blendmf.config.fields import Settings

Changed = TypeVar("Changed", bound=Settings)

ROOT = Path(__file__).parents[2]
DEFAULT: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Merge `changes` into `base` as Snakemake merges several --configfile arguments."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def experiment_with(changes: dict[str, Any] | None = None) -> Experiment:
    """The default experiment with overrides."""
    return experiment(merged(DEFAULT, changes or {}))


def changed(settings: Changed, **changes: Any) -> Changed:
    """Copy of some settings with some fields replaced."""
    return settings.model_copy(update=changes)
