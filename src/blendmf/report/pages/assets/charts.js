// Charts: Vega-Lite on the JSON in the page, in the page's colours.

function pageColours() {
  const style = getComputedStyle(document.body);
  const probe = element("span");
  document.body.append(probe);
  const resolved = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(["--ink", "--soft", "--rule"].map((name) => [name, resolved(name)]));
  probe.remove();
  return { ...colours, font: style.fontFamily };
}

/** Vega-Lite's configuration for a chart on this page. */
function chartLook() {
  const colours = pageColours();
  const text = { labelColor: colours["--ink"], titleColor: colours["--ink"], labelFontSize: 12, titleFontSize: 12 };
  return {
    background: "transparent",
    font: colours.font,
    axis: { ...text, gridColor: colours["--rule"], domainColor: colours["--soft"], tickColor: colours["--soft"] },
    legend: text,
    header: text,
    title: { color: colours["--ink"], anchor: "start", fontSize: 13 },
    text: { color: colours["--ink"] },
    view: { stroke: null },
  };
}

async function showCharts() {
  const holders = document.querySelectorAll("[data-chart]");
  if (!holders.length) return;
  await libraryIn("chart-library");
  const draw = () => {
    for (const holder of holders) {
      const spec = pageData(holder.dataset.chart);
      const config = { ...spec.config, ...chartLook() };
      vegaEmbed(holder, { ...spec, config }, { renderer: "svg", actions: false, ast: false });
    }
  };
  draw();
  darkScheme.addEventListener("change", draw);
}

showCharts();
