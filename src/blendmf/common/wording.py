"""Names, shares and p-values as pieces of a sentence."""

from collections.abc import Sequence


def enumerated(names: Sequence[str]) -> str:
    """Names as a phrase: a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def printable(text: str) -> str:
    r"""The text with escapes such as ``\u200b`` in place of characters that are not seen."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, most: int = 100) -> str:
    """The text as a message shows it: printable, and cut after `most` characters."""
    return printable(text[:most]) + "..." * (len(text) > most)


def share_of(numerator: int, denominator: int) -> str:
    """A share with its denominator: ``9.8 % (1,515 of 15,422)``."""
    return f"{100 * numerator / denominator:.1f} % ({numerator:,} of {denominator:,})"


def p_value(p: float) -> str:
    """``p = 0.012``, or ``p < 0.001`` for the smallest."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def duration(seconds: float) -> str:
    """A duration with two units at most: ``8 s``, ``1 min 26 s``, ``2 h 5 min``."""
    if seconds < 1:
        return "1 s" if seconds > 0 else "0 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
