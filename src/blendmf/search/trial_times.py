"""When each trial of a search ran, in the logs of its jobs.

Files of results have no times, so that equal searches give equal files; logs may.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from blendmf.common.files import read_text

LINE = re.compile(r"^trial (\d+) ran from (\S+) to (\S+)$", re.MULTILINE)

Times = tuple[datetime, datetime]
"""Start and end, with their time zone."""


def time_line(number: int, start: datetime, end: datetime) -> str:
    """Line of a log about one trial."""
    return f"trial {number} ran from {start.isoformat()} to {end.isoformat()}"


def read_times(logs: Iterable[Path]) -> dict[int, Times]:
    """Times by trial from the logs of a search; those of the last line if it has several."""
    found: dict[int, Times] = {}
    for log in logs:
        for number, start, end in LINE.findall(read_text(log)):
            found[int(number)] = datetime.fromisoformat(start), datetime.fromisoformat(end)
    return found
