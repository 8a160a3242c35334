// Attention: weights as a heatmap and as lines, and the arithmetic of one target step.
//   score (13.35, 13.38) → α = softmax (13.36) → c = Σ α h^e (13.37) → h^d = g(ŷ, h^d, c) (13.34)
import { button, clip, decodeF16, dress, el, host, later, mount, num, player, put, puts, redo, renew, scrollTo, stepKeys, stepperBar, svg, termLink, token, write } from "./_kit.mjs";
import { best, lookup, tokenize } from "./_model.mjs";
import { attend, decode, decodeStep, letter, likeliest, openTranslator, readSource, refill } from "./_seq2seq.mjs";
import { choice, dial, ending, entry, equation, prediction, presetList, stacked } from "./_panel.mjs";

const TRAITS = ["source", "target", "alpha", "h_d", "h_e", "W_s", "sizes", "weights", "text", "score", "temperature", "forced", "gold", "step", "over", "term", "revealed", "question", "guess", "table", "playing", "presets"];
const MOST = 30, MOST_TARGET = 40;
const para = (kind, ...inner) => el("p", { class: kind }, inner);

// ---- what is shown ------------------------------------------------------------------------------
const cut = (flat, rows, n) => Array.from({ length: rows }, (_, t) => Float64Array.from(flat.subarray(t * n, (t + 1) * n)));
/** Arrays of anybody's: a function of the state to {source, target, unknown, rows}; a row has α and, with states, the scores. */
export function fromArrays(s) {
  const { source, target, sizes: [H, E] } = s, T = target.length, S = source.length;
  const given = cut(decodeF16(s.alpha), T, S), known = source.map(() => false);
  if (!s.h_d) return () => ({ source, target, unknown: known, rows: given.map((alpha) => ({ alpha, own: alpha })) });
  const h_d = cut(decodeF16(s.h_d), T, H), h_e = cut(decodeF16(s.h_e), S, E), W_s = s.W_s ? { data: decodeF16(s.W_s), shape: [H, E] } : null;
  return ({ score, temperature, forced }) => ({ source, target, unknown: known, h_e, rows: h_d.map((h, t) => attend(h, h_e, { score, W_s, temperature, forced: (forced[t + 1] ?? 0) - 1 })) });
}
/** A trained model: the same from a text, with the steps of its greedy translation. */
export function fromModel(packed) {
  const net = openTranslator(packed), find = lookup(net.vocabularies.source);
  return ({ text, score, temperature, forced }) => {
    const source = tokenize(text).slice(0, MOST), { ids, unknown } = find(source), told = readSource(net, ids);
    const options = (t) => ({ score, temperature, forced: (forced[t + 1] ?? 0) - 1 });
    const steps = decode(net, told, likeliest, MOST_TARGET, options);
    return {
      source, unknown, h_e: told.h_e, steps, rows: steps.map((now) => now.attention), target: steps.map((now) => net.vocabularies.target[now.word]), words: net.vocabularies.target,
      free: (t) => decodeStep(net, told, steps[t].token, steps[t].before, { ...options(t), forced: -1 }).y,
    };
  };
}

