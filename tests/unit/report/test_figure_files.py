import json
import re
from functools import partial
from xml.etree import ElementTree

import pytest

from blendmf.report.charts.learning_curves import learning_curves
from blendmf.report.figure_files import adaptive, write_chart, write_figure
from blendmf.report.figures.small_matrix import plot_small_matrix
from drawn import curve, small_matrix

NAMESPACE = "{http://www.w3.org/2000/svg}"


def figure(folder, formats=()):
    path = folder / "figure.svg"
    write_figure(path, partial(plot_small_matrix, *small_matrix()), "a < b", formats)
    return path


def chart(folder, formats=()):
    path = folder / "chart.svg"
    write_chart(path, partial(learning_curves, [curve()], ["mf"], [1]), formats)
    return path


@pytest.mark.parametrize("write", [figure, chart])
def test_an_svg_has_searchable_text_an_alternative_text_and_a_dark_mode(write, tmp_path):
    svg = write(tmp_path).read_text()
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{NAMESPACE}svg"
    assert root[0].tag == f"{NAMESPACE}title"
    assert root.get("role") == "img"
    assert "prefers-color-scheme:dark" in root[1].text
    texts = ["".join(text.itertext()) for text in root.iter(f"{NAMESPACE}text")]
    assert {"iteration", "epoch"} & set(texts)
    assert "font-family: " not in svg


def test_the_title_of_a_figure_is_its_alternative_text(tmp_path):
    assert "<title>a &lt; b</title>" in figure(tmp_path).read_text()
    description = json.loads(chart(tmp_path).with_suffix(".json").read_text())["description"]
    assert f"<title>{description}</title>" in (tmp_path / "chart.svg").read_text()


def test_a_figure_for_phones_is_narrower(tmp_path):
    path = figure(tmp_path)
    widths = [
        float(re.search(r'width="([\d.]+)pt"', one.read_text())[1])
        for one in (path, tmp_path / "figure-narrow.svg")
    ]
    assert widths[1] < widths[0] / 2


@pytest.mark.parametrize("write", [figure, chart])
def test_formats_for_papers_are_written_next_to_the_svg(write, tmp_path):
    path = write(tmp_path, ["pdf", "png"])
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def content_of(path):
    """Bytes of a file; of a PDF their number, because its converter orders objects at random."""
    content = path.read_bytes()
    return len(content) if path.suffix == ".pdf" else content


@pytest.mark.parametrize("write", [figure, chart])
def test_the_same_figure_gives_the_same_bytes(write, tmp_path):
    contents = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, ["pdf", "png"])
        contents.append({file.name: content_of(file) for file in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]


def test_an_adaptive_svg_has_one_class_and_nothing_before_its_root():
    svg = adaptive('<?xml version="1.0"?><svg width="1" class="marks" height="2"><g/></svg>', "t")
    assert svg.startswith('<svg class="adaptive" ')
    assert ElementTree.fromstring(svg).attrib.keys() >= {"width", "height", "class"}
