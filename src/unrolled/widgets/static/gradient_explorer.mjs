// The gradient explorer: how much of a loss still reaches the state of an earlier step.
//   RNN (13.1), LSTM (13.20)–(13.27), GRU (7a)–(7d); the way back is the chain of their vector–Jacobian products.
import { button, clip, dot, el, frozen, host, matvec, mount, num, player, put, short, stepKeys, stepperBar, svg, svgSymbol, symbol, write } from "./_kit.mjs";
import { lineChart, sample, sci, sciNodes } from "./_chart.mjs";
import { ending } from "./_panel.mjs";

const WEIGHTS = ["cell", "g", "rho", "T", "H", "forget_bias", "seed"];
const TRAITS = [...WEIGHTS, "clip", "step", "over", "playing", "follow", "revealed", "guess", "table", "norms", "labels", "words", "presets"];

// ---- weights: the same numbers as in Python -------------------------------------------------------
/** Mulberry32: a small generator that both sides can run to the bit. */
export function uniform(seed) {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const norm = (v) => Math.sqrt(dot(v, v));
/** Numbers with mean 0 and standard deviation `sd`, uniformly distributed. */
const array = (draw, rows, columns, sd) => Array.from({ length: rows }, () => Array.from({ length: columns }, () => (2 * draw() - 1) * Math.sqrt(3) * sd));
/** The largest |eigenvalue|, as ‖M^k‖^(1/k) with k = 2²⁴: M is squared 24 times, kept at size 1. */
export function spectralRadius(M) {
  const n = M.length;
  let A = M.map((row) => Float64Array.from(row)), log = 0, k = 1;
  for (let round = 0; ; round++, k *= 2) {
    const size = Math.hypot(...A.map((row) => Math.hypot(...row)));
    if (!(size > 0)) return 0;
    log += Math.log(size) / k;
    if (round === 24) return Math.exp(log);
    for (const row of A) for (let j = 0; j < n; j++) row[j] /= size;
    A = A.map((row) => {
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) { const v = row[i], other = A[i]; for (let j = 0; j < n; j++) out[j] += v * other[j]; }
      return out;
    });
  }
}
/** A random U of spectral radius 1; kept, since only its scale changes while a reader drags ρ. */
const kept = new Map();
function unitRadius(seed, H) {
  const key = `${seed} ${H}`;
  if (kept.size > 64) kept.clear();
  if (!kept.has(key)) { const U = array(uniform(seed), H, H, 1), radius = spectralRadius(U) || 1; kept.set(key, U.map((row) => row.map((v) => v / radius))); }
  return kept.get(key);
}
const GATES = { rnn: [""], gru: ["_r", "_z", "_n"], lstm: ["_f", "_i", "_o", "_g"] };
const D = 4, INPUT = 0.5;
/** Weights, inputs x (T, D) and v (T, H): each loss is L_t = v_t · h_t.  Every U is scaled to spectral radius rho. */
export function makeNetwork({ cell, rho, T, H, forget_bias, seed }) {
  const stream = (k) => uniform(seed * 64 + k), p = {};
  GATES[cell].forEach((gate, k) => {
    p[`W${gate}`] = array(stream(k), H, D, INPUT / Math.sqrt(D));
    p[`U${gate}`] = unitRadius(seed * 64 + 16 + k, H).map((row) => row.map((v) => v * rho));
    p[`b${gate}`] = Array(H).fill(gate === "_f" || gate === "_z" ? forget_bias : 0);
  });
  if (cell === "gru") p.b_hn = Array(H).fill(0);
  return { p, x: array(stream(49), T, D, 1), v: array(stream(48), T, H, 1).map((row) => row.map((a) => a / norm(row))) };
}

// ---- forward, and back ----------------------------------------------------------------------------
const sigmoid = (a) => 0.5 * (1 + Math.tanh(0.5 * a));
const GAINS = { tanh: [Math.tanh, (h) => 1 - h * h], relu: [(a) => Math.max(a, 0), (h) => (h > 0 ? 1 : 0)], linear: [(a) => a, () => 1] };
const mul = (u, v) => u.map((x, i) => x * v[i]);
const add = (u, v) => u.map((x, i) => x + v[i]);
/** Mᵀ v. */
function back(M, v) {
  const out = Array(M[0].length).fill(0);
  for (let i = 0; i < M.length; i++) { const row = M[i], k = v[i]; if (k !== 0) for (let j = 0; j < out.length; j++) out[j] += row[j] * k; }
  return out;
}
function affine(p, gate, x_t, h) {
  const U = p[`U${gate}`], W = p[`W${gate}`], b = p[`b${gate}`];
  return b.map((v, i) => v + dot(U[i], h) + dot(W[i], x_t));
}
/** One step of each cell: (x_t, state, p, g) → {state, keep, back}.  `back` takes the gradient of the state (h, or h and c)
 *  as the next step and the loss leave it, and gives that of the state before, with ‖∂L/∂c_t‖'s vector on the way. */
