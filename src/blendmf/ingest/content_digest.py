"""Digest of the contents of one's own files, which decides whether a run fetches them again.

Modification times mislead: `mv`, `cp -p`, `unzip` and `rsync -a` bring other contents with an older
time, and `touch` changes the time alone. Files may be large, so a file is read again only if its
size, inode, modification time or time of change differs from when it was last read. The time of
change is set by the system and cannot be set back.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from blendmf.common.files import file_digest, write_json

SETTLED_SECONDS = 2.0
"""Age of a file from which a later change has another time of change on any file system."""


def content_digest(files: Iterable[str], remembered: Path) -> str | None:
    """Short hash of the names and contents of files; None without files.

    It changes if a file is edited, replaced, renamed, added or removed, and does not if files are
    touched, copied or moved together. `remembered` is a JSON file with the checksums of files read
    earlier; it is updated, or ignored where it cannot be read or written.
    """
    paths = sorted(map(Path, files))
    if not paths:
        return None
    known = _read(remembered)
    found = {str(path.absolute()): _checked(path, known) for path in paths}
    settled = {name: entry for name, entry in found.items() if _is_settled(entry)}
    if any(known.get(name) != entry for name, entry in settled.items()):
        _write(remembered, {**known, **settled})
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        checksum = found[str(path.absolute())]["sha256"]
        digest.update(f"{path.name}\0{checksum}\n".encode())
    return digest.hexdigest()


def _checked(path: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """State and checksum of a file, read only if its state is not the known one."""
    state = _state(path)
    entry = known.get(str(path.absolute()))
    if isinstance(entry, dict) and entry.get("state") == state and "sha256" in entry:
        return entry
    return {"state": state, "sha256": file_digest(path)}


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [
        *(status.st_size, status.st_dev, status.st_ino),
        *(status.st_mtime_ns, status.st_ctime_ns),
    ]


def _is_settled(entry: Mapping[str, Any]) -> bool:
    return bool(entry["state"][-1] < (time.time() - SETTLED_SECONDS) * 1e9)


def _read(remembered: Path) -> dict[str, Any]:
    try:
        known = json.loads(remembered.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(remembered: Path, known: Mapping[str, Any]) -> None:
    try:
        write_json(remembered, {name: known[name] for name in known if Path(name).exists()})
    except OSError:
        return
