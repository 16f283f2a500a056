import io

import pytest

from snakemake_logger_plugin_blendmf.screen import BOLD, CLEAR, RESET, Screen, bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    return Terminal()


def test_a_file_gets_lines_as_they_are_and_no_live_line() -> None:
    file = io.StringIO()
    screen = Screen(file)
    screen.live("3 of 4")
    screen.line("word " * 20, BOLD)
    assert file.getvalue() == "word " * 20 + "\n"


def test_a_dumb_terminal_counts_as_a_file(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not Screen(terminal).is_terminal


def test_the_live_line_stays_below_lines_and_is_cut_to_the_width(terminal: Terminal) -> None:
    screen = Screen(terminal)
    screen.live("x" * 50)
    screen.line("done", BOLD)
    live = f"{CLEAR}{'x' * 28}\N{HORIZONTAL ELLIPSIS}"
    assert terminal.getvalue() == f"{live}{CLEAR}{BOLD}done{RESET}\n{live}"


def test_long_lines_are_broken_between_words_on_a_terminal(terminal: Terminal) -> None:
    Screen(terminal, colour=False).line("a-long-word " * 4)
    assert terminal.getvalue() == "a-long-word a-long-word\n  a-long-word a-long-word\n"


def test_a_reader_that_has_left_does_not_end_the_run() -> None:
    class Left(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    Screen(Left()).line("text")


@pytest.mark.parametrize(("share", "filled"), [(-1, 0), (0, 0), (0.5, 6), (1, 12), (2, 12)])
def test_the_bar_is_filled_to_its_share(share: float, filled: int) -> None:
    assert bar(share) == f"[{'#' * filled}{'.' * (12 - filled)}]"
