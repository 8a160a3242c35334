// The runtime that every widget of Unrolled shares.  `_base.py` puts this file, the style sheets and
// one widget into one module, because a module that a notebook carries cannot import a neighbour.
const CSS = ""; // filled in by _base.py

// ---- elements -----------------------------------------------------------------------------------
const SVG = "http://www.w3.org/2000/svg";
function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (key.startsWith("on")) node[key] = value; // `renew` takes it over
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((c) => c != null && c !== false));
  return node;
}
/** An HTML element; `on…` keys are what it hears. */
export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
/** An SVG element. */
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
/** Set an attribute only where it differs: most of a redraw changes nothing. */
export function put(node, key, value) {
  const text = String(value);
  if (node.getAttribute(key) !== text) node.setAttribute(key, text);
}
export function write(node, text) {
  const only = node.firstChild;
  if (node.textContent === text) return;
  if (text && only?.nodeType === 3 && !only.nextSibling) only.data = text; else node.textContent = text;
}
/** New children for a box, as `replaceChildren` gives them; a node that is there and of the same kind is made like the new one
 *  instead, and so keeps its style, its layout and its focus: a tenth of the work where a few words and numbers differ. */
export function renew(box, ...nodes) {
  const old = [...box.childNodes];
  nodes.forEach((made, i) => {
    const node = made.nodeType ? made : document.createTextNode(made);
    if (!old[i]) box.append(node); else if (!becomes(old[i], node)) old[i].replaceWith(node);
  });
  for (const node of old.slice(nodes.length)) node.remove();
}
function becomes(old, node) {
  if (old.nodeName !== node.nodeName) return false;
  if (node.nodeType === 3) { if (old.data !== node.data) old.data = node.data; return true; }
  for (const { name } of [...old.attributes]) if (!node.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of node.attributes) put(old, name, value);
  old.onclick = node.onclick;
  renew(old, ...node.childNodes);
  return true;
}
/** Several attributes; null and false take one away. */
export function puts(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) if (value == null || value === false) node.removeAttribute(key); else put(node, key, value);
  return node;
}
/** The children of an SVG group: [[attributes, text], …].  Those that are there are written anew, since a new one costs ten times as much. */
export function redo(group, tag, list) {
  while (group.childElementCount > list.length) group.lastChild.remove();
  list.forEach(([attributes, text], i) => { const node = puts(group.children[i] ?? group.appendChild(svg(tag)), attributes); if (text != null) write(node, text); });
}
const worn = new WeakMap();
/** The same for a whole style. */
export function dress(node, css) { if (worn.get(node) !== css) { worn.set(node, css); node.style.cssText = css; } }
/** Call `read` when all that is written now has been written: a look at the layout between two writes costs a layout of its own. */
export const later = (read) => queueMicrotask(read);
/** `h_t−1` as an italic letter with its subscript, in HTML or (with `dy`) in SVG. */
export function symbol(name) {
  const [base, sub] = name.split("_");
  return [el("i", {}, base), sub && el("sub", {}, sub)];
}
export function svgSymbol(name) {
  const [base, sub] = name.split("_");
  return [svg("tspan", { "font-style": "italic" }, base), sub && svg("tspan", { dy: 4, "font-size": 12, "font-style": /\d/.test(sub) ? null : "italic" }, sub)];
}

// ---- numbers ------------------------------------------------------------------------------------
/** Two decimals with a true minus sign; −0.00 is 0.00. */
export function num(value, digits = 2) {
  if (!Number.isFinite(value)) return "not finite";
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text;
}
/** As `num`, without decimals that say nothing: 1, 0.5, −0.25. */
export const short = (value) => num(value).replace(/\.?0+$/, "");
/** What a reader typed as a number, or null: a comma and a true minus sign are welcome. */
export function parseNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : null;
}
/** The products of one row: "0.50·1 − 0.10·(−0.30)". */
export function products(row, values, coarse = num) {
  return row.map((w, i) => {
    const sign = num(w)[0] === "−" ? (i ? " − " : "−") : i ? " + " : "";
    const v = coarse(values[i]);
    return `${sign}${num(Math.abs(w))}·${v[0] === "−" ? `(${v})` : v}`;
  });
}
/** The first `most` letters as a reader sees them (an emoji is one), then "…". */
export function clip(text, most) {
  if (text.length <= most) return text;
  const letters = globalThis.Intl?.Segmenter ? [...new Intl.Segmenter().segment(text)].map((s) => s.segment) : [...text];
  return letters.length <= most ? text : letters.slice(0, most - 1).join("") + "…";
}

