"""Finished steps of a search, which outlive an interruption of their job."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from blendmf.common.files import PathLike, file_digest, replacing

DIGEST_BYTES = hashlib.sha256().digest_size


class FinishedSteps:
    """Copies of the files of a job's finished steps.

    Snakemake deletes all output of a job that is interrupted. A hidden copy of each finished
    file remains, and the next attempt begins after it, if it has the same input, parameters and
    code. The copies are deleted when all steps are finished.

    Parameters
    ----------
    outputs : sequence of path
        The files of the steps, in their order.
    inputs : iterable of path
        The files that the steps depend on.
    params : object
        What else they depend on, as JSON; the digest of the code is among it.
    """

    def __init__(
        self, outputs: Sequence[PathLike], inputs: Iterable[PathLike], params: Any
    ) -> None:
        self._paths = [Path(output) for output in outputs]
        given = [[file_digest(path) for path in inputs], params]
        self._key = json.dumps(given, sort_keys=True, default=str).encode()

    def keep(self, output: PathLike) -> None:
        """Copy a finished file."""
        content = Path(output).read_bytes()
        with replacing(_copy(output)) as temporary:
            temporary.write_bytes(self._digest(content) + content)

    def restore(self, output: PathLike) -> bool:
        """Write a file from its copy; False if there is none, or one of another job."""
        try:
            kept = _copy(output).read_bytes()
        except FileNotFoundError:
            return False
        digest, content = kept[:DIGEST_BYTES], kept[DIGEST_BYTES:]
        if digest != self._digest(content):
            return False
        with replacing(output) as temporary:
            temporary.write_bytes(content)
        print(f"{Path(output).name} of {Path(output).parent.name}: found from an interrupted job")
        return True

    def discard(self) -> None:
        """Delete all copies."""
        for path in self._paths:
            _copy(path).unlink(missing_ok=True)

    def _digest(self, content: bytes) -> bytes:
        return hashlib.sha256(self._key + b"\0" + content).digest()


def _copy(output: PathLike) -> Path:
    path = Path(output)
    return path.with_name(f".{path.name}.finished")
