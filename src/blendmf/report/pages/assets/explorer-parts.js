// Parts that the explorer's sections share: links, bars, lists, tables and charts.

const userLink = (user) => element("a", { href: userAddress(user) }, userName(user));
const itemLink = (item) => element("a", { href: itemAddress(item) }, itemTitle(item));
const LINKS = { User: [userLink, userName], Item: [itemLink, itemTitle] };
const holderOf = (name) => document.querySelector(`[data-explorer="${name}"]`);

/** A heading that a link to this part of the page moves to. */
function target(text) {
  return element("h3", { tabIndex: -1 }, text);
}

/** A titled column of parts. */
function column(title, ...parts) {
  return element("div", {}, element("h4", {}, title), ...parts);
}

function columns(...parts) {
  return element("div", { className: "columns" }, ...parts);
}

function hint(text) {
  return element("p", { className: "hint" }, text);
}

const largestOf = (values) => Math.max(...values.map(Math.abs), Number.MIN_VALUE);

/** Rows of name, value and its text, each with a bar: right of the middle if positive. */
function bars(label, rows, largest = largestOf(rows.map(({ value }) => value))) {
  const signed = rows.some(({ value }) => value < 0);
  const room = signed ? 50 : 100;
  const made = rows.map(({ name, value, text }) => {
    const width = (room * Math.abs(value)) / largest;
    const left = !signed ? 0 : value < 0 ? room - width : room;
    const bar = element("span", { className: value < 0 ? "bar lower" : "bar", style: `width:${width}%;margin-left:${left}%` });
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", { className: "number" }, text),
      element("td", { className: "track", ariaHidden: "true" }, bar),
    );
  });
  return element("table", { className: "bars", ariaLabel: label }, element("tbody", {}, ...made));
}

/** A plain table from titles, formats and rows. */
function smallTable(label, heads, formats, rows) {
  const align = (n) => ({ className: formats[n] === "text" ? "" : "number" });
  const head = heads.map((text, n) => element("th", { scope: "col", ...align(n) }, text));
  const body = rows.map((row) =>
    element("tr", {}, ...row.map((value, n) => element("td", align(n), write(value, formats[n])))),
  );
  const parts = [element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)];
  const region = { className: "scroll", role: "region", tabIndex: 0, ariaLabel: label };
  return element("div", region, element("table", {}, ...parts));
}

/** A column of DataTables with links; its title is User or Item. */
function linkColumn(title, index) {
  const [link, name] = LINKS[title];
  const render = (value, kind) => (kind === "display" ? link(value).outerHTML : name(value));
  return { title, data: index, type: "string", render };
}

const numberColumn = (title, index, format) => columnOf({ title, format }, index);

const sortingTables = new Map();

/** A table that sorts, searches and saves itself, in the element that is given back. */
function sortingTable(name, title, tableColumns, rows) {
  const heads = tableColumns.map((column) => element("th", { scope: "col" }, column.title));
  const parts = [element("caption", {}, title), element("thead", {}, element("tr", {}, ...heads))];
  const table = element("table", { id: name, className: "compact hover" }, ...parts);
  const holder = element("div", { className: "table" }, table);
  // DataTables measures a table that is on the page, and what it made has to be removed explicitly.
  queueMicrotask(async () => {
    await libraryIn("table-library");
    if (!table.isConnected) return;
    sortingTables.get(name)?.destroy(true);
    sortingTables.set(name, await drawTable(table, title, tableColumns, rows));
  });
  return holder;
}

const explorerCharts = pageData("explorer-charts");

/** Draws a chart into an element when that is first looked at; `onDrawn` gets the view. */
function chartWhenSeen(holder, name, rows, { renderer = "svg", onDrawn = () => {} } = {}) {
  const draw = async () => {
    await libraryIn("chart-library");
    if (!holder.isConnected) return;
    const tooltip = { theme: darkScheme.matches ? "dark" : "light" };
    const spec = { ...explorerCharts[name], datasets: { rows }, description: holder.ariaLabel };
    const { view } = await vegaEmbed(holder, spec, { renderer, actions: false, tooltip });
    onDrawn(view);
  };
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    draw();
  });
  seen.observe(holder);
}

/** A histogram with its finding in words, from low, high and count of each bin. */
function histogram(name, finding, bins) {
  const holder = element("div", { className: "chart small", role: "region", tabIndex: 0, ariaLabel: finding });
  const digits = (value) => write(value, "points");
  const rows = bins.map((bin) => ({ ...bin, range: `${digits(bin.low)} to ${digits(bin.high)}` }));
  chartWhenSeen(holder, name, rows);
  return element("figure", {}, holder, element("figcaption", {}, finding));
}
