"""Write the manifest of the run."""

from pathlib import Path

from blendmf.common.files import read_json, write_json
from blendmf.common.job_log import job
from blendmf.report.manifest import manifest

with job(snakemake):
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    facts = manifest(
        Path(output[0]),
        files=[Path(path) for path in source.files],
        source=read_json(source.source),
        fits=[read_json(path) for path in source.fits],
        config=params.config,
        benchmarks=[Path(path) for path in source.benchmarks],
        project=Path(snakemake.scriptdir).parent,
    )
    write_json(output[0], facts)
