// The unrolled stepper: an Elman network, one word at a time.
//   h_t = g(U h_{t−1} + W x_t + b) (13.1)    y_t = softmax(V h_t) (13.2, 13.3)
import { activations, button, clip, dataTable, el, focused, frozen, host, matvec, mount, num, parseNumber, player, products, put, savePNG, saveSVG, scrollTo, short, softmax, stepKeys, stepperBar, summary, svg, svgSymbol, symbol, termLink, transpose, write } from "./_kit.mjs";
import { tokenRow } from "./_words.mjs";
import { heatStrip } from "./_strip.mjs";

export const MOST = 60; // words
const TRAITS = ["text", "step", "folded", "W", "U", "V", "b", "h_0", "g", "vocab", "embeddings", "units", "features", "outputs", "presets", "term", "unit", "guess", "table", "playing"];

// ---- the network --------------------------------------------------------------------------------
const SPACE = "\\t\\n\\v\\f\\r \\u00a0\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const MARKS = ".,;:!?…“”\"()¿¡";
const WORD = new RegExp(`[${MARKS}]|[^${MARKS}${SPACE}]+`, "gu");
/** Words between spaces; punctuation marks are words of their own.  The same rule as in Python. */
export const tokenize = (text) => text.match(WORD) ?? [];
/** The row of each word in the vocabulary: as written, else in small letters, else <unk>. */
export function lookup(tokens, vocab) {
  const at = new Map(vocab.map((word, i) => [word, i]));
  return tokens.map((word) => at.get(word) ?? at.get(word.toLowerCase()) ?? at.get("<unk>"));
}
/** All steps: x, a (before g), h, scores and y, a list each; the same numbers as unrolled.scratch.rnn. */
export function forward({ text, vocab, embeddings, W, U, V, b, h_0, g }) {
  const tokens = tokenize(text), ids = lookup(tokens, vocab), unk = vocab.indexOf("<unk>");
  const out = { tokens, unknown: ids.map((i, t) => i === unk && tokens[t] !== "<unk>"), x: ids.map((i) => embeddings[i]), a: [], h: [], scores: [], y: [], h_0 };
  let h = h_0;
  for (const x_t of out.x) {
    const Uh = matvec(U, h), Wx = matvec(W, x_t), a = Uh.map((v, i) => v + Wx[i] + b[i]); // (13.1)
    h = a.map(activations[g]);
    const scores = matvec(V, h);
    out.a.push(a); out.h.push(h); out.scores.push(scores); out.y.push(softmax(scores)); // (13.3)
  }
  return out;
}

// ---- the drawing --------------------------------------------------------------------------------
const PITCH = 122, FIRST = 167, ROW = { y: 32, h: 126, x: 220 }, HALF = { y: 20, h: 27, x: 20 }, WIDE = 43, TALL = 272;