// ---- maths --------------------------------------------------------------------------------------
export const dot = (u, v) => { let sum = 0; for (let i = 0; i < u.length; i++) sum += u[i] * v[i]; return sum; };
export const matvec = (M, v) => M.map((row) => dot(row, v));
export function softmax(a) {
  const most = Math.max(...a), e = a.map((v) => Math.exp(v - most)), sum = e.reduce((p, q) => p + q, 0);
  return e.map((v) => v / sum);
}
export const activations = {
  tanh: Math.tanh,
  relu: (a) => Math.max(a, 0),
  sigmoid: (a) => 0.5 * (1 + Math.tanh(0.5 * a)),
};
export const transpose = (M) => M[0].map((_, i) => M.map((row) => row[i]));

// ---- arrays as text: little-endian float16 in base64 ----------------------------------------------
const f32 = new Float32Array(1), bits32 = new Uint32Array(f32.buffer);
export function toHalf(value) {
  f32[0] = value;
  const b = bits32[0], sign = (b >>> 16) & 0x8000, e = (b >>> 23) & 255;
  let m = b & 0x7fffff;
  if (e === 255) return sign | 0x7c00 | (m ? 0x200 : 0);
  let exponent = e - 112;
  if (exponent >= 31) return sign | 0x7c00;
  let shift = 13;
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    m |= 0x800000; shift = 14 - exponent; exponent = 0;
  }
  const half = (exponent << 10) + (m >>> shift), rest = m & ((1 << shift) - 1), mid = 1 << (shift - 1);
  return sign | (half + (rest > mid || (rest === mid && half & 1) ? 1 : 0)); // nearest, ties to even
}
export function fromHalf(half) {
  const sign = half & 0x8000 ? -1 : 1, e = (half >>> 10) & 31, m = half & 1023;
  if (e === 31) return m ? NaN : sign * Infinity;
  return sign * (e ? 2 ** (e - 15) * (1 + m / 1024) : 2 ** -14 * (m / 1024));
}
export function encodeF16(values) {
  let text = "";
  for (const value of values) { const half = toHalf(value); text += String.fromCharCode(half & 255, half >>> 8); }
  return btoa(text);
}
export function decodeF16(base64) {
  const text = atob(base64), out = new Float32Array(text.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = fromHalf(text.charCodeAt(2 * i) | (text.charCodeAt(2 * i + 1) << 8));
  return out;
}

// ---- the model: Jupyter, our page, or a host that lacks half of it ---------------------------------
const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
/** Wrap a model so that a missing or throwing `save_changes` or `off` costs nothing.
 *  `set` takes all changes of one act together, so that Python never sees half of them. */
export function host(model, redraw) {
  let queued = false, over = false;
  const listening = [];
  const self = {
    get: (key) => model.get(key),
    set(changes) {
      const news = Object.entries(changes).filter(([key, value]) => !same(model.get(key), value));
      if (!news.length) return;
      for (const [key, value] of news) model.set(key, value);
      try { model.save_changes(); } catch { /* a page without a kernel */ }
      self.redraw();
    },
    on(keys, fn) {
      const call = () => over || fn();
      for (const key of keys) { model.on(`change:${key}`, call); listening.push([`change:${key}`, call]); }
    },
    redraw() {
      if (queued || over) return;
      queued = true;
      queueMicrotask(() => { queued = false; if (!over) redraw(); });
    },
    end() {
      over = true;
      for (const [key, fn] of listening) try { model.off(key, fn); } catch { /* it stays deaf: `over` */ }
    },
  };
  return self;
}

// ---- theme and root -----------------------------------------------------------------------------
function pages() {
  const found = [];
  for (let w = window; ; w = w.parent) {
    try { found.push(w.document); } catch { break; }
    if (w === w.parent) break;
  }
  return found;
}
/** Is the page dark?  Ours and Sphinx's (data-theme), JupyterLab's, VS Code's, MyST's, then the system's. */
export function isDark() {
  for (const { documentElement: html, body } of pages()) {
    const jupyter = body?.dataset.jpThemeLight, code = body?.dataset.vscodeThemeKind, ours = html.dataset.theme;
    if (jupyter) return jupyter === "false";
    if (code) return code === "vscode-dark" || code === "vscode-high-contrast";
    if (ours === "dark" || ours === "light") return ours === "dark";
    if (html.classList.contains("dark")) return true;
    if (html.classList.contains("light")) return false;
  }
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}
/** A root in a shadow tree of its own, so that no page's style reaches in and none of ours leaks out.
 *  Returns {root, end}; `onTheme` is called when the page turns light or dark. */
export function mount(place, label, onTheme) {
  const outer = el("div", { "data-lm-suppress-shortcuts": true, style: "display:block" });
  const root = el("div", { class: "ur", role: "group", "aria-label": label });
  place.replaceChildren(outer);
  outer.attachShadow({ mode: "open" }).append(el("style", {}, CSS), root);
  const look = () => { root.toggleAttribute("data-dark", isDark()); tokens.delete(root); onTheme?.(); };
  const watch = new MutationObserver(look);
  for (const { documentElement: html, body } of pages())
    for (const node of [html, body]) if (node) watch.observe(node, { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"] });
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", look);
  look();
  return { root, end() { watch.disconnect(); system.removeEventListener("change", look); } };
}
const tokens = new WeakMap(); // asking for a style costs a layout: once a theme
/** The value of a colour token ("hidden", "paper", …) as the page has it now. */
export function token(root, name) {
  const known = tokens.get(root) ?? {};
  tokens.set(root, known);
  return (known[name] ||= getComputedStyle(root).getPropertyValue(`--u-${name}`).trim());
}
export const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
export const focused = (root) => root.getRootNode().activeElement;

// ---- parts --------------------------------------------------------------------------------------
export const button = (text, onclick, attributes) => el("button", { type: "button", onclick, ...attributes }, text);

/** Prev, Play, Next and a slider over 1 … total. */
export function stepperBar(go, play) {
  const prev = button("‹ Prev", () => go(-1, true)), next = button("Next ›", () => go(1, true));
  const main = button("Play", play, { class: "main" });
  const range = el("input", { type: "range", class: "walk", min: 1, step: 1, "aria-label": "Step", oninput: () => go(Number(range.value)) });
  const where = el("span", { class: "where" });
  return {
    el: el("div", { class: "bar" }, prev, main, next, range, where), range,
    update(step, total, playing, word) {
      prev.setAttribute("aria-disabled", step <= 1);
      next.setAttribute("aria-disabled", step >= total);
      write(main, playing ? "Pause" : "Play");
      put(range, "max", total);
      range.value = step;
      put(range, "aria-valuetext", `${step} of ${total}: ${word}`);
      write(where, `step ${step} of ${total}`);
    },
  };
}
/** While the trait `playing` is true, one step each `period()` ms, `back` from the last to the first or
 *  forward.  Every view keeps a clock and any step winds all of them up again, so that two views of one
 *  model do not play twice as fast. */
export function player(model, total, period = () => 1100, back = false) {
  let clock = 0;
  const by = back ? -1 : 1, first = () => (back ? total() : 1), last = () => (back ? 1 : total());
  const wind = () => {
    clearTimeout(clock);
    if (!model.get("playing")) return;
    clock = setTimeout(() => {
      const step = model.get("step");
      model.set(step === last() ? { playing: false } : { step: step + by, playing: step + by !== last() });
    }, period());
  };
  model.on(["playing", "step"], wind);
  wind();
  return {
    toggle() {
      if (model.get("playing")) model.set({ playing: false });
      else model.set(model.get("step") === last() ? { playing: true, step: first() } : { playing: true });
      wind();
    },
    end: () => clearTimeout(clock),
  };
}
/** ←, →, Home, End and space anywhere in the widget, but not where they mean something else. */
export function stepKeys(root, go, total, play) {
  root.addEventListener("keydown", (event) => {
    const t = event.target, key = event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || t.matches("input:not(.walk),select,textarea")) return;
    if (key === " " && t.matches("button,summary")) return;
    const act = { ArrowLeft: () => go(-1, true), ArrowRight: () => go(1, true), Home: () => go(1), End: () => go(total()), " ": play }[key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}

/** Tie things that show the same term: everything with `data-t="name"` lights up together.
 *  `bind` makes an element a source (hover, focus, click to keep); `light` shows the term. */
export function termLink(root, choose) {
  let kept = "";
  root.addEventListener("keydown", (e) => { if (e.key === "Escape" && kept) choose((kept = "")); });
  return {
    bind(node, name) {
      node.addEventListener("pointerenter", () => choose(name));
      node.addEventListener("pointerleave", () => choose(kept));
      if (node.tabIndex < 0) return node;
      node.addEventListener("focus", () => choose(name));
      node.addEventListener("blur", () => choose(kept));
      node.addEventListener("click", () => choose((kept = kept === name ? "" : name) || name));
      return node;
    },
    light(name) { for (const node of root.querySelectorAll("[data-t]")) node.classList.toggle("lit", node.dataset.t === name); },
  };
}

/** Words above their columns: `put([[i, x, text, is it the current one], …])`.  A word that stays keeps its node. */
export function headRow() {
  const box = el("div", { class: "heads", "aria-hidden": true });
  let had = new Map();
  return {
    el: box,
    put(words) {
      const has = new Map();
      for (const [i, x, text, now] of words) {
        const node = had.get(i) ?? box.appendChild(el("span"));
        had.delete(i); has.set(i, node);
        write(node, text); dress(node, `left:${x}px`); put(node, "class", now ? "now" : "");
      }
      for (const node of had.values()) node.remove();
      had = has;
    },
  };
}

/** Bring `x` into the middle of a scroller, if it is not in sight; the page itself never moves. */
export function scrollTo(scroller, x) {
  later(() => {
    const { scrollLeft, clientWidth, scrollWidth } = scroller;
    if (scrollWidth <= clientWidth || (x > scrollLeft + 70 && x < scrollLeft + clientWidth - 70)) return;
    scroller.scrollTo({ left: x - clientWidth / 2, behavior: calm() ? "auto" : "smooth" });
  });
}

/** A table that says in numbers what the drawing shows. */
export function dataTable(caption, head, rows) {
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption },
    el("table", { class: "data" }, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, head.map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((c, i) => (i ? el("td", {}, c) : el("th", { scope: "row" }, c))))))));
}

