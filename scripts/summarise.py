"""Tell the outcome of the run in words."""

import pandas as pd

from blendmf.files import read_json, write_text
from blendmf.log import job
from blendmf.summarise import Results, summarise

with job(snakemake.log[0]):
    source, params = snakemake.input, snakemake.params
    results = Results(
        table=pd.read_csv(source.table),
        metrics=pd.read_csv(source.metrics),
        differences=pd.read_csv(source.differences),
        rank_sweep=pd.read_csv(source.rank_sweep),
        best=[read_json(path) for path in source.best],
        source=read_json(source.source),
        split=read_json(source.split),
        leakage=read_json(source.leakage),
        models=params.models,
        evaluation=params.evaluation,
        published=params.published,
    )
    write_text(snakemake.output[0], summarise(results, snakemake.wildcards.dataset))
