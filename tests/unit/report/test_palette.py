import pytest

from blendmf.report.palette import BLACK, COLOURS, DARK, GREY, INK, LIGHT, PALE

HUES_KEPT = ((-0.574, 1.43, 0.144), (0.426, 0.43, 0.144), (0.426, 1.43, -0.856))
"""The CSS filter ``hue-rotate(180deg)`` as a matrix."""


def channels(colour):
    return [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def in_dark_mode(rgb):
    inverted = [1 - channel for channel in rgb]
    turned = (sum(w * c for w, c in zip(row, inverted, strict=True)) for row in HUES_KEPT)
    return [min(max(channel, 0.0), 1.0) for channel in turned]


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    """Contrast of two colours by the Web Content Accessibility Guidelines."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("colours", "least"), [((*COLOURS, PALE), 3.0), ((BLACK, INK, GREY), 4.5)], ids=["line", "text"]
)
def test_lines_and_texts_are_visible_in_light_and_dark_mode(colours, least):
    for colour in map(channels, colours):
        assert contrast(colour, channels(LIGHT)) >= least
        assert contrast(in_dark_mode(colour), channels(DARK)) >= least
