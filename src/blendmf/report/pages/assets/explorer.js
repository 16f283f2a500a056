// Addresses: #user=5, #item=50 and #map=50 open a user, an item, or an item on the map.

const ROUTES = {
  user: { index: userIndex, show: showUser },
  item: { index: itemIndex, show: showItem },
  map: { index: itemIndex, show: showOnMap },
};

function goTo(address) {
  if (location.hash === address) follow();
  else location.hash = address;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function follow() {
  const [, kind, text] = location.hash.match(/^#(user|item|map)=(.*)$/s) ?? [];
  if (!kind) return;
  const id = decoded(text);
  const index = ROUTES[kind].index.get(id);
  notFound.hidden = index !== undefined;
  if (index === undefined) {
    notFound.textContent = `This page has no ${kind === "user" ? "user" : "item"} with the id ${id}.`;
    notFound.scrollIntoView();
    return;
  }
  const heading = ROUTES[kind].show(index);
  document.title = `${heading === mapHeading ? itemTitle(index) : heading.textContent} \u2013 ${pageTitle}`;
  heading.focus({ preventScroll: true });
  heading.scrollIntoView();
}

const pageTitle = document.title;
const notFound = element("p", { role: "alert", hidden: true });
document.querySelector("h1").after(notFound);
const mostRated = explored.items.n.indexOf(Math.max(...explored.items.n));
if (explored.users.id.length) showUser(0);
if (explored.items.id.length) showItem(mostRated);
follow();
addEventListener("hashchange", follow);
