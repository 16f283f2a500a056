"""Take a picture of the first screen of a page, 1,200 pixels wide, in light mode.

``python docs/images/screenshot.py results/ml-100k/report.html docs/images/report.png``
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1200, 760

page_file, picture = map(Path, sys.argv[1:])
with sync_playwright() as started:
    chromium = started.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox"]
    )
    page = chromium.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
    )
    page.goto(page_file.resolve().as_uri())
    page.wait_for_load_state("networkidle")
    page.screenshot(path=picture)
    chromium.close()