const STEP = {
  rnn(x_t, [h], p, g) {
    const [act, slope] = GAINS[g], h_t = affine(p, "", x_t, h).map(act); // (13.1)
    return { state: [h_t], back([dh]) { const da = mul(dh, h_t.map(slope)); return { whole: dh, before: [back(p.U, da)], da: { "": da } }; } };
  },
  gru(x_t, [h], p) {
    const r = affine(p, "_r", x_t, h).map(sigmoid), z = affine(p, "_z", x_t, h).map(sigmoid); // (7a), (7b)
    const m = add(matvec(p.U_n, h), p.b_hn), n = matvec(p.W_n, x_t).map((v, i) => Math.tanh(r[i] * m[i] + v + p.b_n[i])); // (7c)
    const h_t = z.map((v, i) => (1 - v) * n[i] + v * h[i]); // (7d)
    return {
      state: [h_t], keep: z,
      back([dh]) {
        const da_n = dh.map((v, i) => v * (1 - z[i]) * (1 - n[i] * n[i])), da_z = dh.map((v, i) => v * (h[i] - n[i]) * z[i] * (1 - z[i]));
        const da_r = da_n.map((v, i) => v * m[i] * r[i] * (1 - r[i]));
        return { whole: dh, before: [add(add(mul(dh, z), back(p.U_n, mul(da_n, r))), add(back(p.U_z, da_z), back(p.U_r, da_r)))], da: { _r: da_r, _z: da_z, _n: da_n }, dm: mul(da_n, r) };
      },
    };
  },
  lstm(x_t, [h, c], p) {
    const [f, i, o] = ["_f", "_i", "_o"].map((gate) => affine(p, gate, x_t, h).map(sigmoid)), g = affine(p, "_g", x_t, h).map(Math.tanh); // (13.20), (13.23), (13.26), (13.22)
    const c_t = c.map((v, k) => v * f[k] + g[k] * i[k]), tanh_c = c_t.map(Math.tanh); // (13.25)
    return {
      state: [mul(o, tanh_c), c_t], keep: f, // (13.27)
      back([dh, dc]) {
        const whole = dc.map((v, k) => v + dh[k] * o[k] * (1 - tanh_c[k] ** 2)); // all that reaches c_t
        const da = { _f: whole.map((v, k) => v * c[k] * f[k] * (1 - f[k])), _i: whole.map((v, k) => v * g[k] * i[k] * (1 - i[k])), _o: dh.map((v, k) => v * tanh_c[k] * o[k] * (1 - o[k])), _g: whole.map((v, k) => v * i[k] * (1 - g[k] ** 2)) };
        return { whole, before: [Object.keys(da).map((gate) => back(p[`U${gate}`], da[gate])).reduce(add), mul(whole, f)], da };
      },
    };
  },
};
/** The norms of all gradients by step: {direct, total: {h, c, into: {h, c}}, path}, each a list of T numbers; `into` is
 *  what comes back into h_t and c_t from step t + 1, before the loss of step t adds its own.  direct: of the last loss L_T alone; total: of L_1 + … + L_T; path: of what of the first comes by way of the gate alone,
 *  ‖∂L/∂c_T ⊙ f_T ⊙ … ⊙ f_{t+1}‖ (h and z in a GRU). */
