// Trained networks, run in the page.  Import what you use in one line; `module()` inlines this file and the kit that it needs.
//   openModel(trait)                  what `_model.pack` made → {config, vocabularies, p: {name: {shape, data}}, cell, V, n_vocab, D}
//   tokenize(text)                    the words of unrolled.data.tokens, as typed;  lookup(words) → find(tokens) → {ids, unknown}
//   embed(model, ids)                 (13.4): Float64Array (T·D), columns of E; `embed(model, ids, "source.E")` another table
//   openCell(p, prefix = "")          {kind: "rnn"|"gru"|"lstm", D, H, …} from the names below a prefix such as "encoder."; kind, D and H are read off
//   feed(cell, x, at, id)             W x_t + b, which waits for no state: Float64Array (n·H); words of one `id` ≥ 0 are multiplied once
//   step(cell, x_t, state, off, fed)  one step; state = {h, c?} or null; → {h, c, f, i, o, g, k, j | r, z, n, m}, each Float64Array(H)
//   sequence(cell, x, T, {state, off, reverse, ids})   → {kind, T, H, and every letter as Float64Array (T·H), row t = word t; state: the final one}
//                                     `off` = Set of units held at 0 in h and c (ablation); `reverse` reads from the right, rows stay at their words
//   bidirectional({fwd, bwd}, x, T, off, ids)   → {fwd, bwd, h: Float64Array (T·2H)}: (13.16)–(13.18); `model.cell` is {fwd, bwd} if the names say so
//   encode(model, ids, {off})         embed, then whatever cell the model has → as `sequence` or `bidirectional`, with h and width
//   output(V, h, T, b) → scores (T·K) V h + b; `model.V` is E's transpose in a tied model (13.14);  outputAt(model, run, t) for one row
//   probabilities(scores, temperature = 1) → Float64Array, softmax;  best(p, n) → the n largest, [index, p] pairs;  entropy(p) in nats
//   row(array, t, n)                  a view of row t.   Numbers agree with unrolled.scratch on the same float16 weights to 1e-9.
// Names taken at the module's top level, beside the kit's: those above and SIGMOIDS, TOKEN, dense, fillCell, linear, stepInto.
import { decodeF16 } from "./_kit.mjs";

// ---- weights ------------------------------------------------------------------------------------
/** An array as it travels, {shape, data: base64 of float16}, opened. */
const dense = ({ shape, data }) => {
  const values = typeof data === "string" ? decodeF16(data) : Float32Array.from(data.flat(2)), n = shape.reduce((a, b) => a * b, 1);
  if (values.length !== n) throw new Error(`weights: expected ${n} numbers for shape ${shape.join(" × ")}, got ${values.length}`);
  return { shape, data: values };
};
/** What a trait holds, made ready to compute with. */
export function openModel(packed) {
  if (!packed?.arrays) throw new Error("The weights are not here: this page's saved state has only their name.");
  const p = Object.fromEntries(Object.entries(packed.arrays).map(([name, a]) => [name, dense(a)])), E = p.E;
  const names = Object.keys(p), has = (prefix) => names.some((name) => name.startsWith(prefix));
  const cell = has("fwd.") ? { fwd: openCell(p, "fwd."), bwd: openCell(p, "bwd.") } : p.W || p.W_f || p.W_r ? openCell(p) : null;
  let V = p.V;
  if (!V && E) { // tied: row w of V is column w of E (13.14)
    const [D, n] = E.shape, data = new Float32Array(D * n);
    for (let d = 0; d < D; d++) for (let w = 0; w < n; w++) data[w * D + d] = E.data[d * n + w];
    V = { shape: [n, D], data };
  }
  return { config: packed.config ?? {}, vocabularies: packed.vocabularies ?? {}, p, cell, V, D: E?.shape[0], n_vocab: E?.shape[1] };
}
const GATE_LETTERS = { rnn: [""], gru: ["_r", "_z", "_n"], lstm: ["_f", "_i", "_o", "_g"] };
/** The cell whose parameters begin with `prefix`: its gates side by side, so that a step is one product. */
export function openCell(p, prefix = "") {
  const at = (name) => p[prefix + name], kind = at("W_f") ? "lstm" : at("W_r") ? "gru" : at("W") ? "rnn" : null;
  if (!kind) throw new Error(`weights: expected W_f, W_r or W${prefix && ` after “${prefix}”`}, got ${Object.keys(p).join(", ")}`);
  const letters = GATE_LETTERS[kind], [H, D] = at(`W${letters[0]}`).shape, n = letters.length;
  const cell = { kind, H, D, n, W: new Float32Array(n * H * D), U: new Float32Array(n * H * H), b: new Float64Array(n * H), b_hn: null, fed: new Map() };
  letters.forEach((letter, k) => {
    cell.W.set(at(`W${letter}`).data, k * H * D);
    cell.U.set(at(`U${letter}`).data, k * H * H);
    if (at(`b${letter}`)) cell.b.set(at(`b${letter}`).data, k * H);
  });
  if (at("b_hn")) cell.b_hn = Float64Array.from(at("b_hn").data);
  return cell;
}

