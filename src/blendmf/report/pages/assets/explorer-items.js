// Items: nearest by factors and by words, who likes them, predicted ratings, words, errors.

const MOST_RATERS = 8;
const TOO_FEW = "This item has too few ratings, or no other item is similar by factors.";

function nearest(title, nearby, otherwise) {
  if (!nearby.length) return column(title, element("p", {}, otherwise));
  const rows = nearby.map(([item, cosine]) => ({ name: itemLink(item), value: cosine, text: write(cosine, "cosine") }));
  return column(title, bars(`${title}, cosine`, rows, 1));
}

function wordsOf(item) {
  const found = explored.items.words[item];
  if (!found.length) return column("Its words", element("p", {}, "No words of this item are known."));
  const rows = found.map(([word, weight]) => ({ name: explored.words[word], value: weight, text: write(weight, "cosine") }));
  return column("Its words", hint("Weight (TF-IDF): high for words that few other items use."), bars("Words by weight", rows));
}

function likedBy(item) {
  const raters = ratersOf(item).toSorted((a, b) => b.rating - a.rating);
  const highest = raters.filter(({ rating }) => rating === raters[0].rating);
  const more = highest.length > MOST_RATERS ? ` and ${write(highest.length - MOST_RATERS, "count")} more` : "";
  const named = highest.slice(0, MOST_RATERS).flatMap(({ user }, n) => [n ? ", " : "", userLink(user)]);
  const fans = explored.items.fans[item].map(([user, predicted]) => ({
    name: userLink(user),
    value: predicted - LOWEST,
    text: write(predicted, "points"),
  }));
  return column(
    "Who likes it",
    raters.length ? element("p", {}, `Rated ${highest[0].rating} by `, ...named, more, ".") : element("p", {}, "No user of this page rated it."),
    hint("Users who have not rated it, with the highest predicted ratings:"),
    fans.length ? bars("Users with the highest predicted ratings", fans, HIGHEST - LOWEST) : null,
  );
}

function predictedRatings(item) {
  const counts = explored.items.predicted[item];
  if (!counts.length) return column("Predicted ratings", element("p", {}, "No model of this data set predicts ratings."));
  const width = (HIGHEST - LOWEST) / counts.length;
  const bins = counts.map((count, n) => ({ low: LOWEST + n * width, high: LOWEST + (n + 1) * width, count }));
  const most = bins.reduce((best, bin) => (bin.count > best.count ? bin : best));
  const all = counts.reduce((sum, count) => sum + count, 0);
  const finding =
    `Predicted ratings of ${itemTitle(item)} by ${bestModel}: for ${write(all ? most.count / all : 0, "share")} of ` +
    `${write(all, "count")} users between ${write(most.low, "points")} and ${write(most.high, "points")}.`;
  return column("Predicted ratings of all users", histogram("predicted", finding, bins));
}

function itemErrors(item) {
  const rows = errorsOf("items", item).map(({ model, found }) => [model, ...found]);
  const heads = ["Model", "Held-out ratings", "RMSE", "Bias"];
  return column(
    "How well its held-out ratings were predicted",
    rows.length
      ? smallTable("Errors of this item by model", heads, ["text", "count", "points", "signed"], rows)
      : element("p", {}, "No rating of this item was held out."),
  );
}

function showItem(item) {
  const { n, n_train: nTrain, mean } = explored.items;
  const genres = genresOf(item).join(", ");
  const heading = target(itemTitle(item));
  const average = mean[item] === null ? "" : `; mean ${write(mean[item], "points")}`;
  const onMap = isOnMap(item) ? element("a", { href: addressOf("map", explored.items.id[item]) }, "Show it on the map") : null;
  shownItem.replaceChildren(
    heading,
    element(
      "p",
      {},
      `${genres ? `${genres}. ` : ""}${write(n[item], "count")} ratings (${write(nTrain[item], "count")} training)${average}. `,
      onMap,
    ),
    columns(
      nearest("Nearest by factors", explored.items.near_factors[item], TOO_FEW),
      nearest("Nearest by words", explored.items.near_words[item], "No other item has similar words."),
      likedBy(item),
      wordsOf(item),
    ),
    columns(predictedRatings(item), itemErrors(item)),
  );
  highlightOnMap(item);
  return heading;
}

const shownItem = element("div");
holderOf("items").append(
  searchBox("find-item", "Find an item by title or id", { find: findItem, note: itemNote, choose: (item) => goTo(itemAddress(item)) }),
  shownItem,
);
