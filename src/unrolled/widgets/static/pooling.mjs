// The pooling viewer: one vector for a sentence, from its last state, the mean of all, or their maxima.
//   h_mean = 1/n (h_1 + … + h_n) (13.15), then tanh(W_ff h + b_ff), V z + b_y and softmax
import { activations, button, clip, el, host, mount, num, player, put, stepKeys, stepperBar, svg, symbol, write } from "./_kit.mjs";
import { choice, ending, entry, equation, prediction, presetList, stacked } from "./_panel.mjs";
import { encode, lookup, openModel, output, probabilities, tokenize } from "./_model.mjs";

export const MOST = 60, POOLS = ["last", "mean", "max"];
const TRAITS = ["text", "pool", "step", "unit", "clause", "was", "playing", "question", "guess", "revealed", "table", "presets", "classes", "weights"];
const FILLER = "and then we all went home on the late bus";

// ---- clauses ------------------------------------------------------------------------------------
const BETWEEN = new Set([",", ";", ":", ".", "!", "?", "…", "–", "—", "(", ")", "but", "although", "though", "yet", "while", "whereas", "however"]);
/** A sentence as runs of words: [{words, from}], what stands between them apart. */
export function clauses(tokens) {
  const found = [];
  tokens.forEach((word, i) => {
    if (BETWEEN.has(word.toLowerCase())) return;
    if (i && found.length && found.at(-1).from + found.at(-1).words.length === i) found.at(-1).words.push(word);
    else found.push({ from: i, words: [word] });
  });
  return found;
}
/** The tokens with clause `from` in the place of clause `to`; commas and conjunctions stay where they are. */
export function moveClause(tokens, from, to) {
  const slots = clauses(tokens), order = slots.map((c) => c.words), [moved] = order.splice(from, 1), out = [];
  order.splice(to, 0, moved);
  let at = 0;
  slots.forEach((slot, k) => { out.push(...tokens.slice(at, slot.from), ...order[k]); at = slot.from + slot.words.length; });
  return [...out, ...tokens.slice(at)];
}
const ENDING = /^(n't|'(s|re|ve|ll|d|m))$/i;
/** The tokens of a text; an ending such as "n't" stays with its word where the vocabulary has them so. */
export function split(words, text) {
  const known = new Set(words), out = [];
  for (const token of tokenize(text)) {
    const whole = out.length && ENDING.test(token) && !known.has(token.toLowerCase()) ? out.at(-1) + token : "";
    if (whole && (known.has(whole) || known.has(whole.toLowerCase()))) out[out.length - 1] = whole;
    else out.push(token);
  }
  return out;
}
/** Tokens as a line that is read as the same tokens again. */
export const join = (tokens) => tokens.reduce((line, t) => line + (line && !ENDING.test(t) && !/^[.,;:!?…)]$/.test(t) && !line.endsWith("(") ? " " : "") + t, "");

// ---- the classifier -----------------------------------------------------------------------------
/** What one pooling makes of all states: r, and for each of its numbers each word's part: share[t·R + d]. */
export function pooled(run, pool) {
  const { h, T, width: R } = run, r = new Float64Array(R), share = new Float64Array(T * R);
  for (let d = 0; d < R; d++) {
    if (pool === "last") {
      const t = run.bwd && d >= run.H ? 0 : T - 1; // the backward network ends at the first word
      r[d] = h[t * R + d]; share[t * R + d] = 1;
    } else if (pool === "mean") {
      let size = 0;
      for (let t = 0; t < T; t++) { r[d] += h[t * R + d] / T; size += Math.abs(h[t * R + d]); } // (13.15)
      for (let t = 0; t < T; t++) share[t * R + d] = size ? Math.abs(h[t * R + d]) / size : 1 / T;
    } else {
      let best = 0;
      for (let t = 1; t < T; t++) if (h[t * R + d] > h[best * R + d]) best = t;
      r[d] = h[best * R + d]; share[best * R + d] = 1;
    }
  }
  return { r, share, T, R };
}
/** The probabilities of the classes from r; a model may have one feedforward network for all ways to pool, or one each ("max.W_ff"). */
export function classify(model, r, pool) {
  const part = (name) => model.p[`${pool}.${name}`] ?? model.p[name], z = output(part("W_ff"), r, 1, part("b_ff")).map(activations.tanh);
  return probabilities(output(part("V"), z, 1, part("b_y")));
}
/** All three, for the ids of a sentence of at least one word. */
export function read(model, ids) {
  const run = encode(model, ids), by = {};
  for (const pool of POOLS) { by[pool] = pooled(run, pool); by[pool].y = classify(model, by[pool].r, pool); }
  return { run, by };
}
const prob = (v) => (v < 0.0005 ? "< 0.001" : v > 0.9995 ? "> 0.999" : v.toFixed(3));
const percent = (v) => `${(100 * v).toFixed(v < 0.0995 ? 1 : 0)} %`;

