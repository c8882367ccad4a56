"use strict";
// The panel of `report serve`: it shows the state of the paper, and puts a new page in the place of the old one.
{
const start = JSON.parse(document.getElementById("_serve").textContent);
const { token, server, style } = start;
let { state } = start;
let shown = state.page;
const stored = (name) => JSON.parse(sessionStorage.getItem(`serve ${location.pathname} ${name}`) ?? "null");
const store = (name, value) => sessionStorage.setItem(`serve ${location.pathname} ${name}`, JSON.stringify(value));

// ---- the reader's place, from one page to the next ----

// Every element would be many. These are what one reads from the top of the window on.
const kinds = "h1, h2, h3, h4, p, li, pre, blockquote, tr, figure, summary";
const content = () => document.querySelector("main") ?? document.body;
// A part of the text, so that it is found again when its neighbours have changed.
const textOf = (element) => { const text = element.textContent; return `${text.length} ${text.slice(0, 120)}`; };
// The place of an element: by its id, or else by the number of its kind in the next element with an id.
const placeOf = (element) => {
  if (!element || element === document.body || !element.isConnected) return null;
  if (element.id) return { id: element.id };
  const home = element.parentElement?.closest("[id]");
  const kind = element.localName;
  return { home: home?.id ?? "", kind, at: [...(home ?? document).querySelectorAll(kind)].indexOf(element) };
};
const find = (place) => {
  if (!place) return null;
  if (place.id) return document.getElementById(place.id);
  const home = place.home ? document.getElementById(place.home) : document;
  return home?.querySelectorAll(place.kind)[place.at] ?? null;
};
// Each folded part by what it is called and in which part of the page it is.
const folded = () => {
  const all = new Map();
  for (const details of content().querySelectorAll("details")) {
    const key = `${details.closest("[id]")?.id} ${details.firstElementChild?.textContent.slice(0, 80)}`;
    for (let at = 0; ; at++) if (!all.has(`${key} ${at}`)) { all.set(`${key} ${at}`, details); break; }
  }
  return all;
};
const scrolled = new Set();
EventTarget.prototype.addEventListener.call(document, "scroll", ({ target }) => { if (target !== document) scrolled.add(target); }, { capture: true, passive: true });
const choices = () => document.querySelectorAll("input:is([type=radio], [type=checkbox])");
// The first blocks of the window, and where they stand.
const blocksSeen = () => {
  const seen = [];
  // Most parts of a long page are above the window.
  for (const part of content().children) {
    if (seen.length === 8) break;
    if (part.getBoundingClientRect().bottom <= 0) continue;
    for (const element of [part, ...part.querySelectorAll(kinds)]) {
      if (!element.matches(kinds)) continue;
      const { top, bottom, height } = element.getBoundingClientRect();
      if (height > 0 && bottom > 0) seen.push({ kind: element.localName, text: textOf(element), place: placeOf(element), top });
      if (seen.length === 8) break;
    }
  }
  return seen;
};
const same = ({ kind, text, place }) => {
  const known = find(place);
  if (known && known.localName === kind && textOf(known) === text) return known;
  return [...content().querySelectorAll(kind)].find((element) => textOf(element) === text && element.getBoundingClientRect().height > 0);
};
// The first of these blocks that the page still has stands where it stood.
const scrollBack = (y, seen) => {
  let moved = y - scrollY;
  // At the top of the page, a new first paragraph shall be seen.
  if (y > 0) {
    for (const one of seen) {
      const anchor = same(one);
      if (!anchor) continue;
      moved = anchor.getBoundingClientRect().top - one.top;
      break;
    }
  }
  scrollBy({ top: moved, behavior: "instant" });
};
const keepPlace = () => {
  const sorted = [...document.querySelectorAll("th[aria-sort]")];
  const popover = document.querySelector(":popover-open");
  const kept = {
    hash: location.hash,
    y: scrollY,
    seen: blocksSeen(),
    folded: [...folded()].map(([key, { open }]) => [key, open]),
    chosen: [...choices()].map(({ name, value, checked }) => [name, value, checked]),
    scrolled: [...scrolled].filter((element) => element.isConnected).map((element) => [placeOf(element), element.scrollLeft, element.scrollTop]),
    sorted: sorted.map((head) => [placeOf(head.closest("table")), head.cellIndex, head.ariaSort]),
    popover: popover && (popover.querySelector("a[href^='#']")?.hash.slice(1) || popover.id),
    focus: document.activeElement === host ? root.activeElement?.id : placeOf(document.activeElement),
  };
  scrolled.clear();
  store("place", kept);
};
const restorePlace = () => {
  const kept = stored("place");
  sessionStorage.removeItem(`serve ${location.pathname} place`);
  if (!kept) return;
  const chosen = new Map(kept.chosen.map(([name, value, checked]) => [`${name} ${value}`, checked]));
  for (const input of choices()) {
    const checked = chosen.get(`${input.name} ${input.value}`);
    if (checked !== undefined && checked !== input.checked) input.checked = checked;
  }
  const open = new Map(kept.folded);
  for (const [key, details] of folded()) if (open.has(key) && open.get(key) !== details.open) details.open = open.get(key);
  for (const [place, column, way] of kept.sorted) {
    const head = find(place)?.tHead?.rows[0]?.cells[column];
    for (let at = 0; head && head.ariaSort !== way && at < 2; at++) head.querySelector("button")?.click();
  }
  for (const [place, left, top] of kept.scrolled) { const it = find(place); if (it) [it.scrollLeft, it.scrollTop] = [left, top]; }
  if (kept.popover) {
    const it = document.getElementById(kept.popover);
    if (it?.matches("[popover]")) { if (it.textContent !== "") it.showPopover(); } else it?.click();
  }
  if (typeof kept.focus === "string") root.getElementById(kept.focus)?.focus({ preventScroll: true });
  else if (document.activeElement !== host) find(kept.focus)?.focus({ preventScroll: true });
  scrollBack(kept.y, kept.seen);
  // Without the address of a place, nothing has scrolled there. Now it returns.
  if (kept.hash) history.replaceState(null, "", kept.hash);
};
const leaveHash = () => {
  // The page would go to the place of its address, and open what is there.
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
};
const reload = () => {
  keepPlace();
  history.scrollRestoration = "manual";
  leaveHash();
  location.reload();
};

// ---- the new page ----

// A load of a long page takes twice as long as its parts in the place of the old ones. Its scripts run again, each in a
// block of its own, and what older ones have told the document and the window to do is undone. If that does not work with
// the scripts of a page, the page is loaded as a whole.
const listeners = document[Symbol.for("report serve")];
const listenTo = (target, type, listener) => EventTarget.prototype.addEventListener.call(target, type, listener);
const replace = (next) => {
  const isOurs = (script) => script.matches("[data-serve]");
  keepPlace();
  leaveHash();
  for (const [target, ...rest] of listeners.splice(0)) target.removeEventListener(...rest);
  for (const name of document.documentElement.getAttributeNames()) document.documentElement.removeAttribute(name);
  for (const { name, value } of next.documentElement.attributes) document.documentElement.setAttribute(name, value);
  if (document.head.innerHTML !== next.head.innerHTML) document.head.replaceChildren(...next.head.childNodes);
  const scripts = [...next.body.querySelectorAll("script")].filter((script) => !isOurs(script));
  // The panel stays, so its focus and what it has announced stay too.
  for (const node of [...document.body.childNodes]) if (node !== host) node.remove();
  host.before(...next.body.childNodes);
  let isFaulty = false;
  const note = () => { isFaulty = true; };
  listenTo(window, "error", note);
  for (const script of scripts) {
    const again = document.createElement("script");
    for (const { name, value } of script.attributes) again.setAttribute(name, value);
    again.textContent = script.type === "" ? `{${script.textContent}\n}` : script.textContent;
    script.replaceWith(again);
  }
  window.removeEventListener("error", note);
  if (isFaulty) throw new Error("a script of the page runs only once");
  restorePlace();
};

// Most edits change a paragraph. If all else is the same, and no script can have a part in what has changed, then only that
// is put into the page.
const plain = "p, ul, ol, li, blockquote, em, strong, del, code, br, sup, sub, a[href^='#']:not([class]), button.value[popovertarget]";
const isPlain = (element) => [element, ...element.querySelectorAll("*")].every((one) => one.matches(plain));
// The page in parts: the text around its content, and each block of that.
const partsOf = (text, next) => {
  const main = next.querySelector("main");
  if (!main) return null;
  const [from, to] = [text.indexOf("<main"), text.lastIndexOf("</main>")];
  const [after] = text.slice(to).split("<script data-serve");
  return { around: text.slice(0, from) + after, blocks: [...main.children].map((block) => block.outerHTML) };
};
let parts = null;
const patch = (now, next) => {
  if (!parts || !now || parts.around !== now.around) return false;
  const main = document.querySelector("main");
  const [old, blocks] = [parts.blocks, now.blocks];
  if (main.children.length !== old.length) return false;
  let start = 0;
  while (start < old.length && start < blocks.length && old[start] === blocks[start]) start++;
  let end = 0;
  while (end < old.length - start && end < blocks.length - start && old.at(-1 - end) === blocks.at(-1 - end)) end++;
  const gone = [...main.children].slice(start, old.length - end);
  const come = [...next.querySelector("main").children].slice(start, blocks.length - end);
  if (![...gone, ...come].every(isPlain)) return false;
  const [y, seen] = [scrollY, blocksSeen()];
  const place = main.children[old.length - end] ?? null;
  for (const block of gone) block.remove();
  for (const block of come) main.insertBefore(block, place);
  scrollBack(y, seen);
  return true;
};
const update = async () => {
  const answer = await fetch(location.pathname, { cache: "no-store" });
  if (!answer.ok) throw new Error("the server is busy");
  const text = await answer.text();
  try {
    if (!listeners) throw new Error("the page has no head");
    const next = new DOMParser().parseFromString(text, "text/html");
    const now = partsOf(text, next);
    const number = JSON.parse(next.getElementById("_serve").textContent).state.page;
    if (!patch(now, next)) replace(next);
    [parts, shown] = [now, number];
    draw();
  } catch {
    reload();
  }
};
let updating;
const follow = () => {
  const again = (pause) => {
    updating = undefined;
    if (state.page > shown && !isLost) setTimeout(() => follow(), pause);
  };
  // Without an answer, the page stays: a load would show only that there is none.
  updating ??= update().then(() => again(0), () => again(1000));
};

// ---- the panel ----

const host = document.createElement("div");
host.id = "_serve_panel";
host.setAttribute("role", "region");
host.setAttribute("aria-label", "State of the report");
const root = host.attachShadow({ mode: "open" });
root.innerHTML = `<style>${style}</style>
<details class="panel" id="panel"><summary id="summary"><span class="dot"></span><span id="line" role="status"></span></summary>
<div class="body"><div id="missing"></div><p><button id="train" type="button" hidden></button><button id="stop" type="button" hidden>Stop</button></p>
<div id="training"></div><div id="live"></div><div id="notes"></div></div></details>
<div class="error" role="alert" hidden><p>This page is older than the files:</p><pre id="error"></pre></div>`;
document.body.append(host);
const byId = (id) => root.getElementById(id);
const add = (parent, name, text = "", className = "") => {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  parent.append(element);
  return element;
};
// A part of the panel is made again only if it changes: the focus and a selected text stay.
const drawn = {};
const part = (id, value, make) => {
  const text = JSON.stringify(value);
  if (drawn[id] === text) return;
  drawn[id] = text;
  const parent = byId(id);
  parent.replaceChildren();
  make(parent);
};
const number = (value) => Number(value.toPrecision(4)).toString();
const drawCurve = (parent, { name, points }) => {
  const curve = add(parent, "div", "", "curve");
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [points[0], points.at(-1)];
  add(curve, "div", `${name} ${number(last[1])}`, "faint");
  const x = ([step]) => last[0] === first[0] ? 50 : (100 * (step - first[0])) / (last[0] - first[0]);
  const y = ([, value]) => high === low ? 15 : 28 - (26 * (value - low)) / (high - low);
  const line = points.map((point) => `${x(point).toFixed(2)} ${y(point).toFixed(2)}`).join("L");
  const words = `${name}: ${number(first[1])} at step ${first[0]}, ${number(last[1])} at step ${last[0]}`;
  curve.insertAdjacentHTML("beforeend", `<svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img"><path d="M${line}"/></svg>`);
  curve.lastElementChild.setAttribute("aria-label", words);
};
let isLost = false;
const draw = () => {
  const { missing, training, live, more, error, notes, runs, left } = state;
  const recorded = runs - left;
  const isBusy = live.length > 0 || training.is_running;
  const busy = training.is_running
    ? `${training.done} of ${training.total} trained` : `${recorded} of ${runs} recorded, in training`;
  const line = isLost ? "no connection: report serve has ended"
    : error !== null ? "a file has a mistake"
      : isBusy ? busy
        : left > 0 ? `${left} of ${runs} ${runs === 1 ? "run" : "runs"} missing` : "up to date";
  if (byId("line").textContent !== line) byId("line").textContent = line;
  const kind = isLost || error !== null || training.failure ? "poor" : isBusy ? "busy" : left > 0 ? "missing" : "";
  root.querySelector(".dot").className = `dot ${kind}`;
  part("missing", [missing, left > 0, runs], (parent) => {
    if (missing.reasons.length === 0) add(parent, "p", runs > 0 ? "Every run has a record." : "", "faint");
    if (missing.total !== "" && missing.reasons.length > 0) add(parent, "p", missing.total);
    const list = missing.reasons.length > 0 && add(parent, "ul");
    for (const reason of missing.reasons.slice(0, 12)) add(list, "li", reason);
    if (missing.reasons.length > 12) add(parent, "p", `and ${missing.reasons.length - 12} more reasons; report status prints all`);
    if (missing.failed > 0) add(parent, "p", `${missing.failed} failed before; report build --retry-failed tries them again`, "poor");
    if (missing.refusal) add(parent, "p", missing.refusal, "poor");
  });
  const [train, stop] = [byId("train"), byId("stop")];
  train.hidden = missing.count === 0 || training.is_running;
  train.disabled = isLost || missing.refusal !== null || error !== null;
  train.textContent = `Train ${missing.count} ${missing.count === 1 ? "run" : "runs"}`;
  stop.hidden = !training.is_running;
  stop.disabled = isLost || training.is_stopping;
  part("training", [training.line, training.failure, training.is_running, training.is_stopping], (parent) => {
    if (training.is_stopping) add(parent, "p", "The training stops. Recorded runs are kept.", "faint");
    else if (training.is_running) add(parent, "p", training.line || "The training begins.", "faint");
    if (training.failure) { add(parent, "p", "The last training ended early:", "poor"); add(parent, "pre", training.failure); }
  });
  part("live", [live, more], (parent) => {
    for (const run of live) {
      const one = add(parent, "div", "", "run");
      add(one, "p", run.name);
      add(one, "p", run.progress || "has begun", "faint");
      const curves = add(one, "div", "", "curves");
      for (const curve of run.curves.filter(({ points }) => points.length > 0)) drawCurve(curves, curve);
    }
    if (more > 0) add(parent, "p", `and ${more} more in training`, "faint");
  });
  part("notes", notes, (parent) => { for (const note of notes) add(parent, "p", note, "faint"); });
  // A page without a report shows its error itself.
  const own = document.getElementById("_serve_error");
  root.querySelector(".error").hidden = error === null || own !== null;
  if (byId("error").textContent !== (error ?? "")) byId("error").textContent = error ?? "";
};
const ask = (path) => fetch(path, { method: "POST", headers: { "X-Report-Token": token } }).then(async (answer) => {
  if (!answer.ok) { state = { ...state, training: { ...state.training, failure: await answer.text() } }; draw(); }
}, () => {});
byId("train").addEventListener("click", () => { byId("train").disabled = true; ask("_train"); });
byId("stop").addEventListener("click", () => { byId("stop").disabled = true; ask("_stop"); });
byId("panel").open = stored("panel") ?? false;
byId("panel").addEventListener("toggle", () => store("panel", byId("panel").open));

// ---- the connection ----

// A browser has few connections for one server, so a page that nobody sees has none.
let source;
const listen = () => {
  source?.close();
  source = undefined;
  if (document.hidden) return;
  source = new EventSource("_events");
  source.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    isLost = false;
    state = told.state;
    // Another server has another token.
    if (told.server !== server) { source.close(); reload(); return; }
    if (state.page > shown) follow();
    draw();
  };
  source.onerror = () => { isLost = true; draw(); };
};
listenTo(document, "visibilitychange", listen);
listenTo(window, "pagehide", () => source?.close());
listenTo(window, "pageshow", ({ persisted }) => { if (persisted) listen(); });
draw();
restorePlace();
listen();
}
