"""A tar archive in memory."""

import io
import tarfile


def tarred(content: bytes, compression: str = "") -> bytes:
    """The archive of a file ``ratings.csv``, perhaps compressed (``gz``, ``bz2``, ``xz``)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        member = tarfile.TarInfo("ratings.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