/** The drawing in words, read out politely; silent while `quiet` (playing), said once when that ends. */
export function summary() {
  const p = el("p", { class: "summary", role: "status", "aria-live": "polite" });
  return { el: p, say(text, quiet) { put(p, "aria-live", quiet ? "off" : "polite"); write(p, text); } };
}

// ---- export -------------------------------------------------------------------------------------
const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-style", "font-weight", "text-anchor"];
/** A copy of a drawing that stands alone: every style resolved, the paper behind it. */
export function frozen(drawing, extra) {
  const copy = drawing.cloneNode(true), from = drawing.querySelectorAll("*"), to = copy.querySelectorAll("*");
  from.forEach((node, i) => {
    const style = getComputedStyle(node);
    if (style.display === "none") return to[i].setAttribute("display", "none");
    for (const key of KEPT) to[i].setAttribute(key, style.getPropertyValue(key).replaceAll('"', "'"));
    to[i].removeAttribute("class");
  });
  const root = drawing.getRootNode().querySelector(".ur");
  let [width, height] = [drawing.width.baseVal.value, drawing.height.baseVal.value];
  if (extra) { copy.append(extra.node); width = Math.max(width, extra.width); height = Math.max(height, extra.height); }
  copy.prepend(svg("rect", { width, height, fill: token(root, "paper") }));
  for (const [key, value] of Object.entries({ xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` })) copy.setAttribute(key, value);
  copy.removeAttribute("class");
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
export function saveSVG(picture, name) { save(new Blob([picture.text], { type: "image/svg+xml" }), `${name}.svg`); }
export async function savePNG(picture, name, scale = 2) {
  const image = new Image(), url = URL.createObjectURL(new Blob([picture.text], { type: "image/svg+xml" }));
  image.src = url;
  await image.decode();
  URL.revokeObjectURL(url);
  const canvas = el("canvas", { width: picture.width * scale, height: picture.height * scale });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  save(await new Promise((done) => canvas.toBlob(done, "image/png")), `${name}.png`);
}
