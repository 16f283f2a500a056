// Two models on one metric: which is better, by how much, and for whom.

const VERDICTS = {
  better: "Yes",
  "perhaps better": "Perhaps",
  "not distinguishable": "Undecided",
  "perhaps worse": "Perhaps not",
  worse: "No",
};
const GROUPS_HINT =
  "Groups of users, items and years. Intervals are over users, for RMSE in groups of users. Differences within groups " +
  "have no correction for their number; read them as hints.";
const REVERSED = {
  better: "worse",
  "perhaps better": "perhaps worse",
  "perhaps worse": "perhaps better",
  worse: "better",
};

const figure = (value) => write(value, "error");
const signed = (value) => (value > 0 ? "+" : "") + figure(value);

function compareModels(holder) {
  const { models, metrics, differences, values, strata } = pageData(holder.dataset.compare);
  const names = models.map((name) => [name, name]);
  const update = () => holder.querySelector(".reply").replaceChildren(...reply());
  const [labelA, selectA] = choice("Is model A", names, models[0], update);
  const [labelB, selectB] = choice("better than model B", names, models[1], update);
  const options = Object.entries(metrics).map(([name, { label }]) => [name, label]);
  const [labelM, selectM] = choice("on the metric", options, options[0][0], update);

  /** Difference of two models on a metric among rows that may have it the other way round. */
  function difference(rows, metric, a, b) {
    const of = (first, second) =>
      rows.find((row) => row.metric === metric && row.model_a === first && row.model_b === second);
    const direct = of(a, b);
    const other = direct ? null : of(b, a);
    if (!other) return direct;
    return {
      ...other,
      difference: -other.difference,
      low: -other.high,
      high: -other.low,
      share_a_better: 1 - other.share_a_better,
      finding: REVERSED[other.finding] ?? other.finding,
    };
  }

  function reply() {
    const [a, b, metric] = [selectA.value, selectB.value, selectM.value];
    const found = difference(differences, metric, a, b);
    if (a === b) return [element("p", {}, "Choose two different models.")];
    if (!found) return [element("p", {}, "One of the two models predicts no ratings, so it has no such metric.")];
    const { label, higher } = metrics[metric];
    const p = write(found.p_holm, "p");
    const words = found.finding === "not distinguishable" ? "is not distinguishable from" : `is ${found.finding} than`;
    return [
      element(
        "p",
        { className: "verdict" },
        element("strong", {}, `${VERDICTS[found.finding]}: `),
        `${a} ${words} ${b} on ${label} (${higher ? "higher" : "lower"} is better).`,
      ),
      element(
        "p",
        {},
        `${a} ${figure(values[metric][a])}, ${b} ${figure(values[metric][b])}; difference ` +
          `${signed(found.difference)}, 95 % interval over users ${signed(found.low)} to ${signed(found.high)}; ` +
          `p ${p.startsWith("<") ? p : `= ${p}`} after Holm's correction for all pairs; ` +
          `${write(found.share_a_better, "share")} of ${write(found.n_users, "count")} users have better values ` +
          `with ${a} (ties count half).`,
      ),
      ...forWhom(metric, a, b, higher),
    ];
  }

  function forWhom(metric, a, b, higher) {
    const rows = strata.filter((row) => row.values[metric]?.[a] !== undefined && row.values[metric]?.[b] !== undefined);
    if (!rows.length) return [element("p", {}, "This metric is not available by group.")];
    const cells = rows.map((row) => {
      const [first, second] = [row.values[metric][a], row.values[metric][b]];
      const better = first === second ? "equal" : first > second === higher ? a : b;
      const found = difference(row.differences, metric, a, b);
      const holds = found && (found.low > 0 || found.high < 0);
      const notes = [row.n_users < 30 ? "few users" : "", holds ? "interval excludes 0" : ""].filter(Boolean);
      return element(
        "tr",
        {},
        ...[row.stratum, row.bin].map((text) => element("td", {}, text)),
        ...[row.n_users, row.n_ratings].map((n) => element("td", { className: "number" }, write(n, "count"))),
        ...[first, second, first - second].map((x) => element("td", { className: "number" }, figure(x))),
        element("td", { className: "number" }, found ? `${signed(found.low)} to ${signed(found.high)}` : MISSING),
        element("td", {}, holds ? element("strong", {}, better) : better, notes.length ? ` (${notes.join(", ")})` : ""),
      );
    });
    const head = ["By", "Group", "Users", "Ratings", a, b, "Difference", "95 % interval", "Better"].map((text, n) =>
      element("th", { scope: "col", className: n > 1 && n < 8 ? "number" : "" }, text),
    );
    const region = { className: "scroll", role: "region", tabIndex: 0, ariaLabel: "The two models by group" };
    return [
      element("h4", {}, "For whom?"),
      element("p", { className: "hint" }, GROUPS_HINT),
      element("div", region, element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...cells))),
    ];
  }

  const controls = element("div", { className: "controls" }, labelA, labelB, labelM);
  holder.replaceChildren(controls, element("div", { className: "reply", ariaLive: "polite" }));
  update();
}

document.querySelectorAll("[data-compare]").forEach(compareModels);
