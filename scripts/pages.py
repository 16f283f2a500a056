"""Write tables and facts of a run as pages of its report."""

import pandas as pd

from blendmf.common.files import read_json, write_text
from blendmf.common.job_log import job
from blendmf.report.html_pages import facts_page, table_page

with job(snakemake.log[0], asked=snakemake.resources):
    source, output = snakemake.input, snakemake.output
    tables = {
        "table": "All models",
        "differences": "Differences between models, paired over users",
        "rank_sweep": "Truncated SVD and matrix factorisation by rank",
    }
    for name, title in tables.items():
        page = table_page(pd.read_csv(source[name]), title, file=source[name])
        write_text(output[name], page)
    for path, best, page in zip(source.trials, source.best, output.trials, strict=True):
        found = read_json(best)
        title, note = f"Trials of {found['model']}", f"value: {found['score']}."
        write_text(page, table_page(pd.read_csv(path), title, file=path, note=note))
    audit = read_json(source.leakage)
    findings = pd.DataFrame([{"what": what, **finding} for what, finding in audit.items()])
    title = "Future information in the training part"
    write_text(output.leakage, table_page(findings, title, file=source.leakage))
    facts = read_json(source.source)
    title = f"Source of {facts['name']}"
    write_text(output.source, facts_page(facts, title, file=source.source))
