import pytest

from blendmf.resources.forecast import forecast
from configs import DEFAULT


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return list(forecast(DEFAULT, [10**6, 10**8, 10**9, 10**10]))


def test_memory_and_time_increase_with_the_ratings(lines: list[str]) -> None:
    for line in lines[2:]:
        _, *cells = line.strip("| ").split(" | ")
        memory = [float(cell.split(" / ")[0].replace(",", "")) for cell in cells]
        minutes = [cell.split(" / ")[1].replace(",", "") for cell in cells]
        assert memory == sorted(memory), line
        known = [float(text) for text in minutes if text != "< 1"]
        assert minutes == ["< 1"] * (len(minutes) - len(known)) + [f"{m:.0f}" for m in known]
        assert known == sorted(known), line
