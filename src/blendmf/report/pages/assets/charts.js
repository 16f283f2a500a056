// Charts: Vega-Lite on the JSON in the page. Their dark colours are a filter of the page's style.

const narrowPage = matchMedia("(max-width: 37.5rem)");

async function showCharts() {
  const holders = document.querySelectorAll("[data-chart]");
  if (!holders.length) return;
  await libraryIn("chart-library");
  const draw = () => {
    for (const holder of holders) {
      const { wide, narrow } = pageData(holder.dataset.chart);
      const tooltip = { theme: darkScheme.matches ? "dark" : "light" };
      vegaEmbed(holder, narrowPage.matches ? narrow : wide, { renderer: "svg", actions: false, tooltip });
    }
  };
  draw();
  narrowPage.addEventListener("change", draw);
  darkScheme.addEventListener("change", draw);
}

showCharts();
