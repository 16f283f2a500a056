import re
from base64 import b64decode
from html.parser import HTMLParser

from blendmf.report.inline_figures import inline_figures

SVG = (
    '<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"><title>{}'
    '</title><defs><style>*{{stroke: red}}</style></defs><g id="axes_1">é</g></svg>\n'
)


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.images, self.tags, self.text = [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "img":
            self.images.append(dict(attributes))

    def handle_data(self, data):
        self.text += data


def test_pictures_are_data_with_their_titles_and_captions():
    svgs = [SVG.format(title) for title in ("Models &amp; users", "Second")]
    page = Elements(inline_figures(zip(svgs, ["Less < more.", "Also."], strict=True)))
    assert [image["alt"] for image in page.images] == ["Models & users", "Second"]
    data = [image["src"].removeprefix("data:image/svg+xml;base64,") for image in page.images]
    assert [b64decode(encoded).decode() for encoded in data] == svgs
    assert page.text.split("\n")[:2] == ["Less < more.", "Also."]


def test_names_and_styles_within_a_picture_stay_there():
    html = inline_figures([(SVG.format("a"), "A"), (SVG.format("b"), "B")])
    assert set(Elements(html).tags) == {"figure", "img", "figcaption"}
    assert not re.search(r"\bid=|<style|<svg", html)


def test_a_picture_without_a_title_has_an_empty_alternative():
    assert Elements(inline_figures([("<svg></svg>", "")])).images[0]["alt"] == ""
