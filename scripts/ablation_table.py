"""Write the ablation study of the content as a table, a figure and an HTML page."""

from functools import partial

import pandas as pd

from blendmf.common.files import read_json, read_text, write_csv, write_json, write_text
from blendmf.common.job_log import job
from blendmf.data.tables import read_table
from blendmf.report.figure_files import write_figure
from blendmf.report.figures.ablation import plot_ablation
from blendmf.report.pages.study import study_page
from blendmf.report.pages.tables import shown_table
from blendmf.studies.ablation import ablation, findings

COLUMNS = ["user_id", "n_ratings", "squared_error"]

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    found = ablation(
        params.variants_of_fits,
        [read_table(path, COLUMNS) for path in source.per_user],
        params.variants,
        read_json(source.content),
        params.evaluation["bootstrap_resamples"],
        params.seed,
    )
    write_csv(output.table, found.table)
    write_json(output.placebos, found.placebos._asdict() if found.placebos else None)
    text = " ".join(["What each part of the content contributes.", *findings(found)])
    figure = partial(plot_ablation, found.table)
    write_figure(output.figure, figure, text, params.report["figures"])
    shown: pd.DataFrame = found.table[found.table["role"] != "placebo"]
    page = study_page(
        "Content taken away",
        shown_table(shown, "Variants without a part of the content", file=output.table),
        text="ablation-table",
        findings=[*findings(found), "Placebos are in the file and in the figure."],
        drawing=read_text(output.figure),
        drawing_text="ablation",
    )
    write_text(output.page, page)
