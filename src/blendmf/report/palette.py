"""Colours and font that all figures and charts share, in light and dark mode."""

BLUE, VERMILLION, GREEN, PURPLE = "#0063A6", "#BF3F00", "#00916A", "#C55F98"
ORANGE, SKY, BLACK, GREY = "#C58500", "#3C99D6", "#000000", "#6B6B6B"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
"""M. Okabe and K. Ito's palette, distinguishable with any colour vision, darkened to a contrast of
3:1 with white; a grey replaces its yellow."""

PALE = "#8F8F8F"
"""Lines in the background: a contrast of 3:1 with white."""

INK, GRID = "#222222", "#D8D8D8"
LIGHT, DARK = "#FFFFFF", "#121212"
"""Background in light and in dark mode."""

FONT = "system-ui, 'DejaVu Sans', sans-serif"

DARK_FILTER = "invert(1) hue-rotate(180deg)"
"""CSS filter for dark mode: it inverts the lightness of a figure and keeps its hues."""
