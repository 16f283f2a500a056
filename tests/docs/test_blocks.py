"""How blocks are found on a page."""

from pathlib import Path

import pytest

from snippets import Block, blocks_of

PAGE = """# Title

```bash
make setup
```

- An item:

  <!-- not run: needs a GPU -->
  ```python
  if True:
      train()
  ```

````text
```bash
shown, not run
```
````

```
no language
```
"""


def written(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_blocks_have_their_language_text_and_reason(tmp_path: Path) -> None:
    assert blocks_of(written(tmp_path, PAGE)) == [
        Block(3, "bash", "make setup\n", None),
        Block(10, "python", "if True:\n    train()\n", "needs a GPU"),
        Block(15, "text", "```bash\nshown, not run\n```\n", None),
        Block(21, "", "no language\n", None),
    ]


def test_a_comment_without_a_reason_has_an_empty_one(tmp_path: Path) -> None:
    page = written(tmp_path, "<!-- not run -->\n```bash\nmake\n```\n")
    assert [block.not_run for block in blocks_of(page)] == [""]


@pytest.mark.parametrize(
    "text",
    [
        "```bash\nmake\n",
        "<!-- not run: far away -->\n\n```bash\nmake\n```\n",
        "<!-- not run: x -->",
    ],
)
def test_what_belongs_to_no_block_is_an_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line"):
        blocks_of(written(tmp_path, text))