export function flow(cell, g, { p, x, v }, weigh = false) {
  const T = x.length, zero = Array(v[0].length).fill(0), steps = [];
  let state = cell === "lstm" ? [zero, zero] : [zero];
  for (let t = 0; t < T; t++) {
    steps.push(STEP[cell](x[t], state, p, g));
    state = steps[t].state;
  }
  let path = null;
  const chain = (all) => {
    const out = { h: Array(T), c: cell === "lstm" ? Array(T) : null, into: { h: Array(T), c: Array(T) }, path: cell === "rnn" ? null : Array(T) };
    const sums = {}, plus = (name, da, u) => { const into = (sums[name] ??= new Float64Array(da.length * u.length)); for (let i = 0, k = 0; i < da.length; i++) for (let j = 0; j < u.length; j++, k++) into[k] += da[i] * u[j]; };
    let d = state.map(() => zero);
    for (let t = T - 1; t >= 0; t--) {
      out.into.h[t] = norm(d[0]); out.into.c[t] = norm(d.at(-1));
      if (all || t === T - 1) d = [add(d[0], v[t]), ...d.slice(1)];
      const { whole, before, da, dm } = steps[t].back(d);
      if (weigh) { // dW = Σ da x_tᵀ, dU = Σ da h_{t−1}ᵀ, db = Σ da; a GRU's U_n and b_hn sit behind its reset gate
        const h = t ? steps[t - 1].state[0] : zero;
        for (const gate in da) { plus(`W${gate}`, da[gate], x[t]); plus(`b${gate}`, da[gate], [1]); plus(`U${gate}`, gate === "_n" ? dm : da[gate], h); }
        if (dm) plus("b_hn", dm, [1]);
      }
      out.h[t] = norm(d[0]);
      if (out.c) out.c[t] = norm(whole);
      if (out.path) {
        path = t === T - 1 ? whole : mul(path, steps[t + 1].keep);
        out.path[t] = norm(path);
      }
      d = before;
    }
    out.weights = weigh ? Math.sqrt(Object.values(sums).reduce((sum, a) => sum + dot(a, a), 0)) : NaN;
    return out;
  };
  const direct = chain(false);
  return { direct, total: chain(true), path: direct.path };
}

// ---- what is drawn --------------------------------------------------------------------------------
const NAMES = { rnn: "RNN", gru: "GRU", lstm: "LSTM" };
const ROLES = [["grad", null], ["hidden", "7 3"], ["cell", "2 3"], ["gate", "9 3 2 3"], ["input", "4 4"], ["attend", "12 4"]];
/** The curves of a network of ours: name, look, norms; `lane` is where the chain shows them. */
export function curves(s, found) {
  const lstm = s.cell === "lstm", all = s.follow === 1, T = s.T, d = found[all ? "total" : "direct"], L = all && T > 1 ? `(L_1 + … + L_${T})` : `L_${T}`;
  const list = [{ key: "h", role: "grad", strong: true, norms: d.h, name: ["∂", L, "/∂", "h_t"] }];
  if (lstm) list.push({ key: "c", role: "cell", strong: true, norms: d.c, name: ["∂", L, "/∂", "c_t"] });
  if (all) list.push({ key: "last", role: "grad", dash: "6 4", norms: found.direct.h, name: ["of that from the last loss, ∂", `L_${T}`, "/∂", "h_t"] });
  if (!all && found.path) list.push({ key: "path", role: "gate", dash: "2 4", norms: found.path, name: [lstm ? "through the forget gates alone, ∏ " : "through the update gates alone, ∏ ", lstm ? "f_t" : "z_t"] });
  const clipped = clipping(s, found);
  if (clipped < 1) list.push({ key: "clip", role: "grad", dash: "2 4", norms: d.h.map((v) => v * clipped), name: ["the same, clipped"] });
  if (!all && s.cell === "rnn") list.push({ key: "ref", role: "rule", dash: "6 4", norms: d.h.map((_, i) => d.h[T - 1] * s.rho ** (T - 1 - i)), name: ["reference: × ", "ρ", " a step"] });
  return list;
}
/** The factor that clipping puts on every gradient: clip / ‖∂L/∂θ‖, θ all weights, where that is below 1. */
export function clipping(s, found) {
  const norm = found[s.follow === 1 ? "total" : "direct"].weights;
  return s.clip > 0 && norm > s.clip ? s.clip / norm : 1;
}
const log10 = (v) => (v > 0 ? Math.log10(v) : NaN);
/** The powers of ten between which every curve lies, at least four of them. */
function range(lists) {
  const logs = lists.flat().map(log10).filter(Number.isFinite);
  let low = Math.floor(Math.min(0, ...logs)), high = Math.ceil(Math.max(0, ...logs));
  while (high - low < 4) { if (high - low < 4) low--; if (high - low < 4) high++; }
  return [low, high];
}
/** How wide an arrow is: 12 at the last step, 1.5 less for each power of ten that is lost, at least a hair. */
export const breadth = (value, start) => (value > 0 && start > 0 ? Math.max(0.5, Math.min(20, 12 + 1.5 * Math.log10(value / start))) : 0);
const LANE = 38, TALL = 24, LOSS = 24;
/** The unrolled chain under the curves: a box a step, arrows back as wide as what flows through them.
 *  `losses`: 0 none, 1 the last alone, 2 one a step; steps up to `hidden` keep their secret. */
