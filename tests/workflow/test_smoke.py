import io
import json
import re
import zipfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from html import unescape
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from project import ROOT, Project

from blendmf.commands.entry import main

FIGURES = (
    *("cold-start", "comparison", "convergence", "differences"),
    *("rank-sweep", "ratings", "strata"),
)
CHARTS = ("learning-curves", "search")
TABLES = (
    *("models", "differences", "strata", "trials", "rank-sweep"),
    *("small-matrix", "leakage", "fitted-on", "usage"),
)


def globs_of_the_map() -> list[str]:
    """Paths in the tables of results/README.md; `{name}` becomes `*`, `{a,b}` is expanded."""
    globs = []
    for line in (ROOT / "results/README.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## `(results/(?:.+/)?)`", line):
            folder = heading[1].replace("{dataset}", "synthetic")
        elif line.startswith("| `"):
            for path in re.findall("`(.+?)`", line.split(" | ")[0]):
                pieces = re.split(r"\{(.+?)\}", folder + path)
                choices = [
                    piece.split(",") if "," in piece else ["*"] if n % 2 else [piece]
                    for n, piece in enumerate(pieces)
                ]
                globs += ["".join(choice) for choice in product(*choices)]
    return globs


def found(folder: Path, glob: str) -> set[Path]:
    return {
        file
        for path in folder.glob(glob)
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file()
    }


def test_results_readme_lists_exactly_the_files_of_a_run(smoke: Project) -> None:
    globs = globs_of_the_map()
    assert len(globs) > 40
    mapped = {glob: found(smoke.run, glob) for glob in globs}
    assert [glob for glob, files in mapped.items() if not files] == []
    known = set().union(*mapped.values())
    written = {
        file
        for file in found(smoke.run, "results")
        if not {"logs", "benchmarks"} & set(file.relative_to(smoke.run).parts)
        and file.suffix != ".sha256"
    }
    assert written - known == set()
    assert {file.name for file in written if not file.stat().st_size} <= {".snakemake_timestamp"}


def test_every_job_leaves_a_log_and_a_benchmark(smoke: Project) -> None:
    logs = {row["log-file(s)"] for row in smoke.summary()}
    assert len(logs) > 40
    for log in logs:
        benchmark = log.replace("/logs/", "/benchmarks/").removesuffix(".log") + ".tsv"
        assert (smoke.run / log).is_file(), log
        seconds = pd.read_csv(smoke.run / benchmark, sep="\t")["s"]
        assert (seconds > 0).all(), benchmark


def test_memory_requests_cover_usage_and_are_at_most_twice_it(
    smoke: Project,
) -> None:
    usage = pd.read_csv(smoke.run / "results/synthetic/usage.csv", keep_default_na=False)
    jobs = {row["log-file(s)"] for row in smoke.summary()}
    assert usage["jobs"].sum() == len(jobs) - 3, "all but this table's and the two pages'"
    # Which model is the best is not known when its fit is requested: any of them may be.
    limit = usage["rule"].map({"final": 4}).fillna(2)
    assert usage["asked_by_used"].between(1, limit).all(), usage
    assert (usage["used_minutes"] < usage["asked_minutes"]).all(), usage


def test_metrics_are_finite_and_in_range(smoke: Project) -> None:
    files = sorted(smoke.run.glob("results/synthetic/evaluation/*/seed-*/metrics.json"))
    scores = [json.loads(file.read_text()) for file in files]
    fits = [(score["model"], score["seed"]) for score in scores]
    trained_twice = [
        (model, seed) for model in ("mf", "mf-content", "bayes-content") for seed in (1, 2)
    ]
    fitted_once = [(model, 1) for model in ("bias", "popularity", "pure-svd", "svd")]
    assert sorted(fits) == sorted([*fitted_once, *trained_twice])
    for score in scores:
        for protocol in ("rated", "full"):
            block = score[protocol]
            shares = {name: value for name, value in block.items() if "_at_" in name}
            assert len(shares) >= 6
            assert all(0 <= value <= 1 for value in shares.values()), (score["model"], shares)
            assert 0 < block["n_users_with_relevant"] <= block["n_users"] <= 120
        assert 0 < score["full"]["coverage"] <= 1
        assert (score["rating"] is None) == (score["model"] in ("popularity", "pure-svd"))
        if score["rating"]:
            assert 0 < score["rating"]["mae"] <= score["rating"]["rmse"] < 2


