"""Paths of the files that the jobs of an experiment write: fits, searches, benchmarks.

Paths contain the placeholder ``{dataset}``.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import ceil

from blendmf.config.experiment import Experiment
from blendmf.config.models import Entry, TrainedEntry

ONE_JOB_RATINGS = 10**6
"""On smaller data sets one job runs a model's search, and one fits it from all seeds, because
starting a job takes longer than a fit."""


@dataclass(frozen=True)
class WorkflowFiles:
    """Files of an experiment's jobs.

    Attributes
    ----------
    experiment : Experiment
    n_ratings : int
        Expected number of ratings of its largest data set.
    root : str
        Folder of a data set's results.
    """

    experiment: Experiment
    n_ratings: int
    root: str = "results/{dataset}"

    @property
    def one_job_per_model(self) -> bool:
        """Whether one job runs a model's search, and one job its fits from all seeds."""
        return self.experiment.search.shards == 1 and self.n_ratings < ONE_JOB_RATINGS

    @property
    def generations(self) -> int:
        """Number of generations of a search."""
        search = self.experiment.search
        return ceil(search.trials / search.trials_per_generation)

    @property
    def search_steps(self) -> list[str]:
        """Steps of a search in order: its generations, then the repeated fits of its finalists."""
        return [*(f"generation-{number}" for number in range(self.generations)), "finalists"]

    @property
    def trained(self) -> list[str]:
        """Names of the models that are trained by epochs."""
        return [name for name, entry in self.experiment.models.items() if entry.is_trained]

    def fits(self, pattern: str, models: Collection[str] | None = None) -> list[str]:
        """One path per fit of the models (default: all); `pattern` has ``{model}``, ``{seed}``."""
        return [
            f"{self.root}/{pattern.format(model=model, seed=seed)}"
            for model, seed in self.model_seeds(models)
        ]

    def chain_jobs(self, entry: Entry) -> int:
        """Number of jobs that fit one chain of a model each; 0 if one job fits the model."""
        n_chains = entry.training.chains if isinstance(entry, TrainedEntry) else 1
        return 0 if self.one_job_per_model or n_chains == 1 else n_chains

    def model_seeds(self, models: Collection[str] | None = None) -> list[tuple[str, int]]:
        """Model and seed of every fit, by model."""
        return [
            (name, seed)
            for name, entry in self.experiment.models.items()
            if models is None or name in models
            for seed in entry.seeds(self.experiment.seeds)
        ]

    def of_searched(self, pattern: str) -> list[str]:
        """One path per searched model."""
        return [f"{self.root}/{pattern.format(model=name)}" for name in self.experiment.searched]

    def shards(self, model: str, steps: Collection[str]) -> list[str]:
        """Files of all shards of some steps of a model's search."""
        return [
            f"{self.root}/search/{model}/{step}/shard-{shard}.jsonl"
            for step in steps
            for shard in range(self.experiment.search.shards)
        ]

    def generation_shards(self, model: str) -> list[str]:
        """Files with all trials of a model's search."""
        return self.shards(model, self.search_steps[:-1])

    def benchmarks(self, before_manifest: bool = False) -> list[str]:
        """Benchmark files of all jobs of a data set, or of those that the manifest needs."""
        return [f"{self.root}/benchmarks/{job}.tsv" for job in self._jobs(before_manifest)]

    def _jobs(self, before_manifest: bool) -> Iterator[str]:
        models, searched = self.experiment.models, self.experiment.searched
        yield from ("fetch", "import_tables", "split", "leakage", "fitted_on", "matrices")
        yield from ("content", "rank_sweep", "compare")
        for model in searched:
            if self.one_job_per_model:
                yield f"search/{model}"
            else:
                for step in self.search_steps:
                    for shard in range(self.experiment.search.shards):
                        yield f"search/{model}/{step}-shard-{shard}"
            yield f"select_best/{model}"
        for model, entry in models.items():
            if self.one_job_per_model and entry.stochastic:
                yield f"train/{model}"
                continue
            for seed in entry.seeds(self.experiment.seeds):
                yield f"train/{model}/seed-{seed}"
                for chain in range(self.chain_jobs(entry)):
                    yield f"train/{model}/seed-{seed}-chain-{chain}"
        for model in models:
            yield f"evaluate/{model}"
        if not before_manifest:
            yield from ("figures", "summarise", "manifest")
            if searched:
                yield "importances"
            if choices := self.experiment.recommendations.choices:
                yield from ("final_content", "explorer")
            for choice in choices:
                yield from (f"final/{choice}", f"recommend/{choice}")