/** A vector as a box with its name and a bar a number: up is positive, down negative. */
function vector(kind, cx, name, names) {
  const size = names.length;
  const role = { x: "input", h: "hidden", y: "output" }[kind], half = HALF[kind], cy = ROW[kind], bars = [];
  const pitch = Math.min(14, 44 / size), left = cx + 14 - (pitch * size) / 2;
  const zero = kind === "y" ? cy + half - 6 : cy, reach = kind === "y" ? 2 * half - 12 : half - 6;
  for (let i = 0; i < size; i++) bars.push(svg("rect", { class: "bar", x: left + i * pitch + 1, width: pitch - 2, y: zero, height: 0, "data-i": kind === "h" ? i : null }, svg("title", {}, names[i])));
  const box = svg("rect", { class: "box", x: cx - WIDE, y: cy - half, width: 2 * WIDE, height: 2 * half, rx: 6 });
  const node = svg("g", { class: `vec ${role}`, "data-t": kind === "h" ? "h" : null }, box, svg("path", { class: "axis", d: `M${left} ${zero}h${pitch * size}` }), bars, svg("text", { class: "sym", x: cx - WIDE + 9, y: cy + 5 }, svgSymbol(name)));
  return {
    node,
    show(values) {
      const peak = values ? Math.max(1, ...values.map(Math.abs)) : 1;
      bars.forEach((bar, i) => {
        const tall = values ? (Math.abs(values[i]) / peak) * reach : 0;
        put(bar, "y", (!values || values[i] < 0 ? zero : zero - tall).toFixed(1));
        put(bar, "height", tall.toFixed(1));
      });
    },
  };
}
/** An arrow from one point to another, with the letter of the weights on it. */
function arrow(term, role, [x1, y1], [x2, y2], letter, at) {
  const far = Math.hypot(x2 - x1, y2 - y1), ux = (x2 - x1) / far, uy = (y2 - y1) / far;
  const head = `M${x2} ${y2}L${x2 - 9 * ux - 4.5 * uy} ${y2 - 9 * uy + 4.5 * ux}L${x2 - 9 * ux + 4.5 * uy} ${y2 - 9 * uy - 4.5 * ux}Z`;
  return svg("g", { class: `arrow ${role}`, "data-t": term, tabindex: -1 },
    svg("path", { class: "touch", d: `M${x1} ${y1}L${x2} ${y2}` }),
    svg("path", { class: "shaft", d: `M${x1} ${y1}L${x2 - 7 * ux} ${y2 - 7 * uy}` }),
    svg("path", { class: "head", d: head }),
    svg("text", { class: "sym", x: at[0], y: at[1] }, svg("tspan", { "font-style": "italic" }, letter)));
}
/** W up into h, V up out of it. */
const upward = (cx) => [
  arrow("Wx", "input", [cx, ROW.x - HALF.x - 1], [cx, ROW.h + HALF.h + 2], "W", [cx + 9, (ROW.x - HALF.x + ROW.h + HALF.h) / 2 + 5]),
  arrow("Vh", "output", [cx, ROW.h - HALF.h - 1], [cx, ROW.y + HALF.y + 2], "V", [cx + 9, (ROW.h - HALF.h + ROW.y + HALF.y) / 2 + 5]),
];
const word = (cx) => svg("text", { class: "word", x: cx, y: 262, "text-anchor": "middle" });

/** A copy of the network a word; another number of words adds copies at the end or takes them away. */
function drawUnfolded(s, link, pick) {
  const drawing = svg("svg", { height: TALL, role: "img" }), start = vector("h", WIDE + 2, "h_0", s.units), copies = [];
  drawing.append(start.node);
  function addCopy() {
    const t = copies.length;
    const cx = FIRST + t * PITCH, parts = { x: vector("x", cx, `x_${t + 1}`, s.features), h: vector("h", cx, `h_${t + 1}`, s.units), y: vector("y", cx, `y_${t + 1}`, s.outputs) };
    const from = t ? cx - PITCH + WIDE : 2 * WIDE + 2;
    const arrows = [arrow("Uh", "hidden", [from + 1, ROW.h], [cx - WIDE - 2, ROW.h], "U", [(from + cx - WIDE) / 2 - 8, ROW.h - 9]), ...upward(cx)];
    for (const a of arrows) link.bind(a, a.dataset.t);
    link.bind(parts.h.node, "h");
    const name = word(cx), cell = svg("g", { class: "net" }, arrows, parts.x.node, parts.h.node, parts.y.node); // one group to fade: each that fades is a layer
    const node = svg("g", { class: "copy", onclick: () => pick(t) }, svg("rect", { class: "touch", x: cx - PITCH / 2, y: 0, width: PITCH, height: TALL }), cell, name);
    drawing.append(node);
    copies.push({ node, name, ...parts });
  }
  return {
    drawing,
    update(net, step) {
      const T = net.tokens.length;
      while (copies.length > T) copies.pop().node.remove();
      while (copies.length < T) addCopy();
      put(drawing, "width", FIRST + (T - 1) * PITCH + WIDE + 8);
      start.show(net.h_0);
      copies.forEach((copy, t) => {
        const known = t < step;
        put(copy.node, "class", `copy${t === step - 1 ? " now" : known ? "" : " later"}`);
        copy.x.show(net.x[t]);
        copy.h.show(known ? net.h[t] : null);
        copy.y.show(known ? net.y[t] : null);
        write(copy.name, clip(net.tokens[t], 14));
        copy.name.classList.toggle("unknown", net.unknown[t]);
      });
      return FIRST + (step - 1) * PITCH;
    },
  };
}

