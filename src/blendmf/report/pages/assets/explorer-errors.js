// Errors: users and items by how badly a model predicts their held-out ratings, the worst first.

const LEAST = [1, 2, 5, 10, 20, 50];
const DEFAULT_LEAST = 5;
const ERROR_BINS = 20;
const WORST = 0.1;

const SIDES = {
  users: { title: "Users", head: "User", training: explored.users.n_train },
  items: { title: "Items", head: "Item", training: explored.items.n_train },
};

/** Index, held-out ratings, RMSE, bias and training ratings of each case, the worst first. */
function worstCases(kind, model, least) {
  return explored.errors[model][kind]
    .map((found, index) => found && [index, ...found, SIDES[kind].training[index]])
    .filter((row) => row && row[1] >= least)
    .sort((a, b) => b[2] - a[2] || b[1] - a[1]);
}

function errorHistogram(kind, model, rows) {
  const largest = rows[0][2] || 1;
  const width = largest / ERROR_BINS;
  const bins = Array.from({ length: ERROR_BINS }, (_, n) => ({ low: n * width, high: (n + 1) * width, count: 0 }));
  for (const row of rows) bins[Math.min(ERROR_BINS - 1, Math.floor(row[2] / width))].count += 1;
  const points = (place) => write(rows[Math.floor(place * (rows.length - 1))][2], "points");
  const finding =
    `${SIDES[kind].title} by RMSE of ${model}: half of ${write(rows.length, "count")} have ${points(0.5)} or less, ` +
    `the worst tenth ${points(WORST)} or more.`;
  return histogram("errors", finding, bins);
}

function errorPart(kind, model, least) {
  const { title, head } = SIDES[kind];
  const rows = worstCases(kind, model, least);
  const atLeast = `at least ${least} held-out rating${least > 1 ? "s" : ""}`;
  const heading = element("h3", {}, title);
  if (!rows.length) return element("div", {}, heading, element("p", {}, `No case has ${atLeast}.`));
  const shown = [
    linkColumn(head, 0),
    numberColumn("Held out", 1, "count"),
    numberColumn("RMSE", 2, "points"),
    numberColumn("Bias", 3, "signed"),
    numberColumn("Training", 4, "count"),
  ];
  const caption = `${title} with ${atLeast}, worst predicted by ${model} first`;
  const table = sortingTable(`errors-${kind}`, caption, shown, rows);
  return element("div", {}, heading, errorHistogram(kind, model, rows), table);
}

function drawErrors() {
  const least = Number(leastChoice.value);
  const parts = Object.keys(SIDES).map((kind) => errorPart(kind, errorModel.value, least));
  shownErrors.replaceChildren(columns(...parts));
}

const shownErrors = element("div");
const [errorModelLabel, errorModel] = choice(
  "Model",
  predictingModels.map((name) => [name, name]),
  predictingModels[0],
  drawErrors,
);
const [leastLabel, leastChoice] = choice(
  "Least number of held-out ratings",
  LEAST.map((n) => [n, String(n)]),
  DEFAULT_LEAST,
  drawErrors,
);
if (predictingModels.length) {
  holderOf("errors").append(element("div", { className: "controls" }, errorModelLabel, leastLabel), shownErrors);
  drawErrors();
} else holderOf("errors").append(element("p", {}, "No model of this data set predicts ratings."));
