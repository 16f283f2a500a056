# What the report shows.

# Title of each result by category and by the name of its caption.
REPORT = {
    "1 Data": {
        "source": "Data source and what was dropped",
        "ratings": "Ratings and their long tail",
        "leakage": "Leakage audit of the split",
        "fitted-on": "What was fitted on which part",
    },
    "2 Comparison": {
        "outcome": "The outcome in words, as text",
        "outcome-figures": "The figures of the outcome",
        "comparison-table": "All models, table",
        "comparison": "All models, drawn",
        "differences-table": "Differences between models",
        "differences": "Differences from plain factorisation, drawn",
        "cold-start": "Error by training ratings of the item",
        "strata": "Errors and lists by user history and year",
    },
    "3 Search and training": {
        "learning-curves": "Learning curves",
        "search": "Search history and importances",
        "trials-table": "All trials",
    },
    "4 Truncated SVD": {
        "rank-sweep-table": "Rank sweep, table",
        "rank-sweep": "Rank sweep, drawn",
        "small-matrix-table": "Small matrix, table",
        "small-matrix": "Small matrix, drawn",
    },
    "5 Recommendations": {"recommendations": "Best unrated items of every user"},
    "6 Manifest": {
        "manifest": "Everything needed to regenerate this report",
        "usage": "Memory and time, requested and used",
    },
    "7 Audit of the protocol": {
        "audit-table": "The same models under several protocols",
        "audit": "The same, drawn",
    },
    "7 Cross-validation": {"folds-table": "All models over all folds"},
    "7 Scale": {
        "scaling-table": "Time and memory of every rule, table",
        "scaling": "Time and memory of every rule, drawn",
    },
    "8 Ablation of the content": {
        "ablation-table": "Content taken away, and placebos",
        "ablation": "The same, drawn",
    },
}


def shown(path: str, caption: str, **labels: str):
    """A file that the report shows; `caption` is its name in `REPORT`."""
    category = next(name for name, results in REPORT.items() if caption in results)
    return report(
        path,
        caption=f"../report/{caption}.rst",
        category=category,
        labels={"result": REPORT[category][caption], **labels},
    )


def figure(name: str):
    return shown(f"{DATASET}/figures/{name}.svg", name)


def other_forms(*figures: str) -> list[str]:
    """Files of figures that the report does not list: for phones, and formats for papers."""
    formats = ["svg", *config["report"]["figures"]]
    return [
        f"{path.removesuffix('.svg')}{'-narrow' if form == 'svg' else ''}.{form}"
        for path in figures
        for form in formats
    ]


def chart_forms(*charts: str) -> list[str]:
    """The same for charts: their specifications, for pages and phones, and formats for papers."""
    forms = [
        ".json",
        "-narrow.json",
        *(f".{form}" for form in config["report"]["figures"]),
    ]
    return [f"{path.removesuffix('.svg')}{form}" for path in charts for form in forms]


def shown_of_data_set() -> list[str]:
    """Everything that the report shows of a data set, the usage of its jobs aside."""
    choices = EXPERIMENT.recommendations.choices
    return [
        f"{DATASET}/figures/comparison.svg",
        *(f"{DATASET}/recommendations/{choice}.html" for choice in choices),
        f"{DATASET}/comparison/table.html",
        f"{DATASET}/split/fitted-on.html",
        f"{DATASET}/comparison/outcome.rst",
        f"{DATASET}/manifest.html",
    ]


def report_files() -> list[str]:
    """Everything that the report shows."""
    return [
        "results/small-matrix/convergence.svg",
        *(["results/scale/rules.svg"] if EXPERIMENT.scale else []),
        *expand([*shown_of_data_set(), f"{DATASET}/usage.html"], dataset=DATA_SETS),
    ]
