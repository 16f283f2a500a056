// Tables: DataTables on the JSON in the page.

function columnOf(column, index, rows = []) {
  const isText = ["text", "yes-no"].includes(column.format);
  const shown = (value, kind) => {
    // A filter compares what is shown, except for p-values, which are shown as below 0.001.
    if (kind === "filter" && column.format === "p" && value !== null) return String(value);
    if (kind === "display" || kind === "filter") {
      const node = document.createElement("span");
      node.textContent = write(value, column.format);
      return kind === "filter" ? node.textContent : node.innerHTML;
    }
    return value === null && !isText ? Infinity : value;
  };
  return {
    title: column.title,
    data: index,
    render: shown,
    visible: !column.hidden,
    type: isText ? "string" : "num",
    className: isText ? (rows.some((row) => row[index]?.length > LONG_TEXT) ? "long" : "") : "number",
  };
}

const ROWS = 15;
const LONG_TEXT = 30;
const BUTTONS = [
  { extend: "colvis", text: "Columns" },
  { extend: "csvHtml5", text: "Save as CSV", exportOptions: { orthogonal: "sort" } },
];

const OTHER_CONDITIONS = {
  searchNumber: ["equal", "notEqual", "greater", "less", "empty", "notEmpty"],
  searchText: ["equal", "notEqual", "starts", "ends", "empty", "notEmpty"],
};
const CONDITIONS = { number: { greaterOrEqual: "At least", lessOrEqual: "At most" } };

/** The filter behind the icon in a column's head: a lower or upper bound, or words. */
function filterOf({ title, type }) {
  const kind = type === "num" ? "searchNumber" : "searchText";
  return [
    {
      extend: "dropdown",
      icon: "search",
      text: `Filter ${title}`,
      content: [{ extend: "named", kind, name: title, excludeLogic: OTHER_CONDITIONS[kind] }],
    },
  ];
}

/** The library's condition and value, which have no names of their own for screen readers. */
function nameFilters({ content }) {
  content.named = {
    init({ kind, name, ...config }) {
      const made = content[kind].init.call(this, { ...content[kind].defaults, ...config });
      const [condition, value] = [made.querySelector("select"), made.querySelector("input")];
      condition.ariaLabel = `Condition on ${name}`;
      value.ariaLabel = `Value of ${name}`;
      if (kind === "searchNumber") Object.assign(value, { type: "number", step: "any", inputMode: "" });
      return made;
    },
  };
}

/** Makes a table element into a table of DataTables, which is given back. */
async function drawTable(table, title, columns, rows) {
  const { default: DataTable } = await libraryIn("table-library");
  nameFilters(DataTable.ColumnControl);
  const long = rows.length > ROWS;
  const drawn = new DataTable(table, {
    data: rows,
    columns: columns.map((column) => ({ ...column, columnControl: filterOf(column) })),
    order: [],
    deferRender: true,
    autoWidth: false,
    paging: long,
    pageLength: ROWS,
    lengthMenu: [ROWS, 50, 200, -1],
    language: {
      search: "Search",
      lengthMenu: "_MENU_ rows",
      lengthLabels: { "-1": "All" },
      columnControl: { search: CONDITIONS },
    },
    layout: {
      topStart: "search",
      topEnd: { buttons: BUTTONS.map((button) => ({ ...button, filename: table.id, title })) },
      bottomStart: long ? ["info", "pageLength"] : null,
      bottomEnd: long ? "paging" : null,
    },
  });
  const container = table.closest(".dt-container");
  const scrolled = { role: "region", tabIndex: 0, ariaLabel: title };
  Object.assign(container.querySelector(".dt-layout-table .dt-layout-cell"), scrolled);
  const pages = container.querySelector(".dt-paging nav");
  pages?.setAttribute("aria-label", `Pages of the table: ${title}`);
  return drawn;
}

async function showTables() {
  for (const table of document.querySelectorAll("table[data-table]")) {
    const { title, columns, rows } = pageData(table.dataset.table);
    await drawTable(table, title, columns.map((column, index) => columnOf(column, index, rows)), rows);
  }
}

showTables();
