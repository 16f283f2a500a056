"""Turn what describes the users into features."""

import pandas as pd

from blendmf.common.files import write_sparse
from blendmf.common.job_log import job
from blendmf.data.tables import read_table
from blendmf.data.user_features import user_features

with job(snakemake):
    source = snakemake.input
    ids = pd.Index(read_table(source.user_index)["user_id"])
    write_sparse(snakemake.output.matrix, user_features(read_table(source.users_table), ids))
