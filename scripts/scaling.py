"""Collect the time and memory of every rule by number of ratings."""

from functools import partial
from pathlib import Path

from blendmf.common.files import read_text, write_csv, write_text
from blendmf.common.job_log import job
from blendmf.report.figure_files import write_figure
from blendmf.report.figures.scaling import plot_scaling, scaling_text
from blendmf.report.pages.study import study_page
from blendmf.report.pages.tables import shown_table
from blendmf.resources.usage import scaling

with job(snakemake):
    source, output = snakemake.input, snakemake.output
    ratings = {name: size["ratings"] for name, size in snakemake.params.scale.items()}
    jobs = zip(map(Path, source.benchmarks), map(Path, source.logs), strict=True)
    table = scaling(jobs, ratings)
    write_csv(output.rules, table)
    title = "Time and memory of every rule by number of ratings"
    figure, formats = partial(plot_scaling, table), snakemake.params.report["figures"]
    write_figure(output.figure, figure, scaling_text(table), formats)
    page = study_page(
        title,
        shown_table(table, "Each rule, model and data set", file=output.rules),
        text="scaling-table",
        drawing=read_text(output.figure),
        drawing_text="scaling",
    )
    write_text(output.page, page)