// ---- the heatmap --------------------------------------------------------------------------------
function heatmap(root, { pick, hover }) {
  const canvas = el("canvas", { "aria-hidden": true }), cells = svg("g"), marks = svg("g"), cursor = svg("g"), heads = svg("g"), names = svg("g"), [corner, above, beside] = [0, 1, 2].map(() => svg("rect", { class: "paper" })), tops = svg("g", {}, above, heads), left = svg("g", {}, beside, names);
  const touch = svg("rect", { class: "touch" }), rowMark = svg("rect", { class: "row" }), colMark = svg("rect", { class: "col" });
  cursor.append(colMark, rowMark);
  const drawing = svg("svg", { role: "img" }, cells, marks, cursor, touch, tops, left, corner), heat = el("div", { class: "heat" }, canvas, drawing);
  const scroll = el("div", { class: "heatbox", tabindex: 0, role: "group", "aria-label": "Attention weights; arrow keys step" }, heat);
  let last, at, wide = 0, key = "", current = -1;
  const slide = () => { const { scrollLeft: x, scrollTop: y } = scroll; put(left, "transform", `translate(${x} 0)`); put(tops, "transform", `translate(0 ${y})`); put(corner, "transform", `translate(${x} ${y})`); };
  scroll.addEventListener("scroll", slide); // the words stay in sight
  const cell = (e) => {
    const box = drawing.getBoundingClientRect(), clamp = (v, n) => Math.max(0, Math.min(n - 1, Math.floor(v)));
    return [clamp((e.clientY - box.top - at.top) / at.h, last.target.length), clamp((e.clientX - box.left - at.left) / at.w, last.source.length)];
  };
  touch.addEventListener("click", (e) => pick(...cell(e)));
  touch.addEventListener("pointermove", (e) => { if (e.pointerType !== "touch") hover(...cell(e)); });
  touch.addEventListener("pointerleave", () => hover(-1, -1));
  function draw(data, again) {
    last = data;
    wide ||= scroll.clientWidth || 620;
    const now = JSON.stringify([wide, data.key]);
    if (now === key && !again) return;
    key = now;
    const { source, target, rows, hidden, unknown, gold, forced } = data, S = source.length, T = target.length;
    const L = Math.min(wide < 480 ? 84 : 118, 22 + 8 * Math.max(...target.map((w) => Math.min(w.length, 13))));
    const w = Math.max(7, Math.min(84, Math.floor((wide - L - 4) / S))), h = Math.max(7, Math.min(26, Math.floor(620 / T))), flat = w >= 54 && source.every((word) => word.length <= 7);
    const H = flat ? 28 : 76;
    at = { left: L, top: H, w, h };
    const W = L + S * w + 4 + (flat ? 0 : 26), tall = H + T * h + 4, scale = window.devicePixelRatio || 1;
    const [paper, ink, pale, full] = ["paper", "ink", "paper-2", "attend"].map((name) => token(root, name)), readable = (a) => (a > 0.55 ? paper : ink);
    puts(drawing, { width: W, height: tall });
    dress(heat, `width:${W}px;height:${tall}px`);
    canvas.width = S * w * scale; canvas.height = T * h * scale;
    dress(canvas, `left:${L}px;top:${H}px;width:${S * w}px;height:${T * h}px`);
    const g = canvas.getContext("2d"), gap = w > 12 && h > 12 ? 2 : 0;
    g.scale(scale, scale); g.fillStyle = pale; g.fillRect(0, 0, S * w, T * h);
    g.fillStyle = full;
    for (let t = 0; t < Math.min(T, hidden); t++) for (let j = 0; j < S; j++) {
      const a = rows[t].alpha[j];
      if (a > 0.002) { g.globalAlpha = Math.min(1, a); g.fillRect(j * w, t * h, w - gap, h - gap); }
    }
    const box = (kind, t, j) => { const k = kind === "force" ? 1.5 : 2; return svg("rect", { class: kind, x: L + j * w + k, y: H + t * h + k, width: w - gap - 2 * k, height: h - gap - 2 * k }); };
    const figures = w >= 34 && h >= 18 && S * T <= 400;
    const numbers = figures ? rows.slice(0, hidden).flatMap((row, t) => Array.from(row.alpha, (a, j) => a >= 0.1 && svg("text", { class: "num", x: L + (j + 0.5) * w - 1, y: H + (t + 0.5) * h + 3, "text-anchor": "middle", style: `fill:${readable(a)}` }, num(a).replace(/^0/, "")))).filter(Boolean) : [];
    marks.replaceChildren(...numbers, ...gold.filter(([, t]) => t < hidden).map(([j, t]) => box("gold", t, j)), ...Object.entries(forced).filter(([t, j]) => t <= Math.min(T, hidden) && j <= S).map(([t, j]) => box("force", t - 1, j - 1)));
    const every = (size, n) => Array.from({ length: n }, (_, i) => i).filter((i) => i % Math.ceil(15 / size) === 0);
    puts(above, { x: L, width: W - L, height: H - 1 });
    redo(heads, "text", every(w, S).map((j) => [{ x: flat && L + (j + 0.5) * w - 1, y: flat && H - 8, "text-anchor": flat && "middle", transform: !flat && `translate(${L + (j + 0.5) * w + 2} ${H - 7}) rotate(-48)`, "data-j": j, class: unknown[j] && "unknown" }, clip(source[j], 11)]));
    puts(beside, { y: H, width: L - 2, height: T * h + 4 });
    redo(names, "text", every(h, T).map((t) => [{ x: L - 8, y: H + (t + 0.5) * h + 4, "text-anchor": "end", "data-t-row": t }, t > hidden ? "…" : clip(target[t], 13)]));
    puts(corner, { x: 0, y: 0, width: L - 2, height: H - 1 });
    puts(touch, { x: L, y: H, width: S * w, height: T * h });
    put(drawing, "aria-label", `Attention weights: ${T} target words down, ${S} source words across; the darker a cell, the larger its weight.`);
    current = -1;
  }
  function mark(step, over) {
    const { w, h, left: L, top: H } = at, S = last.source.length, T = last.target.length;
    puts(rowMark, { x: L - 1, y: H + step * h - 1, width: S * w, height: h });
    put(colMark, "visibility", over >= 0 ? "visible" : "hidden");
    if (over >= 0) puts(colMark, { x: L + over * w - 1, y: H, width: w, height: T * h });
    for (const text of heads.children) text.classList.toggle("now", Number(text.dataset.j) === over);
    for (const text of names.children) text.classList.toggle("now", Number(text.dataset.tRow) === step);
    if (current === step) return;
    current = step;
    const y = H + step * h;
    if (T * h > 480) later(() => { if (scroll.scrollHeight > scroll.clientHeight && (y < scroll.scrollTop + H || y > scroll.scrollTop + scroll.clientHeight - h)) scroll.scrollTop = y - scroll.clientHeight / 2; });
  }
  const size = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(([{ contentRect }]) => { if (Math.round(contentRect.width) !== wide) { wide = Math.round(contentRect.width); if (last) { const was = Math.max(0, current); draw(last); mark(was, -1); } } });
  size?.observe(scroll);
  /** The drawing with its cells in it, for the export. */
  function whole() {
    const { rows, source, target, hidden } = last, { left: L, top: H, w, h } = at, g = svg("g"), colour = token(root, "attend"), big = source.length * target.length > 2500;
    if (big) g.append(svg("image", { x: L, y: H, width: source.length * w, height: target.length * h, href: canvas.toDataURL() }));
    else rows.slice(0, hidden).forEach((row, t) => row.alpha.forEach((a, j) => a > 0.002 && g.append(svg("rect", { x: L + j * w, y: H + t * h, width: w - 2, height: h - 2, fill: colour, "fill-opacity": Math.min(1, a).toFixed(3) }))));
    cells.replaceChildren(g);
    setTimeout(() => cells.replaceChildren());
    return drawing;
  }
  return { el: scroll, draw, mark, whole, end: () => size?.disconnect() };
}

