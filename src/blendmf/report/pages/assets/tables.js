// Tables: DataTables on the JSON in the page.

function columnOf(column, index, rows = []) {
  const isText = ["text", "yes-no"].includes(column.format);
  const shown = (value, kind) => {
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

/** Makes a table element into a table of DataTables, which is given back. */
async function drawTable(table, title, columns, rows) {
  const { default: DataTable } = await libraryIn("table-library");
  const long = rows.length > ROWS;
  const drawn = new DataTable(table, {
    data: rows,
    columns,
    order: [],
    deferRender: true,
    autoWidth: false,
    paging: long,
    pageLength: ROWS,
    lengthMenu: [ROWS, 50, 200, -1],
    language: { search: "Search", lengthMenu: "_MENU_ rows", lengthLabels: { "-1": "All" } },
    layout: {
      topStart: "search",
      topEnd: { buttons: BUTTONS.map((button) => ({ ...button, filename: table.id, title })) },
      bottomStart: long ? ["info", "pageLength"] : null,
      bottomEnd: long ? "paging" : null,
    },
  });
  const pages = table.closest(".dt-container").querySelector(".dt-paging nav");
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
