# What a run makes for people, and what Snakemake's own report shows of it.


def shown(path: str, title: str):
    """A page that Snakemake's report shows too."""
    return report(
        path, caption="../report/page.rst", category=title, labels={"page": title}
    )


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


def made_of_data_set() -> list[str]:
    """Everything that a run makes of a data set before its report."""
    choices = EXPERIMENT.recommendations.choices
    formats = ["svg", *config["report"]["figures"]]
    return [
        *(f"{DATASET}/figures/comparison.{form}" for form in formats),
        *(f"{DATASET}/recommendations/{choice}.csv" for choice in choices),
        *([f"{DATASET}/explorer/explorer.json"] if choices else []),
        f"{DATASET}/comparison/outcome.rst",
        f"{DATASET}/manifest.json",
    ]


def report_files() -> list[str]:
    """The reports of all data sets, what people read with them, and their index."""
    return [
        *(["results/scale/rules.html"] if EXPERIMENT.scale else []),
        "results/index.html",
        *expand([*made_of_data_set(), f"{DATASET}/report.html"], dataset=DATA_SETS),
    ]