// ---- the lines ----------------------------------------------------------------------------------
const pen = typeof document === "undefined" ? null : document.createElement("canvas").getContext("2d");
function widths(words) { pen.font = "600 15px sans-serif"; return words.map((word) => pen.measureText(clip(word, 16)).width + 18); }
function alignmentLines(pick, hover) {
  const drawing = svg("svg", { class: "lines", role: "img", height: 152 }), paths = svg("g"), above = svg("g"), below = svg("g");
  drawing.append(paths, above, below);
  drawing.addEventListener("click", ({ target: { dataset: { s, w } } }) => { if (s) hover(-1, Number(s)); else if (w) pick(Number(w)); });
  const scroll = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Alignment lines; arrow keys step" }, drawing);
  let key = "", xs = [], xt = [], wide = 0, wider = false, seen = -1; // reading the layout costs a frame
  const size = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(([{ contentRect }]) => { wide = Math.round(contentRect.width); });
  size?.observe(scroll);
  return {
    el: scroll, drawing, end: () => size?.disconnect(),
    draw({ source, target, rows, hidden, unknown, key: given }, step, over) {
      wide ||= scroll.clientWidth || 620;
      const now = JSON.stringify([given, wide]);
      if (now !== key) {
        key = now;
        const place = (w, k) => { const sum = sums[k], stretch = Math.max(1, Math.min(2.2, wide / (sum + 4))); let x = Math.max(0, (Math.max(wide, most) - sum * stretch) / 2); return w.map((v) => { const mid = x + (v * stretch) / 2; x += v * stretch; return mid; }); };
        const sizes = [source, target].map(widths), sums = sizes.map((w) => w.reduce((a, b) => a + b, 0)), most = Math.max(...sums);
        [xs, xt] = sizes.map(place);
        wider = most > wide; seen = -1;
        put(drawing, "width", Math.max(wide - 2, Math.ceil(most)));
        redo(above, "text", source.map((word, j) => [{ x: xs[j], y: 16, "data-s": j, class: unknown[j] && "unknown" }, clip(word, 16)]));
        redo(below, "text", target.map((word, t) => [{ x: xt[t], y: 146, "data-w": t }, t > hidden ? "…" : clip(word, 16)]));
      }
      const made = [];
      rows.slice(0, hidden).forEach((row, t) => {
        const here = t === step, all = here || rows.length <= 60;
        if (all) row.alpha.forEach((a, j) => {
          if (a < (here ? 0.015 : 0.05)) return;
          const faint = here || j === over ? 1 : 0.3;
          made[here ? "push" : "unshift"]([{ d: `M${xs[j].toFixed(1)} 24C${xs[j].toFixed(1)} 84 ${xt[t].toFixed(1)} 72 ${xt[t].toFixed(1)} 128`, "stroke-width": (1 + 6 * a).toFixed(2), "stroke-opacity": (faint * Math.min(1, 0.15 + 0.85 * a)).toFixed(3) }]);
        });
      });
      redo(paths, "path", made);
      for (const text of above.children) text.classList.toggle("now", Number(text.dataset.s) === over);
      for (const text of below.children) text.classList.toggle("now", Number(text.dataset.w) === step);
      put(drawing, "aria-label", `Lines from each source word to the target words that look at it; those of “${target[step]}” are strong.`);
      if (wider && seen !== step) scrollTo(scroll, xt[step]);
      seen = step;
    },
  };
}