def test_every_statistic_was_fitted_on_the_expected_part(smoke: Project) -> None:
    table = pd.read_csv(smoke.run / "results/synthetic/split/fitted-on.csv")
    assert table.loc[~(table["recomputed_equal"] & table["as_expected"]), "stored_in"].empty
    without_drift = table[table["statistic"] == "training mean without drift"]
    assert set(without_drift["stored_in"].str.split("/").str[3]) == {"mf", "mf-content"}
    assert (table["statistic"] == "times of ratings").sum() == 3


def test_the_comparison_has_every_model_and_intervals_contain_the_mean(smoke: Project) -> None:
    table = pd.read_csv(smoke.run / "results/synthetic/comparison/metrics.csv")
    rmse = table[table["metric"] == "rmse"].set_index("model")
    assert set(rmse.index) == {"bias", "svd", "mf", "mf-content", "bayes-content"}
    assert set(table["model"]) == {*rmse.index, "popularity", "pure-svd"}
    assert ((rmse["low"] < rmse["mean"]) & (rmse["mean"] < rmse["high"])).all()
    assert rmse.loc[["mf", "mf-content"], "seed_sd"].gt(0).all()


def test_a_second_run_does_nothing(copy: Project) -> None:
    before = {file: file.stat().st_mtime_ns for file in found(copy.run, "results")}
    assert "Nothing to be done" in copy.succeed("--cores", "2")
    assert {file: file.stat().st_mtime_ns for file in found(copy.run, "results")} == before


def outcome_sentence(smoke: Project) -> str:
    outcome = (smoke.run / "results/synthetic/comparison/outcome.rst").read_text()
    sentence = re.search(r"test RMSE [\d.]+ \(95 % interval [\d.]+ to [\d.]+", outcome)
    assert sentence, outcome
    return sentence[0]


def test_the_report_is_one_page_with_the_outcome_and_every_figure(smoke: Project) -> None:
    page = (smoke.run / "results/synthetic/report.html").read_text(encoding="utf-8")
    assert outcome_sentence(smoke) in unescape(re.sub("<[^>]+>", "", page))
    assert [name for name in FIGURES if f'id="figure-{name}"' not in page] == []
    assert [name for name in CHARTS if f'data-chart="{name}-chart"' not in page] == []
    assert [name for name in TABLES if f'data-table="{name}-data"' not in page] == []


def test_the_index_links_the_pages_of_the_data_set(smoke: Project) -> None:
    index = (smoke.run / "results/index.html").read_text(encoding="utf-8")
    linked = re.findall('class="page" href="(.+?)"', index)
    assert "synthetic/report.html" in linked
    assert [path for path in linked if not (smoke.run / "results" / path).is_file()] == []


def test_snakemakes_own_report_has_the_pages(smoke: Project, tmp_path: Path) -> None:
    smoke.succeed("--report", str(tmp_path / "archive.zip"))
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        assert archive.testzip() is None
        names = [Path(name).name for name in archive.namelist()]
    assert names.count("report.html") == 2, "Snakemake's frame and the page"


def experiments() -> list[str | None]:
    folder = ROOT / "workflow/experiments"
    files = sorted(file for file in folder.glob("*.yaml") if file.name != "own-csv.yaml")
    return [None, *(str(file.relative_to(ROOT)) for file in files)]


