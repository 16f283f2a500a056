"""Index users and items, and build the sparse matrices."""

from blendmf.common.files import write_arrays, write_json, write_sparse
from blendmf.common.job_log import job
from blendmf.data.matrices import matrices
from blendmf.data.tables import read_table, write_table

with job(snakemake):
    source, output = snakemake.input, snakemake.output
    columns = ["user_id", "item_id", "rating", "timestamp"]
    parts = (source.train, source.validation, source.test)
    tables = (read_table(path, columns) for path in parts)
    built = matrices(*tables, read_table(source.items_table))
    write_sparse(output.train, built.train)
    write_sparse(output.validation, built.validation)
    write_sparse(output.test, built.test)
    write_arrays(output.times, built.times)
    write_table(output.user_index, built.users)
    write_table(output.item_index, built.items)
    write_json(output.index, built.index_facts)
