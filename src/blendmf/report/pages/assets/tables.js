// Tables: DataTables on the JSON in the page.

function columnOf(column, index, rows) {
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

async function showTables() {
  const tables = document.querySelectorAll("table[data-table]");
  if (!tables.length) return;
  const { default: DataTable } = await libraryIn("table-library");
  for (const table of tables) {
    const { title, columns, rows } = pageData(table.dataset.table);
    const long = rows.length > ROWS;
    new DataTable(table, {
      data: rows,
      columns: columns.map((column, index) => columnOf(column, index, rows)),
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
  }
}

showTables();
