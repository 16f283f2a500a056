// What all scripts of a page share: the page's JSON, numbers for people, libraries, elements.

// The table library's dark colours depend on a class.
const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark", darkScheme.matches);
darkScheme.addEventListener("change", followScheme);
followScheme();

const MISSING = "\u2013";
const grouped = new Intl.NumberFormat("en");
const decimals = (n) =>
  new Intl.NumberFormat("en", { minimumFractionDigits: n, maximumFractionDigits: n, signDisplay: "negative" });
const FORMATS = {
  text: String,
  id: String,
  "yes-no": (value) => (value ? "yes" : "no"),
  count: (value) => grouped.format(value),
  p: (value) => (value < 0.001 ? "< 0.001" : value.toFixed(3)),
  share: (value) => `${(100 * value).toFixed(1)} %`,
  error: (value) => decimals(4).format(value),
  squared: (value) => decimals(6).format(value),
  seconds: (value) => decimals(2).format(value),
  scale: (value) => String(Number(value.toPrecision(4))),
};

function write(value, format) {
  return value === null || value === undefined ? MISSING : FORMATS[format](value);
}

function pageData(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** What the page holds compressed under an id, as a response that gives its text or its JSON. */
async function unpacked(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

async function imported(id) {
  const text = await (await unpacked(id)).text();
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return import(address).finally(() => URL.revokeObjectURL(address));
}

const libraries = new Map();

/** A module that the page holds, so that it needs no other file; imported once. */
function libraryIn(id) {
  if (!libraries.has(id)) libraries.set(id, imported(id));
  return libraries.get(id);
}

/** An element with properties and children; texts are never read as HTML. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A labelled list of choices, from pairs of value and text. */
function choice(text, options, chosen, onChange) {
  const select = element("select", {}, ...options.map(([value, shown]) => new Option(shown, value)));
  select.value = chosen;
  select.addEventListener("change", onChange);
  return [element("label", {}, text, select), select];
}
