// Search: a text box with a list of suggestions, by pointer or keyboard; Enter takes the first one.

const SUGGESTIONS = 12;
const LONGEST_SEARCH = 200; // characters; more would only make the page wait

function plainText(text) {
  return String(text).normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** A function that finds entries (index, text, id, weight) by all words of a query, best first. */
function finder(entries) {
  const known = entries.map((entry) => {
    const text = plainText(entry.text);
    return { ...entry, id: plainText(entry.id), plain: text, all: `${text} ${plainText(entry.id)}` };
  });
  const rank = (entry, query, first) => {
    if (entry.id === query || entry.plain === query) return 0;
    if (entry.plain.startsWith(query) || entry.id.startsWith(query)) return 1;
    return ` ${entry.plain}`.includes(` ${first}`) ? 2 : 3;
  };
  return (text) => {
    const query = plainText(text.slice(0, LONGEST_SEARCH)).trim();
    const words = query.split(/\s+/);
    return known
      .filter((entry) => words.every((word) => entry.all.includes(word)))
      .map((entry) => ({ entry, rank: rank(entry, query, words[0]) }))
      .sort((a, b) => a.rank - b.rank || b.entry.weight - a.entry.weight || a.entry.index - b.entry.index)
      .map(({ entry }) => entry);
  };
}

const findUser = finder(
  explored.users.id.map((id, index) => ({ index, id, text: userName(index), weight: 0 })),
);
const findItem = finder(
  explored.items.id.map((id, index) => ({ index, id, text: itemTitle(index), weight: explored.items.n[index] })),
);
const userNote = (user) => `${write(explored.users.n_train[user], "count")} training ratings`;
const itemNote = (item) => `${write(explored.items.n[item], "count")} ratings`;

/** A search box; `choose` gets the index of what was chosen. */
function searchBox(name, label, { find, note, choose }) {
  let [found, active] = [[], -1];
  const list = element("ul", { id: `${name}-list`, className: "suggestions", role: "listbox", hidden: true, "aria-label": label });
  const status = element("span", { className: "hint", role: "status" });
  const input = element("input", {
    id: name,
    type: "text",
    maxLength: LONGEST_SEARCH,
    autocomplete: "off",
    spellcheck: false,
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  });

  function mark(place) {
    active = place;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === place)));
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[place].id);
      list.children[place].scrollIntoView({ block: "nearest" });
    }
  }
  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  }
  function open() {
    const all = find(input.value);
    found = all.slice(0, SUGGESTIONS);
    list.replaceChildren(...found.map(option));
    const shown = all.length > found.length ? `, the first ${found.length} in the list` : "";
    status.textContent = `${write(all.length, "count")} found${shown}`;
    if (!found.length) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    return mark(0);
  }
  function option({ index, text }, place) {
    const made = element("li", { id: `${name}-${place}`, role: "option" }, text, " ", element("span", { className: "note" }, note(index)));
    made.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(place);
    });
    return made;
  }
  function take(place) {
    const { index } = found[place];
    input.value = "";
    status.textContent = "";
    close();
    choose(index);
  }
  const KEYS = {
    ArrowDown: () => (list.hidden ? open() : mark((active + 1) % found.length)),
    ArrowUp: () => (list.hidden ? open() : mark((active + found.length - 1) % found.length)),
    Enter: () => !list.hidden && take(active),
    Escape: close,
  };
  input.addEventListener("input", () => (input.value.trim() ? open() : close()));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  const field = element("div", { className: "search" }, element("label", { htmlFor: name }, label), input, list, status);
  return field;
}
