# What a run makes for people, and what Snakemake's own report shows of it.


def shown(path: str, title: str):
    """A page that Snakemake's report shows too."""
    return report(
        path, caption="../report/page.rst", category=title, labels={"page": title}
    )


def made_of_data_set() -> list[str]:
    """Everything that a run makes of a data set before its report."""
    choices = EXPERIMENT.recommendations.choices
    return [
        f"{DATASET}/figures/comparison.svg",
        *(f"{DATASET}/recommendations/{choice}.csv" for choice in choices),
        f"{DATASET}/comparison/outcome.rst",
        f"{DATASET}/manifest.json",
    ]


def report_files() -> list[str]:
    """Reports of all data sets."""
    return [
        *(["results/scale/rules.html"] if EXPERIMENT.scale else []),
        *expand(f"{DATASET}/report.html", dataset=DATA_SETS),
    ]
