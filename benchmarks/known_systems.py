"""Entries of ``known-answers.yaml``: systems whose figures are known, and how they came about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.accuracy import Evaluation
from benchmarks.problem import Problem
from benchmarks.protocols import Tables, random_folds, temporal_split
from benchmarks.systems import OWN_DISTRIBUTION, System

OWN_ADAPTER = "blendmf_model.py"

Tolerance = Mapping[str, float]


@dataclass(frozen=True)
class Counterpart:
    """A model of this project with the settings of a published system.

    Attributes
    ----------
    settings : mapping
        As in an entry of ``models`` in the configuration.
    tolerance : mapping
        Largest difference from the published system in the same run, by metric; ``predictions``
        is the root mean square difference of all predictions.
    epochs : tuple of int
    orders : int
        In how many random orders of the training ratings both systems are fitted, each with a
        seed of its own, the figures being means; 0 is once, in the order in which they come.
    remark : str
        What is not the same.
    """

    settings: Mapping[str, Any]
    tolerance: Tolerance
    epochs: tuple[int, ...] = (0,)
    orders: int = 0
    remark: str = ""

    @classmethod
    def of_entry(
        cls, entry: Mapping[str, Any], tolerances: Mapping[str, Tolerance]
    ) -> "Counterpart":
        """Read an entry of the file."""
        epochs = tuple(entry.get("epochs", cls.epochs))
        return cls(**{**entry, "epochs": epochs, "tolerance": tolerances[entry["tolerance"]]})

    @property
    def system(self) -> System:
        """The model as a system to be run."""
        name = f"blendmf {self.settings['kind']}"
        return System(
            name, OWN_DISTRIBUTION, OWN_ADAPTER, self.settings, self.epochs, remark=self.remark
        )


@dataclass(frozen=True)
class KnownSystem:
    """A system, what is published of it, and what this project has beside it.

    Attributes
    ----------
    system : System
    published : mapping of mappings
        By data set and metric.
    tolerance : mapping
        Largest difference from the published figures, by metric.
    words : mapping
        What the items' content is made of, where the system uses it, by data set.
    slow : bool
    counterpart : Counterpart, optional
    """

    system: System
    published: Mapping[str, Mapping[str, float]]
    tolerance: Tolerance
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    slow: bool = False
    counterpart: Counterpart | None = None

    @classmethod
    def of_entry(
        cls, entry: Mapping[str, Any], tolerances: Mapping[str, Tolerance]
    ) -> "KnownSystem":
        """Read an entry of the file; tolerances are given there by name."""
        own = ("published", "tolerance", "words", "slow", "counterpart")
        system = System.of_entry({key: entry[key] for key in entry if key not in own})
        told = {key: entry[key] for key in own if key in entry}
        told["tolerance"] = tolerances[entry["tolerance"]]
        if beside := entry.get("counterpart"):
            told["counterpart"] = Counterpart.of_entry(beside, tolerances)
        return cls(system, **told)


@dataclass(frozen=True)
class Protocol:
    """How figures came about that are known.

    Attributes
    ----------
    name, source : str
        The protocol's name, and who published the figures.
    clipped_to : mapping
        Range that predictions are cut to before anything is measured, by data set.
    systems : sequence of KnownSystem
    evaluation : Evaluation
    split : mapping, optional
        The configuration's `split` block.
    content : mapping, optional
        The configuration's `content` block, without what a system's `words` say.
    folds : int, optional
        Number of random folds; figures are means over them.
    """

    name: str
    source: str
    clipped_to: Mapping[str, tuple[float, float]]
    systems: Sequence[KnownSystem]
    evaluation: Evaluation
    split: Mapping[str, Any] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)
    folds: int | None = None

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any], tolerances: Mapping[str, Tolerance]) -> "Protocol":
        """Read an entry of the file."""
        systems = [KnownSystem.of_entry(system, tolerances) for system in entry["systems"]]
        return cls(**{**entry, "systems": systems, "evaluation": Evaluation(**entry["evaluation"])})

    def problems(self, tables: Tables, words: Mapping[str, Any] | None, seed: int) -> list[Problem]:
        """What a system is fitted to, one problem or one for each fold."""
        if self.folds is not None:
            return random_folds(tables, self.folds, seed)
        content = None if words is None else {**self.content, **words}
        return [temporal_split(tables, self.split, content)]
