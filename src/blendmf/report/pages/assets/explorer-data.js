// The explorer's data: unpacked once, and looked up by user and item.

const explored = await (await unpacked("explorer-data")).json();
const modelNames = explored.models.map((model) => model.name);
const bestModel = explored.models.find((model) => model.predicts)?.name;
const predictingModels = modelNames.filter((name) => explored.errors[name]);
const [LOWEST, HIGHEST] = explored.rating_range;
// As many decimals as the data have: 2 for ratings from 1 to 5, 3 for 0 to 1.
const POINTS = decimals(Math.max(0, 2 - Math.floor(Math.log10((HIGHEST - LOWEST) / 4))));
const COSINE = decimals(2);
Object.assign(FORMATS, {
  points: (value) => POINTS.format(value),
  signed: (value) => (value > 0 ? "+" : "") + POINTS.format(value),
  cosine: (value) => COSINE.format(value),
});
const LEVEL = `${Math.round(100 * explored.level)} %`;
const TEST = "2";
const PARTS = ["training", "validation", "held out"];

const userIndex = new Map(explored.users.id.map((id, user) => [String(id), user]));
const itemIndex = new Map(explored.items.id.map((id, item) => [String(id), item]));
const userName = (user) => `User ${explored.users.id[user]}`;
const itemTitle = (item) => explored.items.title[item] || `Item ${explored.items.id[item]}`;
const addressOf = (kind, id) => `#${kind}=${encodeURIComponent(id)}`;
const userAddress = (user) => addressOf("user", explored.users.id[user]);
const itemAddress = (item) => addressOf("item", explored.items.id[item]);
const isOnMap = (item) => explored.items.x[item] !== null;
const genresOf = (item) => explored.items.genres[item].map((genre) => explored.genres[genre]);

/** For each user, how many held-out ratings stand before the user's first rating. */
const testStart = (() => {
  const { start, part } = explored.history;
  let [row, count] = [0, 0];
  return start.map((end) => {
    for (; row < end; row += 1) count += part[row] === TEST;
    return count;
  });
})();

/** Ratings of a user in order: item, rating, part, and the place of its predictions if held out. */
function ratingsOf(user) {
  const { start, item, rating, part } = explored.history;
  let place = testStart[user];
  const rows = [];
  for (let row = start[user]; row < start[user + 1]; row += 1) {
    const heldOut = part[row] === TEST;
    rows.push({ item: item[row], rating: rating[row], part: Number(part[row]), place: heldOut ? place : null });
    if (heldOut) place += 1;
  }
  return rows;
}

let byItem = null;

/** Who rated an item, and how: the users of this page. */
function ratersOf(item) {
  if (!byItem) {
    byItem = explored.items.id.map(() => []);
    for (let user = 0; user < explored.users.id.length; user += 1)
      for (const row of ratingsOf(user)) byItem[row.item].push({ user, rating: row.rating });
  }
  return byItem[item];
}

/** RMSE and bias of each model for a user or an item (`kind` users or items). */
function errorsOf(kind, index) {
  return predictingModels
    .map((model) => ({ model, found: explored.errors[model][kind][index] }))
    .filter(({ found }) => found);
}