function makeChain(at, lanes, T, losses, hidden) {
  const g = svg("g", { class: "chain" }), names = svg("g"), arrows = [], top = at.y + (losses ? LOSS : 0), side = Math.max(1.5, Math.min(34, at.pitch * 0.36)), gap = at.pitch - side, big = side >= 27;
  if (losses) {
    const which = losses === 1 ? [T] : Array.from({ length: T }, (_, i) => i + 1).filter((t) => t > hidden), label = svg("text", { x: losses === 1 ? at.x(T) + 6 : at.left - 10, y: at.y + 11, "text-anchor": losses === 1 ? "start" : "end", class: "sym r-output" }, svgSymbol(losses === 1 ? `L_${T}` : "L_t"));
    g.append(svg("g", { class: "r-output losses" }, which.map((t) => [svg("path", { d: `M${at.x(t).toFixed(1)} ${at.y + (losses === 1 ? 0 : 4)}V${top + 2}` }), losses === 2 && svg("circle", { cx: at.x(t).toFixed(1), cy: at.y + 4, r: Math.min(4, at.pitch * 0.3) })])));
    (losses === 1 ? g : names).append(label);
  }
  lanes.forEach(({ letter, role }, k) => {
    const y = top + 4 + TALL / 2 + LANE * k, row = svg("g", { class: `lane r-${role}` });
    for (let t = T; t >= 1; t--) {
      const x = at.x(t), off = t <= hidden;
      if (t < T && !off) {
        const shaft = svg("path", { class: "back", "stroke-dasharray": gap >= 24 ? "5 3" : null }), tip = gap >= 8 && svg("path", { class: "tip" });
        row.append(shaft, tip || "");
        arrows.push({ k, t, y, shaft, tip, from: x + at.pitch - side / 2 - 1, to: x + side / 2 + 1 });
      }
      row.append(svg("rect", { class: off ? "box off" : "box", x: (x - side / 2).toFixed(1), y: y - TALL / 2, width: side.toFixed(1), height: TALL, rx: Math.min(4, side / 4) }));
      if (big) row.append(svg("text", { x: x - 1, y: y + 4, "text-anchor": "middle", class: "sym" }, svgSymbol(`${letter}_${t}`)));
    }
    if (!big) names.append(svg("text", { x: at.left - 10, y: y + 4, "text-anchor": "end", class: "sym" }, svgSymbol(`${letter}_t`)));
    g.append(row);
  });
  if (hidden) g.append(svg("text", { class: "unknown", x: (at.x(1) + at.x(hidden)) / 2, y: 116, "text-anchor": "middle" }, "?"));
  return {
    g, names,
    flow(lanes) {
      for (const { k, t, y, shaft, tip, from, to } of arrows) {
        const w = breadth(lanes[k].into[t - 1], lanes[k].end), head = tip ? Math.min(gap * 0.55, 4 + w * 0.6) : 0;
        put(shaft, "stroke-width", w.toFixed(2));
        put(shaft, "d", w ? `M${from.toFixed(1)} ${y}H${(to + head * 0.9).toFixed(1)}` : "");
        if (tip) put(tip, "d", w ? `M${to.toFixed(1)} ${y}l${head.toFixed(1)} ${(-2 - w * 0.65).toFixed(1)}v${(4 + w * 1.3).toFixed(1)}Z` : "");
      }
    },
  };
}
/** ∂ L_30 / ∂ h_t: letters with their indices in italics, the rest as it is. */
const rich = (parts) => parts.map((part) => part.split(/(\b[a-zL]_\w+)/).map((bit) => (/^[a-zL]_/.test(bit) ? symbol(bit) : bit === "ρ" ? el("i", {}, bit) : bit))).flat(2);