// ---- words --------------------------------------------------------------------------------------
const TOKEN = /\p{Nd}+(?:[.,:]\p{Nd}+)*|[\p{L}\p{Nl}\p{No}][\p{L}\p{N}]*(?:['-][\p{L}\p{N}]+)*|[^\s\x1c-\x1f\x85]/gu;
/** Numbers, words, marks; "don't" is cut before "n't" as in treebanks.  As unrolled.data.tokens.tokenize. */
export function tokenize(text) {
  const plain = text.normalize("NFC").replace(/[’‘]/g, "'").replace(/[“”]/g, '"').replaceAll("\u200b", "");
  return (plain.match(TOKEN) ?? []).flatMap((token) => {
    const cut = /^(.+?)(n't|'(?:s|re|ve|ll|d|m))$/i.exec(token);
    return cut ? [cut[1], cut[2]] : [token];
  });
}
/** Words → a function from tokens to ids: as written, else in small letters, else <unk> and marked. */
export function lookup(words) {
  const at = new Map(words.map((word, i) => [word, i])), unk = at.get("<unk>") ?? -1;
  return (tokens) => {
    const ids = tokens.map((t) => at.get(t) ?? at.get(t.toLowerCase()) ?? unk);
    return { ids, unknown: tokens.map((t, i) => t !== "<unk>" && ids[i] === unk) };
  };
}
export function embed(model, ids, name = "E") {
  const { shape: [D, n], data } = model.p[name], x = new Float64Array(ids.length * D);
  ids.forEach((id, t) => {
    if (!(id >= 0 && id < n)) throw new Error(`embed: expected ids from 0 to ${n - 1}, got ${id}`);
    for (let d = 0; d < D; d++) x[t * D + d] = data[d * n + id]; // (13.4)
  });
  return x;
}

// ---- products -----------------------------------------------------------------------------------
/** out[i] += row i of M (rows, n) · v, v from `at`; four rows at once, since one sum alone waits for itself, and each v is read once for four. */
function linear(M, rows, n, v, at, out) {
  const most = rows - (rows % 4);
  let i = 0;
  for (; i < most; i += 4) {
    let a = 0, b = 0, c = 0, d = 0;
    for (let k = 0, p = i * n, q = p + n, r = q + n, s = r + n; k < n; k++, p++, q++, r++, s++) { const x = v[at + k]; a += M[p] * x; b += M[q] * x; c += M[r] * x; d += M[s] * x; }
    out[i] += a; out[i + 1] += b; out[i + 2] += c; out[i + 3] += d;
  }
  for (; i < rows; i++) { let a = 0; for (let k = 0, p = i * n; k < n; k++, p++) a += M[p] * v[at + k]; out[i] += a; }
  return out;
}
export function output(V, h, T, b) {
  const [K, H] = V.shape, scores = new Float64Array(T * K);
  for (let t = 0; t < T; t++) {
    const y = scores.subarray(t * K, (t + 1) * K);
    if (b) y.set(b.data);
    linear(V.data, K, H, h, t * H, y);
  }
  return scores;
}
/** The scores at row t of what `encode` gave. */
export const outputAt = (model, run, t) => output(model.V, row(run.h, t, run.width ?? run.H), 1, model.p.b_y);
export const row = (array, t, n) => array.subarray(t * n, (t + 1) * n);
export function probabilities(scores, temperature = 1) {
  let most = -Infinity, sum = 0;
  for (const v of scores) if (v > most) most = v;
  const p = new Float64Array(scores.length);
  for (let k = 0; k < p.length; k++) sum += p[k] = Math.exp((scores[k] - most) / temperature);
  for (let k = 0; k < p.length; k++) p[k] /= sum;
  return p;
}
/** The n largest, largest first, as [index, value]; ties go to the lower index. */
export function best(p, n) {
  const top = [];
  for (let k = 0; k < p.length; k++) {
    if (top.length === n && !(p[k] > top[n - 1][1])) continue;
    let at = top.length;
    while (at > 0 && p[k] > top[at - 1][1]) at--;
    top.splice(at, 0, [k, p[k]]);
    if (top.length > n) top.pop();
  }
  return top;
}
export function entropy(p) { let H = 0; for (const v of p) if (v > 0) H -= v * Math.log(v); return H; }

// ---- cells --------------------------------------------------------------------------------------
const SIGMOIDS = (a) => 0.5 * (1 + Math.tanh(0.5 * a));
const LETTERS = { rnn: ["h"], gru: ["r", "z", "m", "n", "h"], lstm: ["f", "k", "g", "i", "j", "c", "o", "h"] };
export function feed({ n, H, D, W, b, fed }, x, at, id = -1) {
  const known = fed.get(id), a = known ?? linear(W, n * H, D, x, at, Float64Array.from(b));
  if (id >= 0 && !known) fed.set(id, a);
  return a;
}
/** One step, its letters written from place `at` on in the arrays of `out`; `fed` is what `feed` gives, `a` room to work. */
function stepInto(cell, fed, state, off, out, at, a) {
  const { kind, H, n, U, b_hn } = cell, h = state?.h, c = state?.c;
  a.set(fed);
  if (kind === "gru") { // the reset gate comes after U_n's product, so the candidate's waits apart
    const m = out.m.subarray(at, at + H);
    m.fill(0);
    if (b_hn) m.set(b_hn);
    if (h) { linear(U, 2 * H, H, h, 0, a); linear(U.subarray(2 * H * H), H, H, h, 0, m); }
    for (let u = 0; u < H; u++) {
      const r = (out.r[at + u] = SIGMOIDS(a[u])), z = (out.z[at + u] = SIGMOIDS(a[H + u])); // (7a), (7b)
      const v = (out.n[at + u] = Math.tanh(r * m[u] + a[2 * H + u])); // (7c)
      out.h[at + u] = (1 - z) * v + z * (h ? h[u] : 0); // (7d)
    }
  } else {
    if (h) linear(U, n * H, H, h, 0, a);
    if (kind === "rnn") for (let u = 0; u < H; u++) out.h[at + u] = Math.tanh(a[u]); // (13.1)
    else for (let u = 0; u < H; u++) {
      const f = (out.f[at + u] = SIGMOIDS(a[u])), k = (out.k[at + u] = f * (c ? c[u] : 0)); // (13.20), (13.21)
      const g = (out.g[at + u] = Math.tanh(a[3 * H + u])), i = (out.i[at + u] = SIGMOIDS(a[H + u])); // (13.22), (13.23)
      const j = (out.j[at + u] = g * i), c_t = (out.c[at + u] = off?.has(u) ? 0 : j + k); // (13.24), (13.25)
      const o = (out.o[at + u] = SIGMOIDS(a[2 * H + u])); // (13.26)
      out.h[at + u] = o * Math.tanh(c_t); // (13.27)
    }
  }
  if (off) for (const u of off) out.h[at + u] = 0;
}
const fillCell = (kind, n) => Object.fromEntries(LETTERS[kind].map((letter) => [letter, new Float64Array(n)]));
export function step(cell, x_t, state, off, fed = feed(cell, x_t, 0)) {
  const out = fillCell(cell.kind, cell.H);
  stepInto(cell, fed, state, off, out, 0, new Float64Array(cell.n * cell.H));
  return out;
}
export function sequence(cell, x, T, { state = null, off, reverse = false, ids } = {}) {
  const { kind, H, D } = cell, out = fillCell(kind, T * H), a = new Float64Array(cell.n * H);
  for (let k = 0; k < T; k++) {
    const t = reverse ? T - 1 - k : k;
    stepInto(cell, feed(cell, x, t * D, ids?.[t]), state, off, out, t * H, a);
    state = { h: row(out.h, t, H), c: out.c && row(out.c, t, H) };
  }
  return { ...out, kind, T, H, width: H, state };
}
export function bidirectional({ fwd: left, bwd: right }, x, T, off, ids) {
  const fwd = sequence(left, x, T, { off, ids }), bwd = sequence(right, x, T, { reverse: true, ids }), { H } = left, h = new Float64Array(2 * T * H); // (13.16), (13.17)
  for (let t = 0; t < T; t++) { h.set(row(fwd.h, t, H), 2 * t * H); h.set(row(bwd.h, t, H), (2 * t + 1) * H); } // (13.18)
  return { fwd, bwd, h, T, H, width: 2 * H };
}
export function encode(model, ids, options = {}) {
  const x = embed(model, ids);
  return model.cell.fwd ? bidirectional(model.cell, x, ids.length, options.off, ids) : sequence(model.cell, x, ids.length, { ...options, ids });
}
