"""Machine code of kernels on disk, which is checked before it is used.

A damaged, foreign or unwritable cache costs the time to compile and nothing else: a file whose
digest does not hold is compiled anew and overwritten, and one that cannot be written is left out.
"""

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from blendmf.common.files import replacing

IN_PACKAGE = Path(__file__).parent / "__pycache__"

DIGEST_BYTES = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Folder of the machine code.

    It is below the folder of the environment variable ``NUMBA_CACHE_DIR``, if set. Otherwise it is
    in the package, or in the user's cache folder if the package cannot be written.
    """
    if configured := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(configured) / "blendmf"
    if os.access(IN_PACKAGE if IN_PACKAGE.exists() else IN_PACKAGE.parent, os.W_OK):
        return IN_PACKAGE
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "blendmf"


class KernelCache(_Cache):  # type: ignore[misc]
    """Cache of one kernel for Numba's dispatcher, with a file for each signature.

    Parameters
    ----------
    name : str
        Name of the kernel, which must differ between sources, compilers and processors.
    """

    def __init__(self, name: str) -> None:
        self._name, self._enabled = name, True

    @property
    def cache_path(self) -> str:
        """The folder of the files."""
        return str(cache_folder())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Compiled kernel of a signature; None if there is none that can be used."""
        target_context.refresh()
        try:
            content = self._path(sig, target_context.codegen()).read_bytes()
        except OSError:
            return None
        digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if not self._enabled or hashlib.sha256(code).digest() != digest:
            return None
        # Whoever can write a file with its digest can also write the package.
        return CompileResult._rebuild(target_context, *pickle.loads(code))  # noqa: S301

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled kernel, if possible."""
        code = dumps(data._reduce())
        try:
            with replacing(self._path(sig, data.codegen)) as temporary:
                temporary.write_bytes(hashlib.sha256(code).digest() + code)
        except OSError:
            return

    def enable(self) -> None:
        """Load kernels."""
        self._enabled = True

    def disable(self) -> None:
        """Load no kernels."""
        self._enabled = False

    def flush(self) -> None:
        """Delete the files of this kernel."""
        for path in cache_folder().glob(f"{self._name}-*.kernel"):
            path.unlink(missing_ok=True)

    def _path(self, sig: Any, codegen: Any) -> Path:
        key = repr((sig, codegen.magic_tuple()))
        digest = hashlib.sha256(key.encode()).hexdigest()[:12]
        return cache_folder() / f"{self._name}-{digest}.kernel"
