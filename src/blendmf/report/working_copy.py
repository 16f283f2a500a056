"""The state of the code that a run was made with, as git knows it."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit of a working copy, and what in it no commit has; None outside a repository.

    Returns
    -------
    dict
        ``commit`` and ``dirty``; where that is true also ``changed``, the files that differ or are
        new, ignored ones aside, and ``changes_sha256``, of the difference from the commit and of
        the new files: equal for equal code.
    """
    commit, root = (_git(folder, "rev-parse", what) for what in ("HEAD", "--show-toplevel"))
    if commit is None or root is None:
        return None
    top = Path(root.decode().strip())
    new = _paths(top, "ls-files", "--others", "--exclude-standard", "-z")
    changed = sorted({*new, *_paths(top, "diff", "--name-only", "-z", "HEAD")})
    state: dict[str, Any] = {"commit": commit.decode().strip(), "dirty": bool(changed)}
    if changed:
        digest = hashlib.sha256(_git(top, "diff", "--binary", "--no-ext-diff", "HEAD") or b"")
        for name in new:
            path = top / name
            content = path.read_bytes() if path.is_file() else b""
            digest.update(b"\0".join([b"", name.encode(), content]))
        state |= {"changed": changed, "changes_sha256": digest.hexdigest()}
    return state


def _paths(folder: Path, *arguments: str) -> list[str]:
    listed = (_git(folder, *arguments) or b"").decode().split("\0")
    return sorted(path for path in listed if path)


def _git(folder: Path, *arguments: str) -> bytes | None:
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return done.stdout if done.returncode == 0 else None
