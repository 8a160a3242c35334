// An encoder–decoder in the page: the same numbers as unrolled.scratch.seq2seq, attention and decoding.
// It needs the kit and the model.  A network is what `openTranslator` gives.
import { dot, el, focused, renew, symbol } from "./_kit.mjs";
import { best, bidirectional, embed, feed, openCell, openModel, output, probabilities, row, sequence, step } from "./_model.mjs";

export const SCORES = ["dot", "scaled", "bilinear"];
export const START = 2, END = 3, UNK = 1;

// ---- attention ----------------------------------------------------------------------------------
/** softmax of a / temperature over the places that `mask` leaves; the others get exactly 0. */
export function softmaxAt(a, temperature = 1, mask = null) {
  const out = new Float64Array(a.length);
  let most = -Infinity, sum = 0;
  for (let j = 0; j < a.length; j++) if (!mask || mask[j]) most = Math.max(most, a[j]);
  for (let j = 0; j < a.length; j++) if (!mask || mask[j]) sum += out[j] = Math.exp((a[j] - most) / temperature);
  for (let j = 0; j < a.length; j++) out[j] /= sum;
  return out;
}
/** h W: what a bilinear score compares with each h_e (13.38). */
export function timesMatrix(h, { data, shape: [rows, columns] }) {
  const out = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let j = 0, at = i * columns; j < columns; j++) out[j] += h[i] * data[at + j];
  return out;
}
/** Σ_j α_j h_j (13.37). */
export function average(alpha, h_e) {
  const ctx = new Float64Array(h_e[0].length);
  for (let j = 0; j < h_e.length; j++) if (alpha[j]) for (let k = 0; k < ctx.length; k++) ctx[k] += alpha[j] * h_e[j][k];
  return ctx;
}
/** One decoder state over all encoder states: scores (13.35, 13.38), weights α (13.36) and context (13.37).
 *  `forced` ≥ 0 puts all weight on that source word, whatever the scores say. */
export function attend(h_d, h_e, { score = "dot", W_s = null, mask = null, temperature = 1, forced = -1 } = {}) {
  const q = score === "bilinear" && W_s ? timesMatrix(h_d, W_s) : h_d;
  if (q.length !== h_e[0].length) throw new Error(`${score} attention: expected states of one size, got ${q.length} and ${h_e[0].length}`);
  const by = score === "scaled" ? h_d.length ** -0.5 : 1;
  const scores = Float64Array.from(h_e, (h) => dot(q, h) * by), own = softmaxAt(scores, temperature, mask);
  const alpha = forced >= 0 ? own.map((_, j) => Number(j === forced)) : own;
  return { q, scores, own, alpha, ctx: average(alpha, h_e) };
}

// ---- encoder and decoder ------------------------------------------------------------------------
/** What `_model.pack` made of an encoder–decoder's parameters (13.28–13.34), made ready to compute with. */
export function openTranslator(packed) {
  const { p, config, vocabularies } = openModel(packed), both = !!p["encoder.fwd.b"] || Object.keys(p).some((name) => name.startsWith("encoder.fwd."));
  const encoder = both ? { fwd: openCell(p, "encoder.fwd."), bwd: openCell(p, "encoder.bwd.") } : openCell(p, "encoder."), decoder = openCell(p, "decoder.");
  const E = both ? 2 * encoder.fwd.H : encoder.H, extra = decoder.D - p.E_d.shape[0];
  const context = config.context ?? (extra ? "attention" : "first"), score = config.score ?? (p.W_s ? "bilinear" : "dot");
  return { p, config, vocabularies, encoder, decoder, both, context, score, H: decoder.H, E, fed: inputs(decoder, 0, decoder.D - extra), asked: inputs(decoder, decoder.D - extra, decoder.D) };
}
/** Columns of W for `feed`: a step's input is a word and a context, and what each brings is a sum of its own; the first part brings b too. */
function inputs({ n, H, D: whole, W, b }, from, to) {
  const D = to - from, part = new Float32Array(n * H * D);
  for (let i = 0; i < n * H; i++) part.set(W.subarray(i * whole + from, i * whole + to), i * D);
  return { n, H, D, W: part, b: from ? new Float64Array(n * H) : b, fed: new Map() };
}
/** Read the source: all states h_e, c = h_n^e and the decoder's first state (13.33), with a bridge W_b where there is one. */
export function readSource(net, ids) {
  const { p, encoder, both, decoder } = net, T = ids.length, x = embed({ p }, ids, "E_e");
  const run = both ? bidirectional(encoder, x, T, null, ids) : sequence(encoder, x, T, { ids }), H = both ? encoder.fwd.H : encoder.H;
  const h_e = Array.from({ length: T }, (_, j) => row(run.h, j, run.width));
  const c = both ? Float64Array.from([...row(run.fwd.h, T - 1, H), ...row(run.bwd.h, 0, H)]) : row(run.h, T - 1, H);
  const known = new Map();
  if (!p.W_b) return { h_e, c, known, state_0: { h: run.state.h, c: run.state.c } };
  const first = output(p.W_b, c, 1); // (13.33)
  return { h_e, c, known, state_0: decoder.kind === "lstm" ? { h: first, c: first } : { h: first } };
}
/** One step (13.32), (13.34): the word fed and the state before it, to {state, attention, logits, y}.  Without `attention` (what
 *  `attend` takes) it is computed once: greedy decoding, samples and beams of one source begin alike. */
