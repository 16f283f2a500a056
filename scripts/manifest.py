"""Write down what the run was made from and on."""

from pathlib import Path

from blendmf.files import read_json, write_json
from blendmf.log import job
from blendmf.manifest import manifest

with job(snakemake.log[0]):
    source, params = snakemake.input, snakemake.params
    facts = manifest(
        Path(snakemake.output[0]),
        files=[Path(path) for path in source.files],
        source=read_json(source.source),
        fits=[read_json(path) for path in source.fits],
        config=params.config,
        benchmarks=[Path(path) for path in params.benchmarks],
        repository=Path(snakemake.scriptdir),
    )
    write_json(snakemake.output[0], facts)
