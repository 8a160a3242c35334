// The tying viewer: one table of embeddings that does two jobs.
//   e_t = E x_t (13.12), h_t = g(U h_{t−1} + W e_t) (13.13), scores Eᵀ h_t (13.14); untied: scores V h_t (13.6)
import { button, clip, dot, el, host, mount, num, put, stepKeys, svg, svgSymbol, symbol, write } from "./_kit.mjs";
import { tokenRow } from "./_words.mjs";
import { choice, dial, ending, entry, equation, prediction, presetList, stacked } from "./_panel.mjs";
import { embed, lookup, openModel, output, probabilities, row, step, tokenize } from "./_model.mjs";

export const MOST = 60, SHOWN = 10, DIMS = 24;
const TRAITS = ["text", "word", "tied", "n_vocab", "D", "question", "guess", "revealed", "table", "presets", "weights", "twin"];

// ---- the model ----------------------------------------------------------------------------------
/** How many numbers the model learns, D = H: {cell, b, E, untied, tied, saved}; as weight_tying.parameter_counts. */
export function counts(kind, n_vocab, D) {
  const gates = { rnn: 1, gru: 3, lstm: 4 }[kind], cell = gates * (2 * D * D + D) + (kind === "gru" ? D : 0), E = n_vocab * D;
  return { cell, b: n_vocab, E, untied: cell + n_vocab + 2 * E, tied: cell + n_vocab + E, saved: E };
}
/** The vector of a word on the way in, column w of E, and on the way out, row w of V (or of Eᵀ). */
export const way = { in: (lm, w) => embed(lm, [w]), out: (lm, w) => row(lm.V.data, w, lm.V.shape[1]) };
/** The n words whose vectors point most nearly the same way: [id, cosine], best first; never the word itself or <pad>. */
export function neighbours(lm, w, side, n) {
  const v = way[side](lm, w), found = [], length = (u) => Math.sqrt(dot(u, u)) || 1, own = length(v);
  for (let id = 1; id < lm.n_vocab; id++) if (id !== w) { const u = way[side](lm, id); found.push([id, dot(u, v) / own / length(u)]); }
  return found.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, n);
}
/** The state after <s> and the words, the scores (13.14) and ŷ. */
export function read(lm, ids) {
  const x = embed(lm, [lm.vocabularies.words.indexOf("<s>"), ...ids]);
  let state = null;
  for (let t = 0; t <= ids.length; t++) state = step(lm.cell, row(x, t, lm.D), state);
  const scores = output(lm.V, state.h, 1, lm.p.b_y);
  return { h: state.h, scores, y: probabilities(scores) };
}
/** Score of w as a product: its terms, their sum and its bias. */
export function product(lm, h, w) {
  const v = way.out(lm, w), terms = Array.from(v, (a, i) => a * h[i]);
  return { v, terms, sum: terms.reduce((a, b) => a + b, 0), bias: lm.p.b_y ? lm.p.b_y.data[w] : 0 };
}
const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const prob = (v) => (v < 0.0005 ? "< 0.001" : v.toFixed(3));
const percent = (v) => `${(100 * v).toFixed(0)} %`;

