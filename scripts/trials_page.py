"""Set the trials of a search as a page of the report."""

import pandas as pd

from blendmf.files import write_text
from blendmf.log import job
from blendmf.pages import table_page

with job(snakemake.log[0]):
    trials = snakemake.input.trials
    title = f"Trials of {snakemake.wildcards.model}"
    write_text(snakemake.output[0], table_page(pd.read_csv(trials), title, file=trials))