// ---- the widget ---------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw), strip = { heat: null };
  let key = "", now, near = -1, note = "", sumsKey = "", eqKey = "";
  const { root, end } = mount(place, "Attention: which source words each target word looks at", () => { if (strip.heat && now) { strip.heat.draw(shown, true); model.redraw(); }  });
  let shown = null;
  const state = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const start = state(), live = !!start.weights?.arrays, scored = live || !!start.h_d;
  let look = live ? fromModel(start.weights) : fromArrays(start);
  const [H, E] = start.sizes.length ? start.sizes : [0, 0], own = live ? !!start.weights.arrays.W_s : !!start.W_s;

  const change = (changes) => { note = ""; model.set(changes); };
  const total = () => now?.target.length ?? 1, stepNow = () => Math.max(1, Math.min(model.get("step"), total()));
  const go = (to, relative) => change({ step: Math.max(1, Math.min(total(), relative ? stepNow() + to : to)), over: 0, playing: false });
  const clock = player(model, total), play = () => { note = ""; clock.toggle(); };
  const link = termLink(root, (term) => model.set({ term }));
  const force = (t, j) => {
    const forced = { ...model.get("forced") };
    if (forced[t] === j) delete forced[t]; else forced[t] = j;
    for (const later of Object.keys(forced)) if (live && Number(later) > t) delete forced[later]; // the words after it may differ
    change({ forced, step: t, guess: "", playing: false });
  };
  const pick = (t, j) => (scored && model.get("revealed") ? force(t + 1, j + 1) : change({ step: t + 1, over: j + 1, playing: false }));
  const hover = (t, j) => { near = t; if (model.get("over") !== j + 1) model.set({ over: j + 1 }); else model.redraw(); };

  // the sentence
  const field = entry("English sentence, up to 30 words", (text) => (tokenize(text).length ? change({ text, forced: {}, guess: "", revealed: true, step: 1, over: 0, playing: false }) : say("Type at least one word to translate.", true)));
  const said = el("p", { class: "note", role: "status" }), say = (text, warn) => { put(said, "class", warn ? "note warn" : "note"); write(said, text); said.hidden = !text; };
  const presets = presetList(model, ({ target, gold, ...more }) => change({ forced: {}, guess: "", revealed: true, step: 1, over: 0, playing: false, ...more }));
  const reset = button("Reset", () => { change({ ...start, playing: false, table: model.get("table") }); field.update(start.text); note = "Everything is as it was at the start."; }, { class: "quiet" });
  const scores = choice("Score", [["dot", "dot"], ["scaled", "scaled"], ["bilinear", "bilinear"]], (score) => !fits(score) && change({ score, guess: "", revealed: true }));
  const heatDial = dial(el("i", {}, "τ"), "softmax temperature", { min: 0.1, max: 4, step: 0.1, show: (v) => num(v, 1) }, (temperature) => change({ temperature, guess: "", revealed: true }));
  const letGo = button("Let go of what is forced", () => change({ forced: {} })), why = para("note");
  const lines = alignmentLines((t) => go(t + 1), hover);
  const heat = (strip.heat = heatmap(root, { pick, hover }));
  const read = para("read"), bar = stepperBar(go, play);
  stepKeys(root, go, total, play);
  const most = () => likeliest(now.rows[stepNow() - 1].own);
  const predict = prediction(model, [{
    ask: () => `Predict: it is about to write “${now.target[stepNow() - 1]}” (step ${stepNow()}). Which source word gets the most weight?`,
    get choices() {
      const S = now.source.length, some = S <= 12 ? now.source.map((_, j) => j) : [...new Set([0, Math.floor(S / 3), most(), S - 1])].sort((p, q) => p - q);
      return some.map((j) => [String(j + 1), now.source[j]]);
    },
    before: () => ({ step: (stepNow() % total()) + 1, over: 0, playing: false }), after: {},
    truth() {
      const j = most(), { own } = now.rows[stepNow() - 1], guess = Number(model.get("guess")) - 1;
      return [String(j + 1), `“${now.target[stepNow() - 1]}” looks most at “${now.source[j]}” (word ${j + 1}), with weight ${num(own[j])}${guess === j || !now.source[guess] ? "" : `; at “${now.source[guess]}” with ${num(own[guess])}`}.`];
    },
  }]);
  const eq = para("eq"), sums = el("div"), next = el("div");
  const worked = el("div", { class: "rule" }, scored ? eq : "", el("div", { class: "two" }, sums, next));
  const foot = ending(model, () => stacked(root, [lines.drawing, heat.whole()]), "attention"), acts = el("span", { class: "acts" }, live ? presets.el : "", " ", reset);
  root.append(el("div", { class: "words" }, live ? field.el : "", acts), said,
    ...(scored ? [el("div", { class: "lineup" }, el("span", {}, el("span", { class: "lead" }, "Score "), scores.el), heatDial.el, letGo), why] : []),
    lines.el, heat.el, read, bar.el, predict.el, worked, ...foot.nodes);

  const fits = (score) => (H === E || !H ? "" : score !== "bilinear" && `A ${score} score needs states of one size; here H = ${H} and E = ${E}, and W_s maps one space onto the other.`) || "";

  function draw() {
    const s = state(), made = JSON.stringify([s.text, s.score, s.temperature, s.forced, s.source, s.target, s.alpha.length, s.gold, s.revealed, s.revealed || s.step]);
    if (made !== key) {
      key = made;
      if (!live) look = fromArrays(s);
      now = look({ ...s, score: fits(s.score) ? "bilinear" : s.score });
    }
    const T = total(), t = stepNow() - 1, hidden = s.revealed ? T : t, gold = live ? goldOf(s) : s.gold;
    shown = { ...now, hidden, gold, forced: scored ? s.forced : {}, key: [made, hidden] };
    heat.draw(shown); heat.mark(t, s.over - 1);
    lines.draw(shown, t, s.over - 1);
    bar.update(t + 1, T, s.playing, now.target[t]);
    if (live) drawText(s);
    if (scored) drawControls(s);
    drawReadout(s, t, hidden, gold);
    predict.update();
    drawSums(s, t, hidden);
    foot.table(() => table(hidden));
    speak(s, t, hidden);
    link.light(s.term);
  }
  function goldOf(s) {
    const known = s.presets.find((p) => p.gold && p.text === s.text);
    return known && now.target.filter((w) => w !== "</s>").join(" ") === known.target.join(" ") ? known.gold : [];
  }
  function drawControls(s) {
    scores.update(s.score); heatDial.update(s.temperature);
    for (const b of scores.el.children) put(b, "aria-disabled", !!fits(b.textContent));
    letGo.hidden = !Object.keys(s.forced).length;
    const wrong = fits("dot") || fits("scaled");
    write(why, wrong || (s.score === "bilinear" && !own ? "This model was trained without W_s. With W_s = I a bilinear score is the dot product." : live && s.score !== start.score ? `It was trained with ${start.score} scores; you see what another score makes of the same states.` : ""));
    why.hidden = !why.textContent;
  }
  function drawReadout(s, t, hidden, gold) {
    const r = near >= 0 ? near : t, j = s.over - 1, at = j >= 0 && r < hidden && r < now.rows.length;
    const parts = at ? [`“${clip(now.target[r], 18)}” looks at “${clip(now.source[j], 18)}” with weight ${num(now.rows[r].alpha[j], 3)}.`] : [scored ? "A row is a target word and sums to 1. Click a cell to force all weight there; click it again to let go." : "A row is a target word and sums to 1."];
    if (gold.length) parts.push(el("span", { class: "swatch" }), "gold alignment");
    if (Object.keys(s.forced).length) parts.push(el("span", { class: "swatch f" }), "forced");
    renew(read, ...parts);
  }
  function drawText(s) {
    if (tokenize(field.el.value).length || !field.el.value) field.update(s.text);
    presets.update(s.presets);
    const n = tokenize(s.text).length, alien = now.source.filter((_, j) => now.unknown[j]);
    say([n > MOST && `It reads the first ${MOST} words: ${n - MOST} are left out.`, alien.length && `Not in its vocabulary, read as <unk>: ${[...new Set(alien)].map((w) => clip(w, 20)).join(", ")}.`].filter(Boolean).join(" "), false);
  }
  const firstFour = (v) => Array.from(v.subarray(0, 4), (x) => num(x)).join("  ") + (v.length > 4 ? " …" : "");
  const term = (name, ...inner) => { const b = el("button", { type: "button", "data-t": name }, inner); return link.bind(b, name); };
  const th = (...text) => el("th", { scope: "col" }, text);
  const no = (text) => el("span", { class: "no" }, " ", equation(text));
  function drawSums(s, t, hidden) {
    const open = t < hidden, sumKey = JSON.stringify([key, t, hidden]);
    for (const tr of sums.querySelectorAll("tr[data-j]")) tr.classList.toggle("hit", Number(tr.dataset.j) === s.over - 1);
    if (sumKey === sumsKey) return;
    sumsKey = sumKey;
    const { scores: a, alpha } = now.rows[t], order = best(alpha, Math.min(12, alpha.length)).map(([j]) => j), listed = order.slice(0, alpha.length > 12 ? 9 : 12).sort((p, q) => p - q), most = order[0];
    const peak = a && Math.max(...a), forced = s.forced[t + 1], asked = `${s.score} ${s.temperature}`;
    if (scored && eqKey !== asked) { eqKey = asked; eq.replaceChildren( term("score", "score = ", letter("h^d"), s.score === "bilinear" ? [" ", letter("W_s"), " "] : " · ", letter("h^e_j"), s.score === "scaled" ? [" / √", el("i", {}, "H")] : ""), no(s.score === "bilinear" ? "13.38" : "13.35"), term("alpha", letter("α_j"), " = softmax(score", s.temperature === 1 ? "" : ` / ${num(s.temperature, 1)}`, ")"), no("13.36"), term("ctx", letter("c_i"), " = Σ ", letter("α_j"), " ", letter("h^e_j")), no("13.37"), ...(live ? [term("next", letter("h^d_i"), " = g(", letter("ŷ_i−1"), ", ", letter("h^d_i−1"), ", ", letter("c_i"), ")"), no("13.34")] : [])); }
    const line = (j) => el("tr", { "data-j": j, class: open && j === most && "top" }, el("th", { scope: "row" }, clip(now.source[j], 14)),
      scored && [el("td", { "data-t": "score" }, open ? num(a[j]) : "?"), el("td", { "data-t": "alpha" }, open ? num(Math.exp((a[j] - peak) / s.temperature), 3) : "?")],
      el("td", { class: "r-attend", "data-t": "alpha" }, open ? num(alpha[j], 3) : "?"), el("td", { class: "meter r-attend", "data-t": "ctx" }, open && el("i", { style: `width:${(100 * Math.min(1, alpha[j])).toFixed(1)}%` })),
      scored && [el("td", {}, button(forced === j + 1 ? "let go" : "force", () => open && force(t + 1, j + 1), { class: "quiet", "aria-label": `${forced === j + 1 ? "Let go of" : "Force all weight on"} ${now.source[j]}`, "aria-disabled": !open })), el("td", { class: "r-hidden", "data-t": "ctx" }, firstFour(now.h_e[j]))]);
    const rest = alpha.length - listed.length;
    refill(sums, para("title", `Step ${t + 1}, writing “${clip(now.target[t], 18)}”`), el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "The weights of this step" }, el("table", { class: "sums" },
      el("thead", {}, el("tr", {}, el("td", {}), scored && [th("score"), th("exp*")], th("weight α"), el("td", {}), scored && [el("td", {}), th(letter("h^e_j"), ", the first of ", String(E || now.h_e[0].length))])),
      el("tbody", {}, listed.map(line), scored && el("tr", { class: "top" }, el("th", { scope: "row", colspan: 6 }, "context ", letter("c_i"), " = Σ ", letter("α_j"), " ", letter("h^e_j")), el("td", { class: "r-hidden", "data-t": "ctx" }, open ? firstFour(now.rows[t].ctx) : "?"))))),
      para("key", [rest > 0 && `and ${rest} more with ${num(1 - listed.reduce((p, j) => p + alpha[j], 0))} together. `, scored && "* less the largest score, so that nothing overflows; α divides by the sum."].filter(Boolean).join("")));
    if (!scored) return;
    next.hidden = !open;
    if (live && open) drawNext(s, t, open);
  }
  function drawNext(s, t, open) {
    const { y } = now.steps[t], { words } = now, forced = s.forced[t + 1], free = forced ? now.free(t) : null;
    const ids = [...new Set([...best(y, 5), ...(free ? best(free, 2) : [])].map(([id]) => id))], was = free && likeliest(free), is = likeliest(y);
    renew(next, para("title", "The next word, given this context"), el("table", { class: "sums", "data-t": "next" },
      el("thead", {}, el("tr", {}, el("td", {}), th("p"), el("td", {}), free && th("unforced"))),
      el("tbody", {}, ids.map((id) => el("tr", { class: open && id === is && "top" }, el("th", { scope: "row" }, open ? words[id] : "?"), el("td", { class: "r-output" }, open ? num(y[id], 3) : "?"), el("td", { class: "meter r-output" }, open && [el("i", { style: `width:${(100 * y[id]).toFixed(1)}%` }), free && el("i", { style: `width:${(100 * free[id]).toFixed(1)}%` })]), free && el("td", {}, num(free[id], 3)))))),
      free ? para("key", was === is ? `All weight on “${now.source[forced - 1]}”, and it still writes “${words[is]}”: p = ${num(y[is], 3)}, unforced ${num(free[is], 3)}. The weights are not the whole reason.` : `All weight on “${now.source[forced - 1]}”: now it writes “${words[is]}” where it would have written “${words[was]}”.`) : "");
  }
  function table(hidden) {
    const { source, target, rows } = now, wide = source.length <= 16;
    const head = wide ? ["target", ...source] : ["target", "largest weights"];
    return ["The attention weights, a row a target word", head, target.map((word, t) => [`${t + 1}. ${t > hidden ? "…" : clip(word, 18)}`, ...(t >= hidden ? head.slice(1).map(() => "?") : wide ? Array.from(rows[t].alpha, (a) => num(a, 3)) : [best(rows[t].alpha, 5).map(([j, a]) => `${clip(source[j], 14)} ${num(a, 3)}`).join(", ")])])];
  }
  function speak(s, t, hidden) {
    const word = clip(now.target[t], 18), [[j, a], second] = best(now.rows[t].alpha, 2), forced = s.forced[t + 1];
    const what = t >= hidden ? "the weights are hidden until you predict" : `${forced ? "forced: all" : "the most"} weight is on “${clip(now.source[j], 18)}”, ${num(a)}${second && !forced ? `, then “${clip(now.source[second[0]], 18)}”, ${num(second[1])}` : ""}${live ? `; p of “${word}” is ${num(now.steps[t].y[now.steps[t].word])}` : ""}`;
    foot.say(`${note ? `${note} ` : ""}${live ? `Translation: ${s.revealed ? now.target.filter((w) => w !== "</s>").join(" ") : now.target.slice(0, t + 1).join(" ")}. ` : ""}Step ${t + 1} of ${total()}, “${word}”: ${what}.`, s.playing || s.over > 0);
  }

  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); heat.end(); lines.end(); model.end(); end(); };
}
export default { render };