// ---- the widget -----------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw), { root, end } = mount(place, "Tying viewer: one table of embeddings on the way in and on the way out", () => {});
  const start = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
  let note = "", wide = 620, listed = [], heard = "", reading;
  const opened = new Map(), near = new Map();
  const open = (packed) => { if (!packed.arrays) return null; if (!opened.has(packed.hash)) opened.set(packed.hash, openModel(packed)); return opened.get(packed.hash); };
  function neighboursOf(lm, key, w, side) {
    const at = `${key} ${w} ${side}`;
    if (near.size > 200) near.clear();
    if (!near.has(at)) near.set(at, neighbours(lm, w, side, 5));
    return near.get(at);
  }
  function now() {
    const s = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)])), packed = [s.weights, s.twin].find((p) => p.arrays && !p.arrays.V === s.tied), given = packed ?? [s.weights, s.twin].find((p) => p.arrays);
    const lm = open(given), words = lm.vocabularies.words, find = lookup(words), key = `${given.hash} ${s.text}`;
    if (heard !== key) {
      heard = key;
      const tokens = tokenize(s.text), said = tokens.slice(0, MOST), found = find(said), r = read(lm, found.ids);
      reading = { said, left: tokens.length - said.length, ...found, ...r, order: Array.from(r.y.keys()).sort((a, b) => r.y[b] - r.y[a] || a - b) };
    }
    const { ids, unknown, order } = reading;
    const w = s.word ? find([s.word]) : { ids: [ids.at(-1) ?? words.indexOf("<s>")], unknown: [unknown.at(-1)] };
    const list = [...new Set([...ids.slice(-3), ...order.slice(0, SHOWN)])].slice(0, SHOWN);
    if (!list.includes(w.ids[0])) list[SHOWN - 1] = w.ids[0];
    return { s, lm, key: given.hash, words, ...reading, w: w.ids[0], odd: w.unknown[0], rank: order.indexOf(w.ids[0]) + 1, list, there: !!packed, kind: lm.cell.kind };
  }
  const change = (changes) => { note = ""; model.set(changes); };
  const set = (changes) => change({ guess: "", revealed: true, ...changes });
  const choose = (id) => change({ word: now().words[id] });
  const go = (to, relative) => { const m = now(), at = Math.max(0, m.list.indexOf(m.w)); choose(m.list[Math.max(0, Math.min(m.list.length - 1, relative ? at + to : to - 1))]); };

  const type = entry("Type the beginning of a sentence", (text) => set({ text, word: "" }));
  const presets = presetList(model, (traits) => set({ word: "", ...traits }));
  const reset = button("Reset", () => { change({ ...start, table: model.get("table") }); note = "Everything is as it was at the start."; }, { class: "quiet" });
  const toggle = choice("The tables", [[true, "tied"], [false, "untied"]], (tied) => set({ tied }));
  const one = entry("look at another word", (word) => change({ word: word.trim() }), 60), row1 = tokenRow("The words shown; arrow keys step", (i) => choose(listed[i]));
  const prev = button("‹ Prev", () => go(-1, true)), next = button("Next ›", () => go(1, true)), warn = el("p", { class: "note warn", role: "status" });
  stepKeys(root, go, () => now().list.length, () => go(1, true));

  const tables = svg("svg", { class: "draw", role: "img" }), sum = svg("svg", { class: "draw", role: "img" }), bars = svg("svg", { class: "draw", role: "img" });
  const pick = (e) => { const id = e.target.dataset?.id; if (id) choose(Number(id)); };
  tables.addEventListener("click", pick);
  const box = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Both tables; arrow keys step through the words" }, tables), worked = el("div", { class: "worked" }), lists = el("div", { class: "lists" });
  const dials = [
    ["n_vocab", dial(el("span", { class: "mono" }, "n_vocab"), "words known", { min: 0, max: 60, step: 1, show: count, to: (v) => Number((10 ** (2 + v / 20)).toPrecision(2)), from: (n) => (Math.log10(n) - 2) * 20 }, (n_vocab) => set({ n_vocab }))],
    ["D", dial(el("i", {}, "D"), "numbers a word, and units", { min: 8, max: 512, step: 8 }, (D) => set({ D }))],
  ];
  const told = el("p", { class: "note" });
  const share = (m, s) => { const c = counts(m.kind, s.n_vocab, s.D); return c.saved / c.untied; };
  const predict = prediction(model, [{
    ask: () => { const { s } = now(); return `Predict: a model with ${count(s.n_vocab)} words and D = ${s.D} is tied. How much of its parameters goes?`; },
    choices: [["little", "less than a fifth"], ["half", "a fifth to a half"], ["most", "more than half"]], before: { tied: false }, after: { tied: true },
    truth() { const m = now(), v = share(m, m.s); return [v < 0.2 ? "little" : v <= 0.5 ? "half" : "most", `${percent(v)} of them: one of two equal tables. With the cell and the biases beside them it is never more than half.`]; },
  }, {
    ask: "Predict: 2\u202f000 words, and D grows from 64 to 512. The share that tying saves …", choices: [["more", "grows"], ["same", "stays"], ["less", "shrinks"]], before: { n_vocab: 2000, D: 64 }, after: { D: 512 },
    truth() { const m = now(), [a, b] = [64, 512].map((D) => share(m, { n_vocab: 2000, D })); return ["less", `From ${percent(a)} to ${percent(b)}: the tables grow with D, the cell with its square.`]; },
  }, {
    ask: () => `Predict: in a tied model, is “${now().words[now().w]}” among the same neighbours on the way out as on the way in?`, choices: [["same", "the same"], ["other", "others"]], before: {}, after: { tied: true },
    truth: () => ["same", "There is one table, so there is one neighbourhood. Two tables may disagree."],
  }]);
  const foot = ending(model, () => stacked(root, now().there ? [tables, sum, bars] : [tables, bars]), "tying");
  root.append(el("div", { class: "words" }, type.el, el("span", { class: "acts" }, presets.el, " ", reset)), el("div", { class: "bar" }, toggle.el, prev, next, one.el), warn, el("div", { class: "rule" }, row1.el), box,
    el("p", { class: "key" }, "A filled square is positive, an open one negative, and its side says how large. The first numbers of each word are drawn."), worked, sum, lists, predict.el,
    el("div", { class: "rule" }, el("div", { class: "dials" }, dials.map(([, d]) => d.el)), bars, told), ...foot.nodes);

  // ---- drawing ----
  /** Squares of one table in one path for each sign; `at(i, j)` is the middle of the cell of word i and number j. */
  function squares(vectors, at, most, role) {
    const peak = Math.max(...vectors.flatMap((v) => Array.from(v.slice(0, DIMS), Math.abs))) || 1;
    let full = "", open = "";
    vectors.forEach((v, i) => {
      for (let j = 0; j < Math.min(DIMS, v.length); j++) {
        const side = most * Math.sqrt(Math.abs(v[j]) / peak), [x, y] = at(i, j), d = `M${(x - side / 2).toFixed(1)} ${(y - side / 2).toFixed(1)}h${side.toFixed(1)}v${side.toFixed(1)}h${(-side).toFixed(1)}z`;
        if (side < 0.6) continue;
        if (v[j] > 0) full += d; else open += d;
      }
    });
    return svg("g", { class: `r-${role}`, "pointer-events": "none" }, svg("path", { class: "full", d: full }), svg("path", { class: "hollow", d: open }));
  }
  function drawTables(m) {
    const n = m.list.length, P = 20, C = 10, d = Math.min(DIMS, m.lm.D), H = Math.min(DIMS, m.lm.V.shape[1]), beside = wide >= 596, T = 96, at = m.list.indexOf(m.w), X = 8, ends = X + n * P;
    const [vx, vy] = beside ? [Math.max(ends + 120, wide - H * C - 6), T] : [84, T + d * C + 70], B = Math.min(C, (Math.max(wide, 300) - vx - 6) / H), name = (id, most = 9) => clip(m.words[id], most), D = m.lm.D, N = count(m.lm.n_vocab), hasV = m.s.tied || m.there;
    const E = m.list.map((id) => way.in(m.lm, id)), V = m.list.map((id) => way.out(m.lm, id));
    const hit = (id, x, y, width, height) => svg("rect", { class: "touch", x, y, width, height, "data-id": id }, svg("title", {}, m.words[id]));
    tables.replaceChildren(
      svg("text", { x: X, y: 18, class: "strong" }, svg("tspan", { "font-style": "italic" }, "E"), ` (${D} × ${N}): in, by column`), svg("rect", { class: "line", x: X, y: T, width: n * P, height: d * C }),
      ...m.list.map((id, i) => [hit(id, X + i * P, 26, P, T - 26 + d * C), svg("text", { class: i === at ? "strong" : "soft", transform: `translate(${X + i * P + 13} ${T - 5}) rotate(-58)`, "pointer-events": "none" }, name(id))]).flat(),
      squares(E, (i, j) => [X + (i + 0.5) * P, T + (j + 0.5) * C], C - 1, "input"),
      svg("rect", { class: "now", x: X + at * P, y: T - 1, width: P, height: d * C + 2, rx: 3, "pointer-events": "none" }),
      svg("text", { x: vx - 76, y: vy - 40, class: "strong" }, svg("tspan", { "font-style": "italic" }, m.s.tied ? "Eᵀ" : "V"), ` (${N} × ${hasV && !m.s.tied ? m.lm.V.shape[1] : D}): out, by row`),
      svg("text", { x: vx - 76, y: vy - 20, class: "soft" }, m.s.tied ? "the same numbers, turned" : hasV ? "numbers of its own" : "a table of its own"),
      svg("rect", { class: "line", x: vx, y: vy, width: H * B, height: n * P, "stroke-dasharray": hasV ? null : "5 4" }),
      ...m.list.map((id, i) => [hit(id, vx - 78, vy + i * P, 78 + H * B, P), svg("text", { class: i === at ? "strong" : "soft", x: vx - 8, y: vy + i * P + 15, "text-anchor": "end", "pointer-events": "none" }, name(id))]).flat(),
      ...(!hasV ? [svg("text", { class: "soft", x: vx + (H * B) / 2, y: vy + (n * P) / 2, "text-anchor": "middle" }, "not in this model:"), svg("text", { class: "soft", x: vx + (H * B) / 2, y: vy + (n * P) / 2 + 20, "text-anchor": "middle" }, "it was trained tied")]
        : m.s.tied && !m.there ? [svg("text", { class: "soft", x: vx + (H * B) / 2, y: vy + (n * P) / 2, "text-anchor": "middle" }, "this model was"), svg("text", { class: "soft", x: vx + (H * B) / 2, y: vy + (n * P) / 2 + 20, "text-anchor": "middle" }, "trained untied")]
        : [squares(V, (i, j) => [vx + (j + 0.5) * B, vy + (i + 0.5) * P], B - 0.6, "output")]),
      svg("rect", { class: "now", x: vx - 1, y: vy + at * P, width: H * B + 2, height: P, rx: 3, "pointer-events": "none" }),
      beside && m.s.tied && m.there ? svg("path", { class: "edge", "stroke-dasharray": "4 4", d: `M${X + at * P + P / 2} ${T + d * C + 2}v10H${vx - 88}V${vy + at * P + P / 2}h8` }) : "");
    const size = beside ? [Math.max(wide, vx + H * B + 6), T + Math.max(d * C, n * P) + 20] : [Math.max(wide, vx + H * B + 6), vy + n * P + 8];
    put(tables, "width", size[0]); put(tables, "height", size[1]);
    put(tables, "aria-label", `${n} words in both tables; ${m.words[m.w]} is marked.`);
  }
  function drawSum(m) {
    sum.style.display = m.there ? "" : "none";
    if (!m.there) return worked.replaceChildren(el("p", { class: "eq" }, el("span", { class: "op" }, m.s.tied ? "This model was trained with two tables. Tied, its scores would be " : "This model was trained with one table. Untied, its scores would be "), m.s.tied ? [el("i", {}, "E"), "ᵀ"] : el("i", {}, "V"), " ", symbol("h_t"), el("span", { class: "op" }, ", from numbers nobody has learned here."))); 
    const { v, terms, sum: total, bias } = product(m.lm, m.h, m.w), n = Math.min(DIMS, terms.length), left = 62, right = 64, pitch = (wide - left - right) / n, word = clip(m.words[m.w], 14), letter = m.s.tied ? "e" : "v";
    const part = terms.slice(0, n).reduce((a, b) => a + b, 0), lines = [[`${letter}_w`, v, m.s.tied ? "input" : "output", ""], ["h_t", m.h, "hidden", ""], ["product", terms, "output", num(part)]];
    sum.replaceChildren(...lines.map(([name, values, role, text], k) => [svg("text", { x: 4, y: 22 + k * 26 }, name === "product" ? name : svgSymbol(name)), svg("path", { class: "line", d: `M${left} ${17 + k * 26}H${wide - right}` }), squares([values], (_, j) => [left + (j + 0.5) * pitch, 17 + k * 26], Math.min(pitch, 20) - 1, role), svg("text", { x: wide - 4, y: 22 + k * 26, "text-anchor": "end" }, text)]).flat());
    put(sum, "width", wide); put(sum, "height", 82);
    put(sum, "aria-label", `The product of ${word} and the state, number by number: ${terms.slice(0, n).map((t) => num(t)).join(", ")}`);
    const rest = terms.length - n, after = m.said.length ? `after “${clip(m.said.slice(-5).join(" "), 40)}”` : "at the start of a sentence";
    worked.replaceChildren(
      el("p", { class: "eq" }, el("span", { class: "op" }, `“${word}” ${after}: `), el("span", { class: m.s.tied ? "r-input r" : "r-output r" }, symbol(`${letter}_w`)), " · ", el("span", { class: "r-hidden r" }, symbol("h_t")), bias || m.lm.p.b_y ? [" + ", symbol("b_w")] : "", ` = ${num(total)}${m.lm.p.b_y ? ` ${bias < 0 ? "−" : "+"} ${num(Math.abs(bias))} = ${num(total + bias)}` : ""} `, el("span", { class: "op" }, equation(m.s.tied ? "13.14" : "13.6"))),
      el("p", { class: "note" }, rest > 0 ? `The first ${n} products make ${num(part)}, the other ${rest} make ${num(total - part)}. ` : "", `Softmax makes ${prob(m.y[m.w])} of the score: rank ${count(m.rank)} of ${count(m.lm.n_vocab)}.`));
  }
  function drawLists(m) {
    const side = (name, where, text) => el("div", {}, el("p", { class: "note" }, text), el("ol", {}, neighboursOf(m.lm, m.key, m.w, where).map(([id, cosine]) => el("li", {}, button(clip(m.words[id], 16), () => choose(id), { class: "quiet" }), " ", el("span", { class: "note" }, num(cosine))))));
    const w = clip(m.words[m.w], 14), key = `${m.key} ${m.w} ${m.s.tied} ${m.there}`;
    if (lists.dataset.key === key) return;
    lists.dataset.key = key;
    lists.replaceChildren(side("in", "in", `Nearest to “${w}” on the way in, by the cosine of columns of E:`), m.there ? side("out", "out", m.s.tied ? "On the way out, by rows of Eᵀ: the same table, so the same words:" : "On the way out, by rows of V: another table, other words:") : el("p", { class: "note" }, "On the way out: there is nothing to compare here."));
  }
  function drawBars(m) {
    const c = counts(m.kind, m.s.n_vocab, m.s.D), left = 66, room = wide - left - 6, x = (v) => (v / c.untied) * room, H = 26;
    const piece = (from, size, y, role, text, pale) => [svg("rect", { class: pale ? "pale" : "full", x: left + x(from), y, width: Math.max(0.5, x(size) - 1), height: H }), x(size) > 30 + text.length * 7 && svg("text", { class: pale ? "" : "on", x: left + x(from) + 8, y: y + 18 }, text)];
    const line = (name, y, both, on) => [svg("text", { x: 4, y: y + 18, class: on ? "strong" : "soft" }, name), svg("g", { class: "r-hidden" }, piece(0, c.cell + c.b, y, "hidden", "cell, b", true)), svg("g", { class: "r-input" }, piece(c.cell + c.b, c.E, y, "input", "E")), both && svg("g", { class: "r-output" }, piece(c.cell + c.b + c.E, c.E, y, "output", "V"))];
    bars.replaceChildren(...[line("untied", 8, true, !m.s.tied), line("tied", 42, false, m.s.tied)].flat(3).filter(Boolean));
    put(bars, "width", wide); put(bars, "height", 76);
    put(bars, "aria-label", `Parameters: untied ${count(c.untied)}, tied ${count(c.tied)}`);
    told.replaceChildren(`${{ rnn: "RNN", gru: "GRU", lstm: "LSTM" }[m.kind]}: untied ${count(c.untied)} numbers, tied ${count(c.tied)}; n_vocab · D = ${count(c.saved)} saved, ${percent(c.saved / c.untied)} `, equation("13.12"), ". The first piece is the cell and b. ", m.s.n_vocab === m.lm.n_vocab && m.s.D === m.lm.D ? "These are the sizes of the model above." : button("The model's own sizes", () => set({ n_vocab: m.lm.n_vocab, D: m.lm.D }), { class: "quiet" }));
  }
  function draw() {
    const m = now(), w = m.words[m.w];
    type.update(m.s.text); presets.update(m.s.presets); toggle.update(m.s.tied); predict.update();
    if (one.el !== root.getRootNode().activeElement) one.update("");
    for (const [key, d] of dials) d.update(m.s[key]);
    listed = m.list;
    row1.update(m.list.map((id) => m.words[id]), m.list.indexOf(m.w));
    put(prev, "aria-disabled", m.list.indexOf(m.w) === 0); put(next, "aria-disabled", m.list.indexOf(m.w) === m.list.length - 1);
    const odd = [...new Set([...m.said.filter((_, i) => m.unknown[i]), ...(m.odd && m.s.word ? [m.s.word] : [])])];
    write(warn, [m.left > 0 && `Only the first ${MOST} words are read; ${m.left} more are left out.`, odd.length && `Not in the vocabulary, read as <unk>: ${clip(odd.join(", "), 120)}.`].filter(Boolean).join(" "));
    warn.hidden = !warn.textContent;
    drawTables(m); drawSum(m); drawLists(m); drawBars(m);
    foot.table(() => ["The words shown, after the words typed", ["word", "score", "probability", "bias"], m.list.map((id) => [m.words[id], num(m.scores[id]), prob(m.y[id]), m.lm.p.b_y ? num(m.lm.p.b_y.data[id]) : "0"])]);
    const c = counts(m.kind, m.s.n_vocab, m.s.D);
    foot.say(`${note ? `${note} ` : ""}${m.s.tied ? "Tied" : "Untied"}. “${clip(w, 20)}”${m.there ? `: score ${num(m.scores[m.w])}, probability ${prob(m.y[m.w])}, rank ${m.rank}` : ""}. Nearest on the way in: ${neighboursOf(m.lm, m.key, m.w, "in").slice(0, 3).map(([id]) => m.words[id]).join(", ")}. Parameters for ${count(m.s.n_vocab)} words and D = ${m.s.D}: untied ${count(c.untied)}, tied ${count(c.tied)}.`);
  }
  const size = new ResizeObserver(([{ contentRect }]) => { const w = Math.max(300, Math.round(contentRect.width)); if (w !== wide) { wide = w; model.redraw(); } });
  size.observe(box);
  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { size.disconnect(); model.end(); end(); };
}
export default { render };
