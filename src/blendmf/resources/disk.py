"""Disk that a job fills, with its scratch files."""

from blendmf.resources.job import Job

MB = 10**6

BYTES_PER_RATING = {"fetch": 16, "import_tables": 16, "split": 16, "matrices": 12}
"""Of what a rule writes, about twice what was measured; Parquet with zstd, or CSR arrays."""

COPIES_OF_TEXT = 2
"""Raw text lies on disk twice while it is unpacked: in its archive and beside it."""

LEAST_MB = 50


def written_mb(rule: str, job: Job) -> float:
    """Megabytes that a rule's job writes.

    Raises
    ------
    KeyError
        If the rule writes so little that it asks for no disk.
    """
    text = COPIES_OF_TEXT * job.size.text_bytes if rule == "fetch" else 0
    return LEAST_MB + (BYTES_PER_RATING[rule] * job.size.ratings + text) / MB