// ---- the widget -----------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw), own = model.get("norms")[0].length > 0;
  const { root, end } = mount(place, own ? "Gradient flow: how much of the loss reaches each step" : "Gradient explorer: how much of a loss reaches each earlier step", () => {});
  const start = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
  const state = () => Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
  let note = "", asked = false, made = "", net, chain, drawnKey = "", legendKey = "", headKey = "";

  const total = () => (own ? model.get("norms")[0].length : model.get("T"));
  const stepNow = () => Math.max(1, Math.min(model.get("step"), total()));
  const change = (changes) => { note = ""; model.set(changes); };
  const go = (to, relative) => change({ step: Math.max(1, Math.min(total(), relative ? stepNow() + to : to)), over: 0, playing: false });
  const clock = player(model, total, () => Math.max(50, Math.min(400, 4000 / total())), true);
  const play = () => { change({ over: 0, revealed: true }); clock.toggle(); };
  /** New weights: the step stays as far from the loss as it can, and nothing stays hidden. */
  const set = (changes) => change({ step: Math.min(model.get("step"), changes.T ?? total()), guess: "", over: 0, revealed: true, playing: false, ...changes });

  // the network
  const cells = Object.entries(NAMES).map(([key, name]) => button(name, () => set({ cell: key })));
  const gains = el("select", { "aria-label": "Activation of the RNN", onchange: () => set({ g: gains.value }) }, Object.keys(GAINS).map((g) => el("option", {}, g)));
  const gainBox = el("label", { class: "gain" }, el("i", {}, "g"), " = ", gains);
  const preset = el("select", { "aria-label": "Presets", onchange: () => { const p = model.get("presets")[preset.value]; if (p) { const { name, ...traits } = p; if (own) change({ guess: "", over: 0, revealed: true, playing: false, ...traits }); else set({ clip: 0, ...traits, step: 1 }); } } });
  const reset = button("Reset", () => { change({ ...start, playing: false, table: model.get("table") }); note = "Everything is as it was at the start."; }, { class: "quiet" });
  function dial(key, name, text, { min, max, step, write: show = (v) => v, to = (v) => v, from: where = (v) => v, act = set }) {
    const range = el("input", { type: "range", min, max, step, "aria-label": text, oninput: () => act({ [key]: to(Number(range.value)) }) });
    const value = el("output"), box = el("label", { class: "dial" }, el("span", { class: "dialname" }, name, " ", el("span", { class: "what" }, text)), range, value);
    return { box, update(s) { range.value = where(s[key]); write(value, show(s[key])); put(range, "aria-valuetext", show(s[key])); } };
  }
  const dials = own ? [] : [
    dial("rho", el("i", {}, "ρ"), "spectral radius of U", { min: 0, max: 3, step: 0.05, write: (v) => num(v) }),
    dial("T", el("i", {}, "T"), "steps", { min: 1, max: 100, step: 1 }),
    dial("forget_bias", symbol("b_f"), "forget-gate bias", { min: -2, max: 8, step: 0.5, write: (v) => num(v, 1) }),
    dial("clip", "clip", "the weights' gradient at", { min: 0, max: 9, step: 1, write: (v) => (v ? short(v) : "off"), to: (v) => (v ? Number((10 ** ((v - 5) / 2)).toPrecision(2)) : 0), from: (v) => (v ? 5 + 2 * Math.log10(v) : 0), act: change }),
  ];
  const seed = button("New weights", () => set({ seed: (model.get("seed") + 1) % 10000 }));
  const controls = own ? [el("div", { class: "words" }, el("span", { class: "acts" }, preset, " ", reset))] : [
    el("div", { class: "words" }, el("span", { class: "choice", role: "group", "aria-label": "Cell" }, cells), gainBox, el("span", { class: "acts" }, preset, " ", reset)),
    el("div", { class: "dials" }, dials.map((d) => d.box), seed),
  ];

  // which losses, the key, the chart
  const which = [["the last loss", 0], ["all losses", 1]].map(([name, follow]) => button(name, () => change({ follow })));
  const ask0 = el("div", { class: "follow" }, el("span", { class: "lead" }, "Gradient of "), el("span", { class: "choice", role: "group", "aria-label": "Gradient of" }, own ? [] : which));
  const legend = el("ul", { class: "legend" });
  const chart = lineChart(root, { label: "Length of the gradient by step", title: "step t", pick: (step) => change({ step, over: 0, playing: false }), hover: (over) => { if (model.get("over") !== over) model.set({ over }); } });
  const arrows = el("p", { class: "key" }), cut = el("p", { class: "key" });
  const bar = stepperBar(go, play);
  stepKeys(root, go, total, play);

  // predict, then reveal
  const ask = el("span"), verdict = el("span", { role: "status" });
  const guesses = [["shrinks", "a hundredth or less"], ["stays", "in between"], ["grows", "a hundred times or more"]].map(([guess, text]) => button(text, () => change({ guess, revealed: true, step: 1, over: 0, playing: false })));
  const skip = button("Just show me", () => change({ guess: "", revealed: true }), { class: "quiet" });
  const again = button(own ? "Predict" : "Another network to predict", () => {
    if (own) return change({ guess: "", revealed: false, step: Math.max(1, total() - 3), over: 0, playing: false, follow: asked ? (model.get("follow") + 1) % model.get("norms").length : model.get("follow") });
    const list = model.get("presets"), now = list.findIndex((p) => WEIGHTS.every((key) => p[key] === undefined || p[key] === model.get(key)));
    const { name, ...traits } = list[(now + 1) % list.length];
    change({ clip: 0, ...traits, follow: 0, guess: "", revealed: false, step: Math.max(1, (traits.T ?? total()) - 3), over: 0, playing: false });
  }, { class: "quiet" });
  const predict = el("div", { class: "predict" }, verdict, el("span", { class: "ask" }, ask, " ", el("span", { class: "ways" }, guesses), " ", skip), again);

  const worked = el("div", { class: "worked" });
  const name = () => (own ? "gradient-flow" : `gradient-${model.get("cell")}`);
  const foot = ending(model, () => frozen(chart.drawing), name);
  root.append(...controls, own ? "" : ask0, legend, chart.el, arrows, cut, bar.el, predict, worked, ...foot.nodes);

  // ---- the curves: only when the weights change ----
  function compute(s) {
    if (own) return s.norms.map((norms, i) => ({ key: String(i), role: ROLES[i % 6][0], dash: ROLES[i % 6][1], strong: i === s.follow, norms, name: [s.labels[i]] }));
    const key = JSON.stringify([...WEIGHTS.map((k) => s[k]), s.clip > 0]);
    if (key !== made) { made = key; net = flow(s.cell, s.g, makeNetwork(s), s.clip > 0); }
    return curves(s, net);
  }
  const asks = () => total() >= 8 && (!own || model.get("norms").every((norms) => norms.at(-1) > 0)); // a norm of 0 at the end leaves nothing to compare with
  const from = (T) => (model.get("revealed") || !asks() ? 0 : T - Math.max(4, Math.round(T / 6))); // the steps up to here are hidden
  function drawCurves(s, list, T) {
    const hidden = from(T), key = JSON.stringify([made, s.follow, s.clip, hidden, own && list]);
    if (key === drawnKey) return;
    drawnKey = key;
    const [low, high] = hidden && !own ? [-6, 2] : range(list.map((c) => c.norms.slice(hidden)));
    const lane = (letter, role, norms, into = norms) => ({ letter, role, into, end: norms[T - 1] }), way = !own && net[s.follow ? "total" : "direct"];
    const lanes = own ? [lane("h", "hidden", list[s.follow].norms)] : [lane("h", "hidden", way.h, way.into.h), ...(way.c ? [lane("c", "cell", way.c, way.into.c)] : [])];
    const losses = own ? 0 : s.follow + 1;
    chart.draw({
      n: T, low, high, log: true, words: s.words.length ? s.words.map((w) => clip(w, 7)) : null,
      series: list.map((c) => ({ ...c, values: c.norms.map((v, i) => (i < hidden ? NaN : log10(v))) })).reverse(),
      below: { room: LANE * lanes.length + (losses ? LOSS : 0) + 6, make(at) {
        const shape = JSON.stringify([T, at.pitch, losses, hidden, lanes.map((l) => l.letter)]);
        if (shape !== chain?.shape) chain = { shape, ...makeChain(at, lanes, T, losses, hidden) };
        chain.flow(lanes);
        return [chain.g, chain.names];
      } },
    });
    put(chart.drawing, "aria-label", own ? `${list.length} curves over ${T} steps.` : `The length of the gradient at each of ${T} steps, on a scale of powers of ten; below, the ${NAMES[s.cell]} unrolled, its arrows back as wide as the gradient in them.`);
  }
  function drawLegend(s, list) {
    const key = JSON.stringify([list.map((c) => [c.name, c.strong]), own]);
    if (key === legendKey) return;
    legendKey = key;
    legend.replaceChildren(...list.map((c, i) => {
      const inner = [sample(c), el("span", {}, own ? c.name : /^[∂]/.test(c.name[0]) ? ["‖", rich(c.name), "‖"] : rich(c.name))];
      return el("li", {}, own && list.length > 1 ? el("button", { type: "button", class: "quiet", "aria-pressed": c.strong, onclick: () => change({ follow: i, guess: "" }) }, inner) : inner);
    }));
    arrows.replaceChildren("The wider an arrow, the larger the gradient that flows back through it: the same bit wider for each power of ten.");
  }

  // ---- values: at every change ----
  function draw() {
    const s = state(), T = total(), step = s.over >= 1 && s.over <= T ? s.over : stepNow(), list = compute(s), hidden = from(T);
    drawLegend(s, list);
    drawCurves(s, list, T);
    chart.mark(step);
    bar.update(stepNow(), T, s.playing, s.words[stepNow() - 1] ?? `${T - stepNow()} before the end`);
    if (!own) drawControls(s, list, T);
    drawHead(s);
    drawPredict(s, list, T);
    drawWorked(s, list, T, step, step <= hidden);
    foot.table(() => ["The length of the gradient at each step", ["step", ...list.map((c) => (own ? c.name : rich(c.name)))], Array.from({ length: T }, (_, i) => [`${i + 1}${s.words[i] ? `. ${clip(s.words[i], 18)}` : ""}`, ...list.map((c) => (i < hidden ? "?" : sci(c.norms[i])))])]);
    speak(s, list, T, step, step <= hidden);
  }
  function drawControls(s, list, T) {
    cells.forEach((b, i) => put(b, "aria-pressed", Object.keys(NAMES)[i] === s.cell));
    which.forEach((b, i) => put(b, "aria-pressed", i === s.follow));
    gains.value = s.g;
    gainBox.hidden = s.cell !== "rnn";
    dials.forEach((d) => d.update(s));
    const gated = dials[2].box;
    gated.hidden = s.cell === "rnn";
    if (s.cell !== "rnn" && gated.dataset.cell !== s.cell) {
      gated.dataset.cell = s.cell;
      const text = s.cell === "lstm" ? "forget-gate bias" : "update-gate bias";
      gated.firstChild.replaceChildren(...symbol(s.cell === "lstm" ? "b_f" : "b_z"), " ", el("span", { class: "what" }, text));
      put(gated.querySelector("input"), "aria-label", text);
    }
    write(seed, `New weights (${s.seed})`);
    const norm = net[s.follow ? "total" : "direct"].weights, by = clipping(s, net);
    cut.hidden = !(s.clip > 0);
    if (s.clip > 0) cut.replaceChildren(...["The gradient of all weights has length ", ...(from(T) ? ["?"] : sciNodes(norm)), from(T) ? ", which clipping compares with its limit." : by < 1 ? [`, more than ${short(s.clip)}: clipping multiplies it, and so all that is drawn, by `, ...sciNodes(by), ". Its direction stays, and so does the factor from step to step."] : `, not more than ${short(s.clip)}: clipping leaves it alone.`].flat());
  }
  function drawHead(s) {
    const key = JSON.stringify(s.presets.map((p) => p.name));
    preset.hidden = !s.presets.length;
    if (key !== headKey) { headKey = key; preset.replaceChildren(el("option", { value: "" }, "Presets …"), ...s.presets.map((p, i) => el("option", { value: i }, p.name))); }
    preset.value = "";
  }
  function drawPredict(s, list, T) {
    const open = !s.revealed && asks(), norms = own ? list[s.follow].norms : net.direct.h, first = norms[0] / norms[T - 1];
    if (open || s.guess) asked = true;
    write(ask, open ? `Predict: at step 1, ${T - 1} steps back, how much of the gradient is left${own && list.length > 1 ? ` in “${clip(s.labels[s.follow], 22)}”` : ""}?` : "");
    ask.parentNode.hidden = !open;
    again.hidden = open || !asks();
    if (own) write(again, asked && list.length > 1 ? "Another curve to predict" : "Predict");
    predict.hidden = own && !asks();
    if (open || !s.guess) return write(verdict, "");
    const truth = first < 0.01 ? "shrinks" : first > 100 ? "grows" : "stays", yes = truth === s.guess;
    put(verdict, "class", yes ? "good" : "bad");
    write(verdict, `${yes ? "Yes." : "Not yet."} It ${{ shrinks: "shrank", stays: "stayed within a factor of 100", grows: "grew" }[truth]}: from ${sci(norms[T - 1])} at step ${T} to ${sci(norms[0])} at step 1.`);
  }
  function drawWorked(s, list, T, step, off) {
    const away = T - step, rows = list.filter((c) => c.key !== "ref" && c.key !== "clip");
    const head = own || s.follow === 0 ? ["", ["at step ", String(T)], [`× ${away} ${away === 1 ? "factor" : "factors"}`], ["= at step ", String(step)], ["a step, on average"], ["the last factor"]] : ["", ["at step ", String(T)], ["at step ", String(step)]];
    const body = rows.map((c) => {
      const here = c.norms[step - 1], end = c.norms[T - 1], grown = here / end, sum = !own && s.follow === 1;
      const label = own ? clip(c.name[0], 22) : c.key === "last" ? "from the last loss" : c.key === "path" ? el("span", {}, s.cell === "lstm" ? "forget gates alone" : "update gates alone") : el("span", {}, "‖", rich(c.name.map((n) => n.replace("h_t", `h_${step}`).replace("c_t", `c_${step}`))), "‖");
      const cells = off ? [sciNodes(end), ["?"], ["?"], ["?"], ["?"]] : [sciNodes(end), ["× ", sciNodes(grown)], ["= ", sciNodes(here)], away ? ["× ", sciNodes(grown ** (1 / away))] : ["–"], step < T ? ["× ", sciNodes(here / c.norms[step])] : ["–"]];
      return el("tr", { class: `r-${c.role}` }, el("th", { scope: "row" }, label), (sum ? [cells[0], off ? ["?"] : sciNodes(here)] : cells).map((c) => el("td", {}, c)));
    });
    const where = s.words[step - 1] ? ` “${clip(s.words[step - 1], 16)}”` : "";
    worked.replaceChildren(
      ...(own ? [] : [el("p", { class: "eq" }, equation(s, T, step))]),
      el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "The gradient at this step, as a product" },
        el("table", { class: "factors" }, el("caption", {}, away ? `Step ${step}${where}, ${away} before the ${own ? "last" : "last loss"}` : `Step ${step}${where}: ${own ? "the last" : "here is the last loss"}`), el("thead", {}, el("tr", {}, head.map((h) => (h ? el("th", { scope: "col" }, h) : el("td", {}))))), el("tbody", {}, body))));
  }
  function equation(s, T, step) {
    const h = (t, kind = "h") => symbol(`${kind}_${t}`), frac = (top, bottom) => el("span", { class: "frac" }, el("span", {}, "∂", top), el("span", {}, "∂", bottom));
    const away = T - step;
    if (s.follow === 1) return ["Every step adds a loss of its own: ", frac(symbol("L"), h(step)), " = ", frac(symbol(`L_${step}`), h(step)), step < T ? [" + what comes back from ", h(step + 1)] : ""];
    if (!away) return [frac(symbol(`L_${T}`), h(T)), " comes straight from the loss"];
    const U = el("i", {}, "U");
    if (s.cell === "rnn") return [frac(symbol(`L_${T}`), h(step)), " = ", el("span", { class: "prod" }, away > 1 ? [factorRnn(step + 1), away > 2 ? " … " : " ", factorRnn(T)] : factorRnn(T)), " ", frac(symbol(`L_${T}`), h(T))];
    const kind = s.cell === "lstm" ? "c" : "h", gate = s.cell === "lstm" ? "f" : "z";
    return [frac(symbol(`L_${T}`), h(step, kind)), " = ", el("span", { class: "r-gate gatey" }, h(step + 1, gate), away > 1 ? [away > 2 ? " ⊙ … ⊙ " : " ⊙ ", h(T, gate)] : ""), " ⊙ ", frac(symbol(`L_${T}`), h(T, kind)), el("span", { class: "op" }, " + what passes through a ", U, " on its way")];
    function factorRnn(t) { return [el("span", { class: "r-hidden gatey" }, U.cloneNode(true), el("sup", {}, "⊤")), s.g === "linear" ? "" : [" diag ", el("i", {}, "g"), "′", el("sub", {}, String(t))]]; }
  }
  function speak(s, list, T, step, off) {
    const away = T - step, c = own ? list[s.follow] : list[0], grown = c.norms[step - 1] / c.norms[T - 1];
    const what = own ? c.name[0] : `${NAMES[s.cell]}${s.cell === "rnn" ? `, ${s.g}` : `, ${s.cell === "lstm" ? "forget" : "update"}-gate bias ${num(s.forget_bias, 1)}`}, spectral radius ${num(s.rho)}, ${T} ${T === 1 ? "step" : "steps"}, ${s.H} units`;
    const path = list.find((x) => x.key === "path"), cell = list.find((x) => x.key === "c");
    const here = off ? "hidden until you predict" : `the gradient of ${own ? "the loss" : s.follow ? "all losses" : "the last loss"} is ${sci(c.norms[step - 1])}${away && (own || !s.follow) ? `, after ${away} ${away === 1 ? "factor" : "factors"} of ${sci(grown ** (1 / away))} on average` : ""}${cell && !off ? `; at the cell ${sci(cell.norms[step - 1])}` : ""}${path && away ? `, through the gates alone ${sci(path.norms[step - 1])}` : ""}${!own && s.clip > 0 && !off ? `; clipped at ${short(s.clip)}, all of it times ${sci(clipping(s, net))}` : ""}`;
    foot.say(`${note ? `${note} ` : ""}${what}. Step ${step}, ${away ? `${away} before the end` : "the last"}: ${here}.`, s.playing || s.over > 0);
  }

  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); chart.end(); model.end(); end(); };
}
export default { render };
