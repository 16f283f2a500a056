import pytest

from blendmf.report.pages.explorer import explorer_page
from browsing import SIZES
from explored import CLOSING, HOSTILE, explored

pytestmark = pytest.mark.slow

READY = "#errors-items tbody tr"
FOCUSED = "document.activeElement.textContent"


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    file = tmp_path_factory.mktemp("explorer") / "index.html"
    file.write_text(explorer_page(explored(), {}), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def explorer(visit, address):
    def opened(place="", **options):
        visited = visit(address + place, **options)
        visited.page.wait_for_selector(READY)
        return visited

    return opened


def focused(page, text):
    page.wait_for_function(f"text => {FOCUSED} === text", arg=text)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_page_is_accessible_quiet_and_as_wide_as_the_screen(explorer, width, scheme):
    visited = explorer(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = visited.page
    page.locator(".recommended summary").first.click()
    page.locator("#map summary", has_text="The map as a table").click()
    page.wait_for_selector(".chart.map canvas")
    page.locator("#errors").scroll_into_view_if_needed()
    page.wait_for_selector("#errors .chart svg")
    page.locator("#errors-users").get_by_role("button", name="Filter RMSE").click()
    assert page.get_by_role("dialog", name="Filter RMSE").is_visible()
    assert visited.violations == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert visited.messages == []
    assert visited.outside == []


def test_the_tables_of_errors_are_filtered_by_column(explorer):
    page = explorer().page
    rows = page.locator("#errors-items tbody tr")
    everything = rows.count()
    page.locator("#errors-items").get_by_role("button", name="Filter Training").click()
    fewest = min(map(int, page.locator("#errors-items tbody td:nth-child(5)").all_inner_texts()))
    page.get_by_label("Condition on Training").select_option("At least")
    page.get_by_label("Value of Training").fill(str(fewest + 1))
    assert 0 < rows.count() < everything
    assert page.get_by_label("Value of Training").is_visible()


def test_the_tables_of_errors_are_sorted_by_column(explorer):
    page = explorer().page
    heads = page.locator("#errors-items thead").get_by_role("columnheader")
    assert heads.count() == 5
    page.get_by_role("button", name="RMSE: Activate to sort").last.click()
    shown = page.locator("#errors-items tbody td:nth-child(3)").all_inner_texts()
    assert shown == sorted(shown, key=float)


def test_any_user_and_any_item_is_two_actions_away(explorer):
    page = explorer().page
    page.locator("#find-user").fill("u-17")
    page.keyboard.press("Enter")
    focused(page, "User u-17")
    assert page.url.endswith("#user=u-17")
    page.locator("#find-item").fill("1979 film")
    page.keyboard.press("Enter")
    focused(page, "Film 19 (1979)")
    assert page.url.endswith("#item=i-19")
    page.go_back()
    focused(page, "User u-17")


def test_opening_a_user_or_an_item_takes_less_than_the_blink_of_an_eye(explorer):
    page = explorer().page
    taken = []
    for n in range(5, 9):
        for place, heading in (
            (f"#user=u-{n}", f"User u-{n}"),
            (f"#item=i-{n}", f"Film {n} (196{n})"),
        ):
            taken.append(opened_in(page, place))
            assert page.evaluate(FOCUSED) == heading
    assert sorted(taken)[len(taken) // 2] < 300  # a busy machine may be slow once


def opened_in(page, place):
    """Milliseconds until what is at an address of the page is shown."""
    return page.evaluate(
        """place => new Promise(done => {
             const start = performance.now();
             const painted = () => requestAnimationFrame(() => done(performance.now() - start));
             addEventListener("hashchange", painted, { once: true });
             location.hash = place;
           })""",
        place,
    )


def test_the_search_is_a_combobox_for_keyboard_and_screen_reader(explorer):
    page = explorer().page
    box = page.get_by_role("combobox", name="Find an item by title or id")
    box.focus()
    page.keyboard.type("film 1")
    options = page.locator("#find-item-list").get_by_role("option")
    assert options.first.get_attribute("aria-selected") == "true"
    assert options.first.inner_text().startswith("Film 1 (1961)")
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert "aria-activedescendant" not in box.evaluate("box => box.getAttributeNames()")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert options.last.get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.startsWith('#item=')")


def test_the_search_needs_no_accents_and_finds_nothing_where_there_is_nothing(visit, tmp_path):
    data = explored()
    data["items"]["title"][8] = "Les Misérables (1995)"
    file = tmp_path / "index.html"
    file.write_text(explorer_page(data, {}), encoding="utf-8")
    page = visit(file.as_uri()).page
    page.locator("#find-item").fill("MISERABLES")
    page.keyboard.press("Enter")
    focused(page, "Les Misérables (1995)")
    page.locator("#find-item").fill("no such film")
    assert page.locator("#find-item-list").is_hidden()
    assert page.locator("#items [role=status]").inner_text() == "0 found"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#item=i-8'")


@pytest.mark.parametrize("words", ["film " * 20_000, "\u00e9" * 100_000, "f i l m " * 12_500])
def test_a_search_of_100_kb_does_not_make_the_page_wait(explorer, words):
    page = explorer().page
    took = page.locator("#find-item").evaluate(
        """(box, words) => {
            const start = performance.now();
            box.value = words;
            box.dispatchEvent(new Event("input"));
            return performance.now() - start;
        }""",
        words,
    )
    assert took < 100
    assert " found" in page.locator("#items [role=status]").inner_text()


def test_hostile_titles_genres_and_words_are_texts(explorer):
    visited = explorer("#item=i-3")
    page = visited.page
    focused(page, HOSTILE)
    page.evaluate("location.hash = 'item=i-4'")
    focused(page, CLOSING)
    page.evaluate("location.hash = 'user=u-3'")
    focused(page, "User u-3")
    for summary in page.locator(".recommended summary").all():
        summary.click()
    page.locator("#map summary", has_text="The map as a table").click()
    page.wait_for_selector("#map-table tbody tr")
    canvas = page.locator(".chart.map canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for part in range(20):
        page.mouse.move(box["x"] + box["width"] * part / 20, box["y"] + box["height"] * part / 25)
    assert page.locator("main img").count() == 0
    assert "Explorer of few" in page.title()
    page.wait_for_selector("#history tbody tr")
    assert page.locator("#history").get_by_text(HOSTILE, exact=True).count() == 1
    assert visited.messages == []


def test_a_user_has_reasons_that_sum_to_the_score_held_out_ratings_and_history(explorer):
    page = explorer("#user=u-2").page
    first = page.locator(".recommended li").first
    assert first.inner_text().startswith("Film 22 (1982) 4.50 (3.50 to 5.00)")
    first.locator("summary").click()
    first.get_by_text("Mean of all ratings: 3.50.").wait_for()
    assert "Sum: 4.50." in first.inner_text()
    rows = first.locator(".bars").first.locator("tr").all_inner_texts()
    assert [row.split("\t")[:2] for row in rows] == [
        ["This user's ratings in general", "+0.25"],
        ["This item's ratings in general", "-0.50"],
        ["Word “war”", "+0.75"],
        ["All other words and factors", "+0.50"],
    ]
    assert f"{HOSTILE} rated 1" in first.locator(".bars").nth(1).inner_text()
    page.wait_for_selector("#held-out tbody tr")
    errors = [float(text) for text in page.locator("#held-out td:nth-child(4)").all_inner_texts()]
    assert len(errors) == 5
    assert errors == sorted(errors, key=abs, reverse=True)
    assert page.get_by_text("15 ratings (10 training, 0 validation, 5 held out)").count() == 1


def test_predictions_belong_to_the_held_out_ratings_of_their_user(explorer):
    page = explorer("#user=u-1").page
    page.locator("#users select").first.select_option("mf")
    page.wait_for_selector("#held-out tbody tr")
    shown = page.locator("#held-out tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    data = explored()
    start = data["history"]["start"][1]
    expected = {}
    for place, step in enumerate(range(2, 15, 3)):
        title = data["items"]["title"][data["history"]["item"][start + step]]
        rating = data["history"]["rating"][start + step]
        expected[title] = (str(rating), f"{data['history']['predicted']['mf'][5 + place]:.2f}")
    assert {row[0]: (row[1], row[2]) for row in shown} == expected


def test_the_worst_cases_come_first_and_few_ratings_are_left_out(explorer):
    page = explorer().page
    worst = page.locator("#errors-users tbody tr").first
    assert worst.inner_text().split("\t")[:4] == ["User u-29", "5", "2.90", "-0.50"]
    assert page.locator("#errors").get_by_text("No case has").count() == 0
    page.get_by_label("Least number of held-out ratings").select_option("10")
    assert page.locator("#errors").get_by_text("No case has at least 10").count() == 2
    page.get_by_label("Least number of held-out ratings").select_option("1")
    page.wait_for_selector(READY)
    page.locator("#errors-users a").first.click()
    focused(page, "User u-29")


def test_the_map_highlights_zooms_and_opens_items(explorer):
    page = explorer("#map=i-20", viewport={"width": 1400, "height": 900}).page
    canvas = page.locator(".chart.map canvas")
    page.wait_for_selector(".chart.map canvas")
    assert page.locator("#map [role=status]", has_text="Highlighted").inner_text() == (
        "Highlighted: Film 20 (1980)."
    )
    page.wait_for_timeout(200)
    before = canvas.screenshot()
    page.get_by_role("button", name="Zoom in on it").click()
    page.wait_for_timeout(200)
    zoomed = canvas.screenshot()
    page.get_by_role("button", name="Whole map").click()
    page.get_by_role("button", name="Whole map").blur()
    page.wait_for_timeout(200)
    assert zoomed != before
    assert canvas.screenshot() == before
    page.get_by_role("button", name="Zoom in on it").click()
    page.wait_for_timeout(200)
    # The highlighted item is in the middle of the plot, whose height depends on the legend.
    box = canvas.bounding_box()
    for y in range(220, 260, 3):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + y)
        if page.evaluate("location.hash") == "#item=i-20":
            break
    focused(page, "Film 20 (1980)")


def test_a_genre_can_be_chosen_on_the_map_without_a_pointer(explorer):
    page = explorer("#map=i-20", viewport={"width": 1400, "height": 900}).page
    page.wait_for_selector(".chart.map canvas")
    page.wait_for_timeout(200)
    canvas = page.locator(".chart.map canvas")
    before = canvas.screenshot()
    page.get_by_label("Genre").select_option("Drama")
    page.wait_for_timeout(200)
    assert canvas.screenshot() != before


def test_an_item_without_a_place_on_the_map_says_so(explorer):
    page = explorer("#item=i-39").page
    assert page.get_by_text("This item has too few ratings, or no other").count() == 1
    assert page.get_by_text("Show it on the map").count() == 0
    assert (
        page.get_by_text("Not on the map, which needs more ratings: Film 39 (1999).").count() == 1
    )
    assert page.get_by_role("heading", name="39 items by their factors").count() == 1


@pytest.mark.parametrize(("highest", "mean"), [(1, "0.750"), (5, "0.75"), (100, "0.8")])
def test_numbers_have_the_decimals_that_the_range_of_ratings_needs(visit, tmp_path, highest, mean):
    data = explored()
    data["rating_range"] = [0, highest]
    data["users"]["mean"][0] = 0.75
    file = tmp_path / "index.html"
    file.write_text(explorer_page(data, {}), encoding="utf-8")
    page = visit(file.as_uri()).page
    page.wait_for_selector(READY)
    assert page.locator("#users p", has_text="held out").last.inner_text().endswith(f"mean {mean}.")


def test_an_unknown_address_says_so(explorer):
    page = explorer("#user=nobody%E0%A4%A").page
    assert page.get_by_role("alert").inner_text() == (
        "This page has no user with the id nobody%E0%A4%A."
    )
    page.evaluate("location.hash = 'user=u-2'")
    focused(page, "User u-2")
    assert page.get_by_role("alert").count() == 0
