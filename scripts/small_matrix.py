"""Compare gradient methods with truncated SVD on a 3 x 3 matrix."""

from blendmf.files import write_csv
from blendmf.log import job
from blendmf.small_matrix import small_matrix

with job(snakemake.log[0]):
    study = small_matrix(**snakemake.params.small_matrix, seed=snakemake.params.seed)
    write_csv(snakemake.output.errors, study.errors)
    write_csv(snakemake.output.curves, study.curves)
    write_csv(snakemake.output.completion, study.completion)