@pytest.mark.parametrize("experiment", experiments())
def test_every_experiment_can_be_planned_without_data_or_network(
    experiment: str | None, fresh: Project
) -> None:
    plan = fresh.succeed("--dry-run", experiment=experiment)
    assert re.search(r"^fetch +[1-9]$", plan, re.MULTILINE), plan
    assert not (fresh.run / "results").exists()


def test_own_files_must_be_there_when_a_run_is_planned(fresh: Project) -> None:
    refused = fresh.snakemake("--dry-run", experiment="workflow/experiments/own-csv.yaml")
    assert refused.returncode == 1
    assert "dataset.path: my-films does not exist" in refused.stdout


OWN_FILES = {
    "with a header": ("who;film;stars;when\n", ";", "2011-03-{:02}"),
    "without a header": ("", "::", "13000010{:02}"),
}


@pytest.mark.parametrize(("header", "separator", "time"), OWN_FILES.values(), ids=OWN_FILES.keys())
def test_a_configuration_written_for_own_files_can_be_planned(
    header: str, separator: str, time: str, fresh: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fresh.run)
    folder = Path("my films")
    folder.mkdir()
    rows = [
        (user, item, 1 + (user + item) % 5, time.format(1 + user + item))
        for user in range(5)
        for item in range(8)
    ]
    lines = [separator.join(map(str, row)) for row in rows]
    (folder / "ratings.csv").write_text(header + "\n".join(lines) + "\n")
    (folder / "films.csv").write_text("film,title\n" + "".join(f"{n},Film {n}\n" for n in range(8)))
    files = [str(folder / name) for name in ("ratings.csv", "films.csv")]
    arguments = ["init", *files, "--output", str(fresh.code / "mine.yaml")]
    assert main(arguments) == 0
    plan = fresh.succeed("--dry-run", experiment="mine.yaml")
    assert re.search(r"^fetch +1$", plan, re.MULTILINE), plan


def profiles() -> list[str]:
    """Profiles that do not need a plugin; tests/cluster covers the others."""
    files = (ROOT / "profiles").glob("*/config.yaml")
    folders = sorted(str(file.parent.relative_to(ROOT)) for file in files)
    return [folder for folder in folders if not Path(folder).name.startswith("slurm")]


@pytest.mark.parametrize("profile", profiles())
def test_every_profile_can_plan_a_run(profile: str, fresh: Project) -> None:
    plan = fresh.succeed("--dry-run", "--workflow-profile", str(fresh.code / profile))
    assert re.search(r"^summarise +1$", plan, re.MULTILINE), plan


def test_only_recommendations_depend_on_a_fit_on_all_ratings(smoke: Project) -> None:
    planned = smoke.succeed("--dry-run", "--forcerun", "final")
    rules = set(re.findall(r"^(\w+) +\d+$", planned, re.MULTILINE))
    pages = {"explorer", "usage", "report_page", "index_page"}
    assert rules == {"final", "recommend", *pages, "all", "total"}


def test_nothing_rated_is_recommended(smoke: Project) -> None:
    results = smoke.run / "results/synthetic"
    ratings = pd.read_parquet(results / "data/ratings.parquet")
    recommended = pd.read_csv(results / "recommendations/best.csv")
    assert len(recommended) >= 10 * 0.9 * ratings["user_id"].nunique()
    assert recommended.merge(ratings, on=["user_id", "item_id"]).empty
    final = json.loads((results / "models/final/best/fit.json").read_text())
    table = pd.read_csv(results / "comparison/table.csv")
    assert final["model"] == table["model"][table["rmse"].idxmin()]
    assert final["ratings"] == len(ratings)