function drawFolded(s, link) {
  const cx = WIDE + 4, drawing = svg("svg", { width: 2 * WIDE + 78, height: TALL, role: "img" });
  const parts = { x: vector("x", cx, "x_t", s.features), h: vector("h", cx, "h_t", s.units), y: vector("y", cx, "y_t", s.outputs) };
  const right = cx + WIDE, name = word(cx);
  const loop = svg("g", { class: "arrow hidden loop", "data-t": "Uh", tabindex: -1 },
    svg("path", { class: "touch", d: `M${right} ${ROW.h - 14}C${right + 60} ${ROW.h - 44} ${right + 60} ${ROW.h + 44} ${right + 2} ${ROW.h + 14}` }),
    svg("path", { class: "shaft", d: `M${right + 1} ${ROW.h - 14}C${right + 58} ${ROW.h - 42} ${right + 58} ${ROW.h + 38} ${right + 9} ${ROW.h + 17}` }),
    svg("path", { class: "head", d: `M${right + 2} ${ROW.h + 14}l10.6 -.4l-3.6 8.2Z` }),
    svg("text", { class: "sym", x: right + 50, y: ROW.h + 5 }, svg("tspan", { "font-style": "italic" }, "U")));
  const arrows = [loop, ...upward(cx)];
  for (const a of arrows) link.bind(a, a.dataset.t);
  link.bind(parts.h.node, "h");
  drawing.append(svg("g", { class: "copy now" }, arrows, parts.x.node, parts.h.node, parts.y.node, name));
  return {
    drawing,
    update(net, step) {
      for (const kind of ["x", "h", "y"]) parts[kind].show(net[kind][step - 1]);
      write(name, clip(net.tokens[step - 1], 14));
      name.classList.toggle("unknown", net.unknown[step - 1]);
      return 0;
    },
  };
}

