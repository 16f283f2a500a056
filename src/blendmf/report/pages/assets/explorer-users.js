// Users: recommendations with reasons, held-out ratings with predictions, history.

const REASONS = {
  base: () => "Mean of all ratings",
  user: () => "This user's ratings in general",
  item: () => "This item's ratings in general",
  word: (word) => `Word “${explored.words[word]}”`,
  factor: (factor) => `Factor ${factor + 1}`,
  rest: () => "All other words and factors",
  neighbour: (item) => `Rating of “${itemTitle(item)}”`,
};
const SPECIFIC = [["word", "factor"], ["neighbour"]];

/** The word or factor, and the own rating, that say most about this recommendation alone. */
function mainReasons(reasons) {
  return SPECIFIC.map((kinds) =>
    reasons
      .filter(([kind, , amount]) => kinds.includes(kind) && amount > 0)
      .reduce((most, reason) => (most && most[2] >= reason[2] ? most : reason), null),
  )
    .filter(Boolean)
    .map(([kind, ref, amount]) => `${REASONS[kind](ref)} ${write(amount, "signed")}`)
    .join("; ");
}

function reasonsOf(reasons, predicted, own) {
  const parts = reasons.filter(([kind]) => kind !== "neighbour");
  const ratings = reasons.filter(([kind]) => kind === "neighbour");
  const score = parts.reduce((sum, [, , amount]) => sum + amount, 0);
  const isClipped = write(score, "points") !== write(predicted, "points");
  const limited = isClipped ? `, limited to the range of the ratings: ${write(predicted, "points")}` : "";
  const row = (name, [kind, , amount]) => ({ name, value: amount, text: write(amount, kind === "base" ? "points" : "signed") });
  // The mean would dwarf what sets this score apart.
  const moved = parts.filter(([kind]) => kind !== "base");
  const base = parts.find(([kind]) => kind === "base");
  const largest = largestOf([...moved, ...ratings].map(([, , amount]) => amount));
  const known = (item) => (own.has(item) ? ` rated ${own.get(item)}` : "");
  return [
    base ? element("p", {}, `${REASONS.base()}: ${write(base[2], "points")}. What moved the score from there:`) : null,
    moved.length
      ? bars(
          "What moved the score, in rating points",
          moved.map((part) => row(REASONS[part[0]](part[1]), part)),
          largest,
        )
      : null,
    parts.length ? element("p", {}, `Sum: ${write(score, "points")}${limited}.`) : null,
    ratings.length ? element("p", {}, "The user's own ratings that the score rests on most:") : null,
    ratings.length
      ? bars(
          "Influence of the user's own ratings, in rating points",
          ratings.map((part) => row(element("span", {}, itemLink(part[1]), known(part[1])), part)),
          largest,
        )
      : null,
  ].filter(Boolean);
}

function recommendation(model, user, place, own) {
  const { item, predicted, low, high, reasons } = explored.recommendations[model];
  const range = low ? ` (${write(low[user][place], "points")} to ${write(high[user][place], "points")})` : "";
  const why = reasons[user]?.[place] ?? [];
  const details = element("details", {}, element("summary", {}, `Why: ${mainReasons(why) || "parts of the score"}`));
  details.addEventListener("toggle", () => {
    if (details.children.length === 1) details.append(...reasonsOf(why, predicted[user][place], own));
  });
  return element(
    "li",
    {},
    itemLink(item[user][place]),
    " ",
    element("strong", { className: "number" }, write(predicted[user][place], "points")),
    element("span", { className: "note" }, range),
    why.length ? details : null,
  );
}

function recommendationsOf(user, own) {
  const names = modelNames.filter((name) => explored.recommendations[name]);
  const lists = names.map((name) => {
    const { item, low } = explored.recommendations[name];
    const { fitted_on: fittedOn, predicts } = explored.models.find((model) => model.name === name);
    const number = predicts ? "Predicted rating" : "Score, which is not a rating";
    const level = low ? `, ${LEVEL} interval` : "";
    const listed = item[user].map((_, place) => recommendation(name, user, place, own));
    return column(
      `Recommended by ${name}`,
      hint(`${number}${level}; fitted on ${fittedOn}.`),
      listed.length ? element("ol", { className: "recommended" }, ...listed) : element("p", {}, "No item of this page."),
    );
  });
  return columns(...lists);
}

function heldOutOf(user, rows) {
  const test = rows.filter(({ place }) => place !== null);
  if (!test.length) return column("Held out and predicted", element("p", {}, "No rating of this user was held out."));
  const summary = smallTable(
    "Errors by model on the held-out ratings",
    ["Model", "Held-out ratings", "RMSE", "Bias"],
    ["text", "count", "points", "signed"],
    errorsOf("users", user).map(({ model, found }) => [model, ...found]),
  );
  const { predicted, low, high } = explored.history;
  const place = element("div");
  const draw = () => {
    const model = select.value;
    const inside = (row) => low[model][row.place] <= row.rating && row.rating <= high[model][row.place];
    const values = test.map((row) => {
      const guess = predicted[model][row.place];
      const interval = low[model] ? [low[model][row.place], high[model][row.place], inside(row)] : [];
      return [row.item, row.rating, guess, guess - row.rating, ...interval];
    });
    values.sort((a, b) => Math.abs(b[3]) - Math.abs(a[3]));
    const shown = [
      linkColumn("Item", 0),
      numberColumn("Rating", 1, "id"),
      numberColumn("Predicted", 2, "points"),
      numberColumn("Error", 3, "signed"),
    ];
    if (low[model])
      shown.push(
        numberColumn(`${LEVEL} from`, 4, "points"),
        numberColumn("to", 5, "points"),
        numberColumn("Inside", 6, "yes-no"),
      );
    const title = `${userName(user)}: held-out ratings and what ${model} predicted, largest errors first`;
    place.replaceChildren(sortingTable("held-out", title, shown, values));
  };
  const options = predictingModels.map((name) => [name, name]);
  const [label, select] = choice("Predictions by", options, predictingModels[0], draw);
  draw();
  return column(
    "Held out and predicted",
    hint("Fitted on the training ratings alone; error = predicted minus actual."),
    summary,
    element("div", { className: "controls" }, label),
    place,
  );
}

function historyOf(user, rows) {
  const shown = [
    numberColumn("Order", 0, "count"),
    linkColumn("Item", 1),
    numberColumn("Rating", 2, "id"),
    numberColumn("Part", 3, "text"),
  ];
  const values = rows.map((row, n) => [n + 1, row.item, row.rating, PARTS[row.part]]);
  return column("History", sortingTable("history", `${userName(user)}: all ratings, in order of time if known`, shown, values));
}

function showUser(user) {
  const rows = ratingsOf(user);
  const own = new Map(rows.map(({ item, rating }) => [item, rating]));
  const counts = PARTS.map((part, n) => `${write(rows.filter((row) => row.part === n).length, "count")} ${part}`);
  const heading = target(userName(user));
  shownUser.replaceChildren(
    heading,
    element("p", {}, `${write(rows.length, "count")} ratings (${counts.join(", ")}); mean ${write(explored.users.mean[user], "points")}.`),
    recommendationsOf(user, own),
    heldOutOf(user, rows),
    historyOf(user, rows),
  );
  return heading;
}

const shownUser = element("div");
holderOf("users").append(
  searchBox("find-user", "Find a user by id", { find: findUser, note: userNote, choose: (user) => goTo(userAddress(user)) }),
  shownUser,
);
