// Map: a point for each item; the searched one is highlighted.

let mapView = null;
let highlighted = -1;
const ZOOM = 0.6;

const mapRows = (() => {
  const { genres: frequent, other } = explorerCharts.map.usermeta;
  const { x, y, n } = explored.items;
  return explored.items.id.flatMap((_, index) => {
    if (!isOnMap(index)) return [];
    const names = genresOf(index);
    const rarest = frequent.findLast((genre) => names.includes(genre));
    const looks = { genre: rarest ?? other, names, genres: names.join(", ") };
    return [{ index, x: x[index], y: y[index], title: itemTitle(index), ratings: n[index], ...looks }];
  });
})();

function highlightOnMap(item) {
  highlighted = item;
  const found = isOnMap(item) ? "Highlighted" : "Not on the map, which needs more ratings";
  mapStatus.textContent = `${found}: ${itemTitle(item)}.`;
  mapView?.signal("searched", item).runAsync();
}

/** Draws items of other genres paler; all have the same weight if none is chosen. */
function showGenre() {
  mapView?.signal("chosen", genreChoice.value).runAsync();
}

/** Changes how much of each axis is shown, around the highlighted item. */
function zoomMap(factor) {
  if (!mapView) return;
  for (const axis of ["x", "y"]) {
    const [from, to] = mapView.signal(`view_${axis}`) ?? mapView.scale(axis).domain();
    const half = (factor * (to - from)) / 2;
    const middle = explored.items[axis][highlighted] ?? (from + to) / 2;
    mapView.signal(`view_${axis}`, [middle - half, middle + half]);
  }
  mapView.runAsync();
}

function wholeMap() {
  if (!mapView) return;
  for (const axis of ["x", "y"]) mapView.signal(`view_${axis}`, null);
  mapView.runAsync();
}

function showOnMap(item) {
  showItem(item);
  return mapHeading;
}

const mapHeading = target(`${write(mapRows.length, "count")} items by their factors`);
const mapStatus = element("p", { role: "status" });
const [genreLabel, genreChoice] = choice(
  "Genre",
  [["", "All"], ...explored.genres.toSorted().map((name) => [name, name])],
  "",
  showGenre,
);
const mapHolder = element("div", { className: "chart map", role: "region", tabIndex: 0, ariaLabel: "Map of the items; the table below it has the same points." });
const mapButton = (text, act) => {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", act);
  return made;
};

/** The points as a table, made when it is first opened. */
function mapTable() {
  const details = element("details", {}, element("summary", {}, "The map as a table"));
  const shown = [
    linkColumn("Item", 0),
    numberColumn("Genres", 1, "text"),
    numberColumn("Ratings", 2, "count"),
    numberColumn("x", 3, "id"),
    numberColumn("y", 4, "id"),
  ];
  details.addEventListener("toggle", () => {
    if (details.children.length > 1) return;
    const rows = mapRows.map((row) => [row.index, row.genres, row.ratings, row.x, row.y]);
    details.append(sortingTable("map-table", "Items on the map", shown, rows));
  });
  return details;
}

function drawMap() {
  chartWhenSeen(mapHolder, "map", mapRows, {
    renderer: "canvas",
    onDrawn: (view) => {
      mapView = view;
      view.addEventListener("click", (_, mark) => {
        if (mark?.datum?.index !== undefined) goTo(itemAddress(mark.datum.index));
      });
      if (highlighted >= 0) highlightOnMap(highlighted);
      showGenre();
    },
  });
}

holderOf("map").append(
  mapHeading,
  element(
    "div",
    { className: "controls" },
    searchBox("find-on-map", "Highlight an item by title or id", {
      find: findItem,
      note: itemNote,
      choose: (item) => goTo(addressOf("map", explored.items.id[item])),
    }),
    explored.genres.length ? genreLabel : null,
    mapButton("Zoom in on it", () => zoomMap(ZOOM)),
    mapButton("Zoom out", () => zoomMap(1 / ZOOM)),
    mapButton("Whole map", wholeMap),
  ),
  mapStatus,
  mapHolder,
  mapTable(),
);
drawMap();
