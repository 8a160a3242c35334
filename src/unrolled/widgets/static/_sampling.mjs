// From a distribution to a word: the same numbers as unrolled.scratch.generation.
/** Ids by probability, best first; of equals, the smaller id. */
export const byProbability = (y) => Array.from(y.keys()).sort((a, b) => y[b] - y[a] || a - b);
/** y^(1/τ), normalised; no two words change their order. */
export function withTemperature(y, temperature) {
  if (temperature === 1) return y;
  let most = 0, sum = 0;
  for (const v of y) most = Math.max(most, v);
  const e = Float64Array.from(y, (v) => Math.exp((Math.log(v) - Math.log(most)) / temperature));
  for (const v of e) sum += v;
  return e.map((v) => v / sum);
}
function keepOnly(y, ids) {
  const kept = new Float64Array(y.length);
  let sum = 0;
  for (const id of ids) sum += y[id];
  for (const id of ids) kept[id] = y[id] / sum;
  return kept;
}
/** Only the k likeliest words, normalised. */
export const keepTopK = (y, k) => (k >= y.length ? y : keepOnly(y, byProbability(y).slice(0, k)));
/** Only the fewest likeliest words that together reach probability p, normalised; at least one. */
export function keepTopP(y, p) {
  if (p >= 1) return y;
  const order = byProbability(y);
  let sum = 0, n = 0; // `sum - own` as cumsum(y) - y does it, to the last bit
  for (const id of order) { sum += y[id]; if (sum - y[id] < p) n++; else break; }
  return keepOnly(y, order.slice(0, Math.max(1, n)));
}
/** Temperature, then top-k (0: all), then top-p (1: all): what a word is drawn from. */
export function reshape(y, { temperature, top_k, top_p }) {
  const warm = withTemperature(y, temperature), some = top_k ? keepTopK(warm, top_k) : warm;
  return keepTopP(some, top_p);
}
/** The word where the running sum of y passes u, 0 ≤ u < 1; never one of probability 0. */
export function drawWord(y, u) {
  let sum = 0, last = 0;
  for (let id = 0; id < y.length; id++) if (y[id] > 0) { last = id; if ((sum += y[id]) > u) return id; }
  return last;
}
/** One number from 0 to 1 for each seed and place: Mulberry32, which both sides can run to the bit. */
export function uniformAt(seed, place) {
  let a = (Math.imul(seed, 4096) + place * 2 + 0x6d2b79f5) | 0;
  let t = Math.imul(a ^ (a >>> 15), 1 | a);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