// ---- the widget ---------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw);
  let net, graph, shape = "", named = "", note = "", seen = -1;
  const strip = { now: null };
  const { root, end } = mount(place, "Unrolled stepper: a recurrent network, word by word", () => strip.now?.draw());
  const start = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));

  const stepNow = () => Math.max(1, Math.min(model.get("step"), tokenize(model.get("text")).length));
  const total = () => tokenize(model.get("text")).length;
  const go = (to, relative) => {
    const step = Math.max(1, Math.min(total(), relative ? stepNow() + to : to));
    note = "";
    model.set({ step, playing: false });
  };
  const clock = player(model, total);
  const link = termLink(root, (term) => model.set({ term }));
  const change = (changes) => { note = ""; model.set(changes); };

  // the sentence
  const row = tokenRow("Words; the current one is marked", (i) => go(i + 1));
  const field = el("input", { type: "text", "aria-label": "Sentence, 1 to 60 words", spellcheck: "false", autocomplete: "off" });
  const edit = button("Edit words", () => editing(true), { class: "quiet" });
  const swap = button("", swapWords, { class: "quiet" });
  const form = el("form", { class: "sentence", hidden: true }, field, button("Use these words", takeWords), button("Cancel", () => editing(false), { class: "quiet" }));
  form.addEventListener("submit", (e) => e.preventDefault()); // JupyterLab keeps Enter from submitting: a key of our own
  field.addEventListener("keydown", (e) => {
    const act = { Enter: takeWords, Escape: () => editing(false) }[e.key];
    if (act && !e.isComposing) { e.preventDefault(); e.stopPropagation(); act(); }
  });
  const hint = el("p", { class: "hint", hidden: true });
  const fold = el("button", { type: "button", class: "quiet", onclick: () => change({ folded: !model.get("folded") }) });
  const shown = el("div", { class: "words" }, row.el, el("span", { class: "acts" }, swap, edit, fold));
  function editing(on) {
    form.hidden = !on; shown.hidden = on;
    field.removeAttribute("aria-invalid"); hint.hidden = true;
    if (on) { field.value = model.get("text"); field.focus(); field.select(); } else edit.focus();
  }
  function takeWords() {
    const tokens = tokenize(field.value);
    if (!tokens.length) {
      put(field, "aria-invalid", true); hint.hidden = false;
      write(hint, "The network needs at least one word to read.");
      return field.focus();
    }
    const text = tokens.length > MOST ? tokens.slice(0, MOST).join(" ") : field.value.trim();
    change({ text, step: Math.min(model.get("step"), tokens.length, MOST), guess: {}, playing: false });
    if (tokens.length > MOST) { note = `It reads ${MOST} words at most: the last ${tokens.length - MOST} of yours are left out.`; model.redraw(); }
    editing(false);
  }
  function swapWords() {
    const { tokens, h } = net, i = Math.min(stepNow(), tokens.length - 1) - 1, other = [...tokens];
    [other[i], other[i + 1]] = [other[i + 1], other[i]];
    const before = h.at(-1), after = forward({ ...state(), text: other.join(" ") }).h.at(-1), T = tokens.length;
    change({ text: other.join(" "), guess: {}, playing: false, step: T });
    note = `Same words, another order: h_${T} was (${before.map((v) => num(v)).join(", ")}), now it is (${after.map((v) => num(v)).join(", ")}).`;
  }

  // the graph and the bar
  const scroll = el("div", { class: "scroll graph", tabindex: 0, role: "group", "aria-label": "The network; arrow keys step" });
  const bar = stepperBar(go, () => { note = ""; clock.toggle(); });
    stepKeys(root, go, total, () => { note = ""; clock.toggle(); });
  const drawn = el("div", { class: "drawn" }, scroll);

  // predict, then reveal
  const ask = el("span"), verdict = el("span", { role: "status" });
  const guesses = ["up", "down"].map((way) => button(way === "up" ? "↑ up" : "↓ down", () => {
    const step = stepNow() + 1;
    change({ guess: { way, unit: asked(), step }, step, playing: false });
  }));
  const predict = el("div", { class: "predict" }, verdict, el("span", { class: "ask" }, ask, " ", el("span", { class: "ways" }, guesses)));
  const asked = () => { const u = model.get("unit"); return u >= 0 && u < net.h_0.length ? u : net.h_0.length - 1; };

  // the equation with its numbers, and the weights
  const worked = el("div", { class: "worked" }), weights = el("div", { class: "weights" });
  const preset = el("select", { "aria-label": "Preset weights", onchange: () => { const p = model.get("presets")[preset.value]; if (p) setNetwork(p); } });
  const gains = el("select", { "aria-label": "Activation g", onchange: () => change({ g: gains.value }) }, Object.keys(activations).map((g) => el("option", {}, g)));
  const sizes = el("select", { "aria-label": "Number of units", onchange: () => resize(Number(sizes.value)) }, [2, 3, 4].map((n) => el("option", { value: n }, `${n} units`)));
  const reset = button("Reset", () => { note = "Everything is as it was at the start."; model.set({ ...start, playing: false, table: model.get("table") }); }, { class: "quiet" });
  const say = summary(), tableBox = el("div", { class: "tablebox" });
  const tableButton = button("", () => change({ table: !model.get("table") }), { class: "quiet" });
  const picture = () => {
    if (!model.get("folded")) return frozen(graph.drawing);
    const H = net.h_0.length, x = graph.drawing.width.baseVal.value + 20, w = strip.now.canvas.clientWidth;
    return frozen(graph.drawing, { node: strip.now.svg(x, 60), width: x + w + 10, height: Math.max(TALL, 60 + 24 * H + 10) });
  };
  root.append(shown, form, hint, drawn, bar.el, predict, worked,
    el("div", { class: "head" }, el("span", { class: "title" }, "Weights"), preset, sizes, el("label", {}, el("i", {}, "g"), " = ", gains), reset), weights, tableBox,
    el("div", { class: "foot" }, say.el, el("span", { class: "tools" }, tableButton, button("SVG", () => saveSVG(picture(), "unrolled"), { class: "quiet", "aria-label": "Save the drawing as SVG" }), button("PNG", () => savePNG(picture(), "unrolled"), { class: "quiet", "aria-label": "Save the drawing as PNG" }))));

  function state() { return Object.fromEntries(TRAITS.map((key) => [key, model.get(key)])); }
  function setNetwork({ name, ...traits }) { change({ guess: {}, unit: -1, ...traits, ...(traits.text ? { step: tokenize(traits.text).length, playing: false } : {}) }); }
  function resize(n) {
    const { W, U, V, b, h_0, units, unit } = state(), grow = (list, make) => Array.from({ length: n }, (_, i) => list[i] ?? make(i));
    const zeros = (k) => Array(k).fill(0);
    change({ W: grow(W, () => zeros(W[0].length)), U: grow(U.map((r) => grow(r, () => 0)), () => zeros(n)), V: V.map((r) => grow(r, () => 0)), b: grow(b, () => 0), h_0: grow(h_0, () => 0), units: grow(units, (i) => `unit ${i + 1}`), unit: unit < n ? unit : -1, guess: {} });
  }

  // ---- structure: only when sizes, names or the fold change ----
  let rows = [], outs = [], inputs = [];
  function build(s) {
    const next = JSON.stringify([s.folded, s.units, s.features, s.outputs, s.presets.map((p) => p.name)]);
    if (next === shape) return;
    shape = next;
    seen = -1;
    graph = s.folded ? drawFolded(s, link) : drawUnfolded(s, link, (t) => go(t + 1));
    scroll.replaceChildren(graph.drawing);
    strip.now?.end();
    strip.now = s.folded ? heatStrip(root, { role: "hidden", label: "h at each step", pick: (t) => go(t + 1) }) : null;
    drawn.replaceChildren(scroll, ...(s.folded ? [el("div", { class: "history" }, strip.now.el, el("p", { class: "key" }, el("i", {}, "h"), " so far: filled is positive, striped is negative"))] : [el("p", { class: "key" }, "A bar is one number of its vector: up is positive, down is negative.")]));
    drawn.classList.toggle("folded", s.folded);
    put(scroll, "tabindex", s.folded ? -1 : 0);
    const names = JSON.stringify([s.units, s.features, s.outputs, s.presets.map((p) => p.name)]);
    if (names === named) return; // another number of words leaves the equation and the weights
    named = names;
    buildWorked(s);
    buildWeights(s);
    preset.replaceChildren(el("option", { value: "" }, "Presets …"), ...s.presets.map((p, i) => el("option", { value: i }, p.name)));
  }
  const MEANING = { h: "the new state", Uh: "what the state before brings, through U", Wx: "what this word brings, through W", b: "the bias", Vh: "what the state says about the output, through V" };
  const source = (t, role, ...inner) => link.bind(el("button", { type: "button", class: `term ${role}`, title: MEANING[t], "data-t": t }, inner), t);
  function buildWorked(s) {
    const cell = (t, role, label) => el("span", { class: `cell ${role}`, "data-t": t, "data-label": label });
    const op = (text) => el("span", { class: "op" }, text);
    const unitButton = (name, i) => el("button", { type: "button", class: "name", title: `Follow ${name} through the sentence`, onclick: () => change({ unit: model.get("unit") === i ? -1 : i }) }, name);
    rows = s.units.map((name, i) => {
      const parts = { h: cell("h", "hidden"), Uh: cell("Uh", "hidden"), Wx: cell("Wx", "input"), b: cell("b", "plain"), name: unitButton(name, i), g: op("") };
      return { ...parts, el: el("div", { class: "line" }, el("span", { class: "who" }, parts.name), parts.h, parts.g, parts.Uh, op("+"), parts.Wx, op("+"), parts.b, op(")")) };
    });
    outs = s.outputs.map((name) => {
      const parts = { y: el("span", { class: "cell output" }), Vh: cell("Vh", "output") };
      return { ...parts, el: el("div", { class: "line out" }, el("span", { class: "who" }, name), parts.y, op("∝ exp("), parts.Vh, op(")")) };
    });
    const eq = (n) => el("span", { class: "who n" }, `(${n})`);
    worked.replaceChildren(
      el("div", { class: "scroll lines", tabindex: 0, role: "group", "aria-label": "Equation 13.1 with the numbers of this step" },
        el("div", { class: "line eq" }, eq("13.1"), source("h", "hidden", symbol("h_t")), op(["= ", el("i", {}, "g"), "("]), source("Uh", "hidden", el("i", {}, "U"), " ", symbol("h_t−1")), op("+"), source("Wx", "input", el("i", {}, "W"), " ", symbol("x_t")), op("+"), source("b", "plain", el("i", {}, "b")), op(")")),
        rows.map((r) => r.el)),
      el("div", { class: "scroll lines", tabindex: 0, role: "group", "aria-label": "Equation 13.3 with the numbers of this step" },
        el("div", { class: "line eq out" }, eq("13.3"), el("span", { class: "term output" }, symbol("y_t")), op("= softmax("), source("Vh", "output", el("i", {}, "V"), " ", symbol("h_t")), op(")")),
        outs.map((r) => r.el)));
  }
  function buildWeights(s) {
    inputs = [];
    const matrix = (key, role, term, names, heads, loud) => {
      const cells = names.map((_, i) => heads.map((_, j) => {
        const input = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": `${key}, ${names[i]}${heads[j] ? `, from ${heads[j]}` : ""}` });
        inputs.push({ input, key, i, j });
        input.addEventListener("input", () => { const v = allowed(input.value); put(input, "aria-invalid", v == null); if (v != null) setWeight(key, i, j, v); });
        input.addEventListener("change", () => settle(input, key, i, j));
        input.addEventListener("blur", () => settle(input, key, i, j));
        input.addEventListener("keydown", (e) => {
          const by = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 }[e.key];
          if (by) { e.preventDefault(); const v = Math.max(-10, Math.min(10, weight(key, i, j) + by)); input.value = num(v); put(input, "aria-invalid", false); setWeight(key, i, j, Number(v.toFixed(6))); }
          if (e.key === "Enter") settle(input, key, i, j);
          if (e.key === "Escape") { input.value = num(weight(key, i, j)); put(input, "aria-invalid", false); }
        });
        return input;
      }));
      return el("div", { class: `matrix ${role}`, "data-t": term },
        el("table", {}, el("caption", {}, el("i", {}, key)),
          heads[0] && el("thead", {}, el("tr", {}, el("td", { class: !loud && "bare" }), heads.map((name) => el("th", { scope: "col" }, clip(name, 8))))),
          el("tbody", {}, names.map((name, i) => el("tr", {}, el("th", { scope: "row", class: !loud && "bare" }, el("span", { class: loud ? "" : "unseen" }, clip(name, 13))), cells[i].map((input) => el("td", {}, input)))))));
    };
    weights.replaceChildren(matrix("W", "input", "Wx", s.units, s.features, true), matrix("U", "hidden", "Uh", s.units, s.units, false), matrix("b", "plain", "b", s.units, [""], false), matrix("V", "output", "Vh", s.outputs, s.units, true));
  }
  const allowed = (text) => { const v = parseNumber(text); return v != null && Math.abs(v) <= 10 ? v : null; };
  const weight = (key, i, j) => (key === "b" ? model.get("b")[i] : model.get(key)[i][j]);
  function setWeight(key, i, j, v) {
    const old = model.get(key);
    change({ [key]: key === "b" ? old.map((x, k) => (k === i ? v : x)) : old.map((r, k) => (k === i ? r.map((x, l) => (l === j ? v : x)) : r)), guess: {} });
  }
  function settle(input, key, i, j) {
    if (allowed(input.value) == null) { note = `“${clip(input.value.trim() || "nothing", 20)}” is not a number between −10 and 10: ${input.getAttribute("aria-label")} stays ${num(weight(key, i, j))}.`; model.redraw(); }
    input.value = num(weight(key, i, j));
    put(input, "aria-invalid", false);
  }

  // ---- values: at every change ----
  function draw() {
    const s = state();
    net = forward(s);
    const T = net.tokens.length, step = stepNow(), t = step - 1, last = t ? net.h[t - 1] : net.h_0;
    build(s);
    row.update(net.tokens, t, net.unknown);
    const left = Math.min(step, T - 1) - 1;
    swap.hidden = T < 2;
    if (T > 1) write(swap, `Swap ${clip(net.tokens[left], 12)} ↔ ${clip(net.tokens[left + 1], 12)}`);
    const x = graph.update(net, step);
    put(graph.drawing, "aria-label", s.folded ? "One cell: x up to h through W, h up to y through V, and a dashed loop from h back to itself through U." : `The network unrolled over ${T} ${T === 1 ? "word" : "words"}; every copy has the same W, U and V. Step ${step} is marked.`);
    bar.update(step, T, s.playing, net.tokens[t]);
    write(fold, s.folded ? "Unfold" : "Fold");
    put(fold, "aria-label", s.folded ? "Unfold the network: one copy a word" : "Fold the network into one cell with a loop");
    drawPrediction(s, step, T);
    drawWorked(s, t, last);
    for (const { input, key, i, j } of inputs) {
      if (input !== focused(root)) { const text = num(weight(key, i, j)); if (input.value !== text) input.value = text; }
      input.classList.toggle("sel", s.unit === i && key !== "V");
    }
    gains.value = s.g; sizes.value = s.h_0.length; preset.value = "";
    put(root, "data-unit", s.unit >= 0);
    for (const bar of graph.drawing.querySelectorAll("[data-i]")) bar.classList.toggle("dim", s.unit >= 0 && Number(bar.dataset.i) !== s.unit);
    link.light(s.term);
    drawTable(s, step);
    if (strip.now) strip.now.draw({ values: transpose(net.h), rows: s.units, columns: net.tokens, current: t, shown: step, lit: s.unit });
    if (x !== seen) scrollTo(scroll, (seen = x)); // reading the layout costs a frame: only when the step moved
    speak(s, t, last);
  }
  function drawPrediction(s, step, T) {
    const u = asked(), { guess } = s, known = guess.step === step && guess.unit < net.h_0.length && step > 0;
    if (known) {
      const from = step > 1 ? net.h[step - 2][guess.unit] : net.h_0[guess.unit], to = net.h[step - 1][guess.unit], by = to - from;
      const way = Math.abs(by) < 0.005 ? "hardly moved" : by > 0 ? "went up" : "went down";
      put(verdict, "class", way === `went ${guess.way}` ? "good" : "bad");
      write(verdict, `${way === `went ${guess.way}` ? "Yes." : "Not yet."} “${s.units[guess.unit]}” ${way}: ${num(from)} → ${num(to)}.`);
    } else write(verdict, "");
    const more = step < T;
    for (const b of guesses) b.hidden = !more;
    write(ask, more ? `Predict: at “${clip(net.tokens[step], 14)}”, will “${s.units[u]}” go` : known ? "" : T > 1 ? "The sentence ends here. Go back, or swap two words." : "The sentence ends here.");
  }
  function drawWorked(s, t, last) {
    rows.forEach((r, i) => {
      write(r.h, num(net.h[t][i]));
      write(r.g, `= ${s.g}(`);
      spans(r.Uh, products(s.U[i], last)); spans(r.Wx, products(s.W[i], net.x[t], short)); write(r.b, num(s.b[i]));
      put(r.name, "aria-pressed", s.unit === i);
    });
    outs.forEach((r, k) => { write(r.y, num(net.y[t][k])); spans(r.Vh, products(s.V[k], net.h[t])); });
  }
  function spans(box, texts) {
    while (box.children.length > texts.length) box.lastChild.remove();
    while (box.children.length < texts.length) box.append(el("span"));
    texts.forEach((text, i) => write(box.children[i], text));
  }
  function drawTable(s, step) {
    write(tableButton, s.table ? "Hide table" : "Table");
    put(tableButton, "aria-pressed", s.table);
    tableBox.hidden = !s.table;
    if (!s.table) return;
    const all = [...net.tokens.keys()].slice(0, step).map((t) => [`${t + 1}. ${clip(net.tokens[t], 18)}${net.unknown[t] ? " (unknown)" : ""}`, ...net.x[t].map(short), ...net.h[t].map((v) => num(v)), ...net.y[t].map((v) => num(v))]);
    const text = JSON.stringify(all);
    if (text === tableBox.dataset.key) return;
    tableBox.dataset.key = text;
    tableBox.replaceChildren(dataTable("Input x, state h and output y, up to this step", ["word", ...s.features.map((n) => `x ${n}`), ...s.units.map((n) => `h ${n}`), ...s.outputs.map((n) => `y ${n}`)], all));
  }
  function speak(s, t, last) {
    const h = s.units.map((name, i) => `${name} ${num(net.h[t][i])} (was ${num(last[i])})`).join(", ");
    const best = net.y[t].indexOf(Math.max(...net.y[t])), alien = net.unknown[t] ? " is not in the vocabulary and is read as <unk>" : "";
    const text = `${note ? note + " " : ""}Step ${t + 1}, “${clip(net.tokens[t], 18)}”${alien}. State: ${h}. Output: ${s.outputs[best]}, ${num(net.y[t][best])}.`;
    say.say(text, s.playing);
  }

  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); strip.now?.end(); model.end(); end(); };
}
export default { render };