def test_the_explorer_shows_the_recommendations_and_errors_of_the_run(smoke: Project) -> None:
    results = smoke.run / "results/synthetic"
    shown = json.loads((results / "explorer/explorer.json").read_text(encoding="utf-8"))
    best = shown["models"][0]["name"]
    recommended = pd.read_csv(results / "recommendations/best.csv")
    users, items = shown["users"]["id"], shown["items"]["id"]
    listed = recommended.groupby("user_id")["item_id"].agg(list)
    found = shown["recommendations"][best]
    assert [[items[n] for n in of_user] for of_user in found["item"]] == listed[users].tolist()
    scores = recommended.groupby("user_id")["score"].agg(list)[users]
    for of_user, of_scores in zip(found["reasons"], scores, strict=True):
        for reasons, score in zip(of_user, of_scores, strict=True):
            parts = sum(amount for kind, _, amount in reasons if kind != "neighbour")
            assert parts == pytest.approx(score, abs=0.01)
    history = shown["history"]
    rated = zip(history["rating"], history["part"], strict=True)
    test = [rating for rating, part in rated if part == "2"]
    for name, predicted in history["predicted"].items():
        metrics = json.loads((results / f"evaluation/{name}/seed-1/metrics.json").read_text())
        squared = sum((a - b) ** 2 for a, b in zip(predicted, test, strict=True))
        assert (squared / len(test)) ** 0.5 == pytest.approx(metrics["rating"]["rmse"], abs=0.002)
        assert len(test) == metrics["rating"]["n_ratings"]


def asked(smoke: Project, *arguments: str) -> str:
    """What a command prints in the folder of the run."""
    printed = io.StringIO()
    with chdir(smoke.run), redirect_stdout(printed), redirect_stderr(printed):
        status = main(list(arguments))
    assert status == 0, printed.getvalue()
    return printed.getvalue()


def table_of(smoke: Project, tmp_path: Path, *arguments: str) -> pd.DataFrame:
    asked(smoke, *arguments, "--output", str(tmp_path / "table.parquet"))
    return pd.read_parquet(tmp_path / "table.parquet")


def test_the_commands_give_the_figures_of_the_run(smoke: Project, tmp_path: Path) -> None:
    results = smoke.run / "results/synthetic"
    models = table_of(smoke, tmp_path, "results")
    pd.testing.assert_frame_equal(
        models.drop(columns="dataset"), pd.read_csv(results / "comparison/table.csv")
    )
    for model in ("mf", "bayes-content"):
        found = table_of(smoke, tmp_path, "export", "predictions", "--model", model)
        metrics = json.loads((results / f"evaluation/{model}/seed-1/metrics.json").read_text())
        squared = (found["rating"].astype(float) - found["predicted_rating"]) ** 2
        assert squared.mean() ** 0.5 == pytest.approx(metrics["rating"]["rmse"], rel=1e-9)
    assert found["rating_low"].notna().all()
    recommended = table_of(smoke, tmp_path, "export", "recommendations")
    written = pd.read_csv(results / "recommendations/best.csv")
    columns = ["user_id", "rank", "item_id"]
    pd.testing.assert_frame_equal(recommended[columns], written[columns])
    assert len(table_of(smoke, tmp_path, "compare", "mf-content", "mf")) > 10


def test_the_explorer_and_the_commands_list_the_same_neighbours(
    smoke: Project, tmp_path: Path
) -> None:
    shown = json.loads((smoke.run / "results/synthetic/explorer/explorer.json").read_text())
    items = shown["items"]
    for number in (0, 7):
        for by in ("factors", "words"):
            near = items[f"near_{by}"][number]
            arguments = ("similar", "--item-id", str(items["id"][number]), "--by", by)
            if not near:
                continue
            found = table_of(smoke, tmp_path, *arguments)
            assert found["item_id"].tolist() == [items["id"][other] for other, _ in near]
            assert found["cosine"].tolist() == [cosine for _, cosine in near]


def test_searches_are_exported_with_the_times_of_their_trials(
    smoke: Project, tmp_path: Path
) -> None:
    printed = asked(smoke, "export", "study", "--output", str(tmp_path / "all.db"))
    found = re.search(r"(\d+) studies with (\d+) trials, (\d+) with times", printed)
    assert found
    assert int(found[1]) >= 1
    assert found[2] == found[3]