export function decodeStep(net, told, token, state, attention = null) {
  if (attention) return freshStep(net, told, token, state, attention);
  if (!told.known.has(state)) told.known.set(state, new Map());
  const after = told.known.get(state);
  if (!after.has(token)) after.set(token, freshStep(net, told, token, state, {}));
  return after.get(token);
}
function freshStep(net, told, token, state, attention) {
  const { p, decoder, context, score } = net, before = state ?? told.state_0, a = Float64Array.from(feed(net.fed, embed({ p }, [token], "E_d"), 0, token));
  const seen = context === "attention" ? attend(before.h, told.h_e, { score, W_s: p.W_s, ...attention }) : null;
  const brought = seen ? feed(net.asked, seen.ctx, 0) : context === "every" ? (told.brought ??= feed(net.asked, told.c, 0)) : [];
  brought.forEach((v, i) => { a[i] += v; });
  const after = step(decoder, null, before, null, a), logits = output(p.V, after.h, 1, p.b_y);
  return { token, before, state: { h: after.h, c: after.c }, attention: seen, logits, y: probabilities(logits) };
}

// ---- decoding -----------------------------------------------------------------------------------
export const likeliest = (y) => { let best = 0; for (let k = 1; k < y.length; k++) if (y[k] > y[best]) best = k; return best; };
/** Mulberry32, numbers from 0 to 1; the same as in Python. */
export function uniform(seed) {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let v = Math.imul(a ^ (a >>> 15), 1 | a);
    v = (v + Math.imul(v ^ (v >>> 7), 61 | v)) ^ v;
    return ((v ^ (v >>> 14)) >>> 0) / 4294967296;
  };
}
/** Write a target: `choose(y, t)` says each next word; `attention(t)` may force it; a step is what `decodeStep` gives, and the
 *  word chosen with its log p.  Stops at </s> or after `most` words. */
export function decode(net, told, choose, most, attention = () => null) {
  const steps = [];
  let token = START, state = null, sum = 0;
  for (let t = 0; t < most; t++) {
    const now = decodeStep(net, told, token, state, attention(t));
    token = choose(now.y, t); state = now.state;
    sum += Math.log(now.y[token]);
    steps.push({ ...now, word: token, logP: Math.log(now.y[token]), sum });
    if (token === END) break;
  }
  return steps;
}
export const scoreOf = (logP, length, alpha) => logP / ((5 + length) / 6) ** alpha;
/** Beam search as unrolled.scratch.decoding has it: hypotheses best first, and every node that was kept on the way.
 *  `given` words come first, whatever they cost.  A node is {id, parent, word, logP, length, over}; a hypothesis {tokens, logP, score, node}. */
export function beamSearch(nextWord, start, end, width, most, alpha = 0.6, given = []) {
  let now = nextWord(start, null), logP = 0;
  const nodes = [{ id: 0, parent: -1, word: start, logP: 0, length: 0, over: false }], finished = [];
  for (const word of given) { // words that are forced: a tree without branches
    logP += Math.log(now.y[word]);
    nodes.push({ id: nodes.length, parent: nodes.length - 1, word, logP, length: nodes.length, over: word === end });
    now = nextWord(word, now.state);
  }
  if (given.at(-1) === end) return { hypotheses: [{ tokens: given, logP, score: scoreOf(logP, given.length, alpha), node: given.length }], nodes };
  let alive = [{ node: nodes.at(-1), tokens: given, logP, ...now }];
  for (let length = given.length + 1; length <= most; length++) {
    const all = [];
    alive.forEach((p, row) => best(p.y, width).forEach(([token]) => all.push({ p, row, token, logP: p.logP + Math.log(p.y[token]) })));
    const kept = all.sort((a, b) => b.logP - a.logP || a.row - b.row || a.token - b.token).slice(0, width);
    for (const found of kept) {
      found.over = found.token === end || length === most;
      found.node = { id: nodes.length, parent: found.p.node.id, word: found.token, logP: found.logP, length, over: found.over };
      nodes.push(found.node);
      if (found.over) finished.push({ tokens: [...found.p.tokens, found.token], logP: found.logP, score: scoreOf(found.logP, length, alpha), node: found.node.id });
    }
    const left = kept.filter((b) => !b.over);
    if (!left.length) break;
    alive = left.map((b) => ({ node: b.node, tokens: [...b.p.tokens, b.token], logP: b.logP, ...nextWord(b.token, b.p.state) }));
    finished.sort((a, b) => b.score - a.score);
    const hope = Math.max(...alive.map((p) => p.logP));
    if (finished.length >= width && scoreOf(hope, most, alpha) <= finished[width - 1].score) break; // none to come can lift it
  }
  return { hypotheses: finished.sort((a, b) => b.score - a.score).slice(0, width), nodes };
}
/** "α_ij" and "h^e_j" as HTML: a letter, what is raised, what is below. */
export function letter(text) {
  const [base, sub] = text.split("_"), [main, sup] = base.split("^");
  return sup ? [el("i", {}, main), el("sup", {}, el("i", {}, sup)), sub && el("sub", {}, sub)] : symbol(text);
}
/** `renew` where somebody may have the focus: if what had it goes, the last that can have it gets it. */
export function refill(box, ...nodes) {
  const had = box.contains(focused(box));
  renew(box, ...nodes);
  if (had && !box.contains(focused(box))) [...box.querySelectorAll("button")].at(-1)?.focus({ preventScroll: true });
}