// ---- the widget -----------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw), { root, end } = mount(place, "Pooling viewer: which words a sentence's class is read from", () => {});
  const start = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
  let note = "", wide = 620, lm, opened, heard = "", found;
  function now() {
    const s = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
    if (opened !== s.weights.hash) { opened = s.weights.hash; lm = openModel(s.weights); heard = ""; }
    const tokens = split(lm.vocabularies.words, s.text), words = tokens.slice(0, MOST);
    if (heard !== `${opened} ${s.text}`) { heard = `${opened} ${s.text}`; const told = lookup(lm.vocabularies.words)(words); found = { ...told, ...(words.length ? read(lm, told.ids) : { by: null }) }; }
    return { s, words, left: tokens.length - words.length, parts: clauses(words), ...found, T: words.length, at: Math.max(1, Math.min(s.step, words.length)), own: lm.config.pool };
  }
  const change = (changes) => { note = ""; model.set(changes); };
  const set = (changes) => change({ guess: "", revealed: true, playing: false, ...changes });
  const total = () => Math.max(1, now().T), go = (to, relative) => change({ step: Math.max(1, Math.min(total(), relative ? now().at + to : to)), playing: false });
  const clock = player(model, total, () => 600), chances = (m = now()) => (m.by ? POOLS.map((pool) => m.by[pool].y[1]) : []);
  const type = entry("Type a sentence about a film", (text) => set({ text, was: [], clause: 0, unit: -1 })), presets = presetList(model, (traits) => set({ was: [], clause: 0, unit: -1, ...traits }));
  const reset = button("Reset", () => { change({ ...start, playing: false, table: model.get("table") }); note = "Everything is as it was at the start."; }, { class: "quiet" });
  const toggle = choice("How to pool", POOLS.map((pool) => [pool, pool]), (pool) => change({ pool }));
  const warn = el("p", { class: "note warn", role: "status" });

  // clauses: buttons that can be dragged, and buttons that move the one chosen
  function moved(m, from, to) {
    if (m.parts.length < 2 || to < 0 || to >= m.parts.length || to === from) return {};
    return { text: join(moveClause(m.words, from, to)), was: chances(m), clause: to, unit: -1 };
  }
  const chips = el("div", { class: "chips", role: "group", "aria-label": "The clauses; drag one, or choose one and move it" }), left = button("‹ Move", () => shift(-1)), right = button("Move ›", () => shift(1)), alone = el("span", { class: "note" });
  const shift = (by) => { const m = now(), k = Math.min(m.s.clause, m.parts.length - 1), changes = moved(m, k, k + by); if (changes.text !== undefined) set(changes); };
  let dragged = -1, drop = -1, from = 0;
  const chipAt = (e) => Array.from(chips.children).findIndex((chip) => { const b = chip.getBoundingClientRect(); return e.clientX >= b.left && e.clientX <= b.right && e.clientY >= b.top - 6 && e.clientY <= b.bottom + 6; });
  chips.addEventListener("pointerdown", (e) => { dragged = chipAt(e); from = e.clientX; drop = -1; });
  chips.addEventListener("pointermove", (e) => {
    if (dragged < 0 || (drop < 0 && Math.abs(e.clientX - from) < 8)) return;
    chips.setPointerCapture?.(e.pointerId);
    drop = chipAt(e);
    Array.from(chips.children).forEach((chip, k) => { chip.classList.toggle("dragged", k === dragged); chip.classList.toggle("drop", k === drop && k !== dragged); });
  });
  const let_go = () => { for (const chip of chips.children) chip.classList.remove("dragged", "drop"); const [a, b] = [dragged, drop]; dragged = drop = -1; if (a >= 0 && b >= 0 && a !== b) set(moved(now(), a, b)); };
  chips.addEventListener("pointerup", let_go);
  chips.addEventListener("pointercancel", () => { drop = -1; let_go(); });

  // the drawings
  const strip = svg("svg", { class: "draw", role: "img" }), bars = svg("svg", { class: "draw", role: "img" });
  const box = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Each word's part in each number of the pooled vector; arrow keys step" }, strip), told = el("p", { class: "eq" }), line = el("p", { class: "note" }), moving = el("p", { class: "note" });
  const ROW = 22, LEFT = 104, RIGHT = 74, TOP = 20, bar = stepperBar(go, () => clock.toggle());
  stepKeys(root, go, total, () => clock.toggle());
  strip.addEventListener("pointermove", (e) => { const m = now(), b = strip.getBoundingClientRect(), R = m.by?.last.R ?? 1, unit = Math.floor((e.clientX - b.left - LEFT) / ((wide - LEFT - RIGHT) / R)); if (e.pointerType === "mouse") change({ unit: unit >= 0 && unit < R ? unit : -1 }); });
  strip.addEventListener("pointerleave", () => change({ unit: -1 }));
  strip.addEventListener("click", (e) => { const m = now(), at = Math.floor((e.clientY - strip.getBoundingClientRect().top - TOP) / ROW) + 1; if (at >= 1 && at <= m.T) change({ step: at, playing: false }); });

  const changed = () => {
    const [was, is] = [model.get("was"), chances()], by = POOLS.map((_, k) => Math.abs(is[k] - was[k]));
    return [POOLS[by.indexOf(Math.max(...by))], `Most: ${POOLS[by.indexOf(Math.max(...by))]}. P(${model.get("classes")[1]}): ${POOLS.map((pool, k) => `${pool} ${prob(was[k])} → ${prob(is[k])}`).join(", ")}.`];
  };
  const which = POOLS.map((pool) => [pool, pool]), fresh = () => ({ text: model.get("presets")[0]?.text ?? model.get("text"), was: [], clause: 0 });
  const predict = prediction(model, [{
    ask: "Predict: the first clause moves to the end. Which pooling changes its mind most?", choices: which, before: fresh,
    after() { const m = now(); return m.parts.length > 1 ? moved(m, 0, m.parts.length - 1) : { was: chances(m) }; },
    truth: () => changed(),
  }, {
    ask: `Predict: “${FILLER}” is added at the end. Which pooling changes its mind most?`, choices: which, before: fresh,
    after() { const m = now(); return { text: join([...m.words, ...tokenize(FILLER)]), was: chances(m) }; },
    truth: () => changed(),
  }]);
  const foot = ending(model, () => stacked(root, [strip, bars]), "pooling");
  root.append(el("div", { class: "words" }, type.el, el("span", { class: "acts" }, presets.el, " ", reset)), warn, el("div", { class: "bar clauses" }, chips, left, right, alone), predict.el, el("div", { class: "bar rule" }, toggle.el, told), box, line, bar.el, el("div", { class: "rule" }, bars, moving), ...foot.nodes);

  function drawStrip(m) {
    if (!m.by) { strip.replaceChildren(svg("text", { class: "soft", x: 4, y: 24 }, "No words yet: there is nothing to pool.")); put(strip, "width", wide); put(strip, "height", 40); put(strip, "aria-label", "No words yet"); return; }
    const { share, R, T } = m.by[m.s.pool], pitch = (wide - LEFT - RIGHT) / R, gap = pitch > 3 ? 1 : 0.2, levels = Array(8).fill(""), peak = Math.max(...share), parts = Array(T).fill(0);
    for (let t = 0; t < T; t++) for (let d = 0; d < R; d++) {
      const v = share[t * R + d];
      parts[t] += v / R;
      if (v > 0) levels[Math.min(7, Math.floor((v / peak) * 8))] += `M${(LEFT + d * pitch).toFixed(1)} ${TOP + t * ROW + 3}h${(pitch - gap).toFixed(1)}v${ROW - 6}h${(gap - pitch).toFixed(1)}z`;
    }
    const most = Math.max(...parts);
    strip.replaceChildren(
      svg("text", { class: "soft", x: LEFT, y: 13, "font-size": 13 }, `${R} numbers of the vector`), svg("text", { class: "soft", x: wide - 4, y: 13, "text-anchor": "end", "font-size": 13 }, m.s.pool === "max" ? "won" : "share"),
      svg("g", { class: "r-hidden", "pointer-events": "none" }, levels.map((d, k) => d && svg("path", { class: "full", d, "fill-opacity": ((k + 1) / 8).toFixed(3) }))),
      ...m.words.map((word, t) => {
        const y = TOP + t * ROW, here = t + 1 === m.at, wins = Math.round(parts[t] * R);
        return svg("g", {}, svg("rect", { class: "touch", x: 0, y, width: wide, height: ROW }), svg("path", { class: "line", d: `M${LEFT} ${y + ROW}H${wide - RIGHT}` }),
          svg("text", { class: `${here ? "strong" : ""} ${m.unknown[t] ? "unknown" : ""}`, x: LEFT - 8, y: y + 15, "text-anchor": "end", "pointer-events": "none" }, clip(word, 12)),
          svg("g", { class: "r-hidden" }, svg("rect", { class: "pale", x: wide - RIGHT + 6, y: y + 4, width: ((parts[t] / most) * 26).toFixed(1), height: ROW - 8 })),
          svg("text", { x: wide - 4, y: y + 15, "text-anchor": "end", class: here ? "strong" : "", "pointer-events": "none" }, m.s.pool === "max" ? wins : percent(parts[t])));
      }),
      svg("rect", { class: "now", x: 1, y: TOP + (m.at - 1) * ROW, width: wide - 2, height: ROW, rx: 3, "pointer-events": "none" }),
      m.s.unit >= 0 && m.s.unit < R ? svg("rect", { class: "edge", x: LEFT + m.s.unit * pitch - 1, y: TOP, width: pitch + 1, height: T * ROW, "pointer-events": "none" }) : "");
    put(strip, "width", wide); put(strip, "height", TOP + T * ROW + 4);
    put(strip, "aria-label", `${m.s.pool} pooling over ${T} words: ${m.words.map((word, t) => `${word} ${percent(parts[t])}`).join(", ")}`);
    return parts;
  }
  function drawBars(m) {
    const left = 56, room = wide - left - 128, y0 = 24, name = m.s.classes[1], ys = chances(m);
    bars.replaceChildren(svg("text", { class: "strong", x: 4, y: 14 }, `P(${clip(name, 20)})`),
      ...[0, 0.5, 1].map((v) => svg("path", { class: "line", d: `M${left + v * room} ${y0 - 2}v${3 * 28}` })),
      ...POOLS.map((pool, k) => {
        const y = y0 + k * 28, v = ys[k], was = m.s.was[k], on = pool === m.s.pool;
        return svg("g", { class: "r-output" }, svg("text", { class: on ? "strong" : "soft", x: 4, y: y + 16 }, pool), v !== undefined && svg("rect", { class: on ? "full" : "pale", x: left, y: y + 2, width: Math.max(1, v * room), height: 18 }),
          was !== undefined && svg("rect", { class: "edge", x: left, y: y + 2, width: Math.max(1, was * room), height: 18 }), svg("text", { class: on ? "strong" : "", x: left + room + 8, y: y + 16 }, v === undefined ? "–" : prob(v), was === undefined ? "" : svg("tspan", { class: "soft" }, ` was ${prob(was)}`)));
      }));
    put(bars, "width", wide); put(bars, "height", y0 + 88);
    put(bars, "aria-label", `Probability of ${name}: ${POOLS.map((pool, k) => `${pool} ${ys[k] === undefined ? "none" : prob(ys[k])}`).join(", ")}`);
  }
  function drawText(m) {
    const h = (t) => symbol(`h_${t}`), { pool } = m.s;
    told.replaceChildren(...[pool === "mean" ? [h("mean"), " = ", el("span", { class: "op" }, "1/", el("i", {}, "n")), " (", h("1"), " + … + ", h("n"), ") ", el("span", { class: "op" }, equation("13.15"))] : pool === "last" ? [h("last"), " = ", h("n"), el("span", { class: "op" }, " of the last word alone")] : [h("max"), " = ", el("span", { class: "op" }, "the largest of "), h("1"), " … ", h("n"), el("span", { class: "op" }, ", number by number")]].flat(3));
    if (!m.by) { write(line, ""); return; }
    const { run: { h: values }, by } = m, { R } = by.last, u = m.s.unit, d = u >= 0 && u < R ? u : -1, word = (t) => `“${clip(m.words[t], 16)}”`;
    const column = d < 0 ? [] : m.words.map((_, t) => values[t * R + d]), top = column.indexOf(Math.max(...column));
    write(line, d < 0 ? (pool === "max" ? "A filled cell: this word holds the largest value of that number. Point at a column to read it." : pool === "mean" ? "The darker a cell, the larger the word's part of that number, by size. Point at a column to read it." : "Only the last word's own state is kept; what it says of earlier words, it carried there.")
      : `Number ${d + 1}: last ${num(by.last.r[d])}, mean ${num(by.mean.r[d])}, max ${num(by.max.r[d])} from ${word(top)}; at ${word(m.at - 1)} it is ${num(column[m.at - 1])}.`);
  }
  function draw() {
    const m = now(), { s } = m, many = m.parts.length > 1, k = Math.min(s.clause, m.parts.length - 1);
    type.update(s.text); presets.update(s.presets); toggle.update(s.pool); predict.update();
    while (chips.children.length > m.parts.length) chips.lastChild.remove();
    while (chips.children.length < m.parts.length) { const i = chips.children.length; chips.append(button("", () => change({ clause: i }))); }
    m.parts.forEach((part, i) => { write(chips.children[i], clip(join(part.words), 34)); put(chips.children[i], "aria-pressed", i === k); });
    put(left, "aria-disabled", !many || k <= 0); put(right, "aria-disabled", !many || k >= m.parts.length - 1);
    write(alone, many ? "" : "One clause: a comma or “but” makes two, and then one can be moved.");
    const odd = m.words.filter((_, i) => m.unknown[i]);
    write(warn, [m.left > 0 && `Only the first ${MOST} words are read; ${m.left} more are left out.`, odd.length && `Not in the vocabulary, read as <unk>: ${clip([...new Set(odd)].join(", "), 120)}.`].filter(Boolean).join(" "));
    warn.hidden = !warn.textContent;
    bar.update(m.at, Math.max(1, m.T), s.playing, m.words[m.at - 1] ?? "no word");
    const parts = drawStrip(m), ys = chances(m);
    drawBars(m); drawText(m);
    write(moving, [m.own && m.own !== "all" ? `This classifier was trained with ${m.own} pooling; the other two read the same states with the same network.` : "", s.was.length && m.by ? `Hollow: before the change. It moved ${POOLS.map((pool, i) => `${pool} by ${ys[i] >= s.was[i] ? "+" : ""}${num(ys[i] - s.was[i], 3)}`).join(", ")}.` : ""].filter(Boolean).join(" "));
    foot.table(() => ["Each word's part in the pooled vector", ["word", ...POOLS], m.words.map((word, t) => [word, ...POOLS.map((pool) => { const { share, R } = m.by[pool]; let sum = 0; for (let d = 0; d < R; d++) sum += share[t * R + d]; return percent(sum / R); })])]);
    foot.say(`${note ? `${note} ` : ""}${m.by ? `${s.pool} pooling. Probability of ${s.classes[1]}: ${POOLS.map((pool, i) => `${pool} ${prob(ys[i])}`).join(", ")}. “${clip(m.words[m.at - 1], 20)}”, word ${m.at} of ${m.T}, has ${percent(parts[m.at - 1])} of the vector.${s.was.length ? ` Before the change: ${POOLS.map((pool, i) => `${pool} ${prob(s.was[i])}`).join(", ")}.` : ""}` : "No words yet: type a sentence."}`, s.playing || s.unit >= 0);
  }
  const size = new ResizeObserver(([{ contentRect }]) => { const w = Math.max(300, Math.round(contentRect.width)); if (w !== wide) { wide = w; model.redraw(); } });
  size.observe(box);
  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); size.disconnect(); model.end(); end(); };
}
export default { render };
