"""Compare gradient methods with truncated SVD on a 3 x 3 matrix."""

from functools import partial

from blendmf.common.files import write_csv
from blendmf.common.job_log import job
from blendmf.report.figure_files import write_figure
from blendmf.report.figures.small_matrix import plot_small_matrix, small_matrix_text
from blendmf.studies.small_matrix import small_matrix

with job(snakemake):
    output = snakemake.output
    study = small_matrix(**snakemake.params.small_matrix, seed=snakemake.params.seed)
    write_csv(output.errors, study.errors)
    write_csv(output.curves, study.curves)
    write_csv(output.completion, study.completion)
    figure = partial(plot_small_matrix, study.curves, study.errors)
    text = small_matrix_text(study.errors)
    write_figure(output.figure, figure, text, snakemake.params.report["figures"])
