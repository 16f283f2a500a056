"""Write the report of a data set as one page."""

from pathlib import Path

from blendmf.common.files import read_csv, read_json, read_text, write_text
from blendmf.common.job_log import job
from blendmf.report.pages.data_set import report_page
from blendmf.report.pages.data_set_parts import ReportFiles

TABLES = ("table", "metrics", "differences", "strata", "groups", "rank_sweep", "fitted_on", "usage")

with job(snakemake):
    source, params = snakemake.input, snakemake.params
    fits: dict[str, list[dict]] = {}
    for model, path in zip(params.fitted, source.fits, strict=True):
        fits.setdefault(model, []).append(read_json(path))
    tables = {name: read_csv(source[name], dtype={"bin": str}) for name in TABLES}
    tables["small_matrix"] = read_csv(source.small_matrix)
    page = report_page(
        ReportFiles(
            dataset=snakemake.wildcards.dataset,
            config=params.config,
            outcome=read_text(source.outcome),
            tables=tables,
            figures={Path(path).stem: read_text(path) for path in source.figures},
            charts={Path(path).stem: read_json(path) for path in source.charts},
            trials=dict(zip(params.searched, map(read_csv, source.trials), strict=True)),
            best=dict(zip(params.searched, map(read_json, source.best), strict=True)),
            fits=fits,
            source=read_json(source.source),
            leakage=read_json(source.leakage),
            manifest=read_json(source.manifest),
            links=params.links,
        )
    )
    write_text(snakemake.output[0], page)
