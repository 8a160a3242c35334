// What the page expects next, and what it draws from, against unrolled.scratch; pytest writes the cases.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { byProbability, drawWord, keepTopK, keepTopP, reshape, uniformAt, withTemperature } from "../../../src/unrolled/widgets/static/_sampling.mjs";
import { bits, languageModel, LONGEST, MOST, sample, score, sentence } from "../../../src/unrolled/widgets/static/next_word.mjs";

const { models, plain } = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));
const near = (got, expected, what) => {
  assert.equal(got.length, expected.length, what);
  got.forEach((v, i) => assert.ok(Math.abs(v - expected[i]) <= 1e-5, `${what}[${i}]: ${v}, expected ${expected[i]}`));
};
for (const { weights, text, words, unknown, y, log_probs, reshaped } of models) {
  const lm = languageModel(weights), said = sentence(lm, text, []), kind = weights.arrays.V ? "untied" : "tied", name = `${Object.keys(weights.arrays).join(" ")} (${kind})`;
  test(`${name}: words, ŷ and log P`, () => {
    assert.deepEqual([said.words, said.unknown], [words, unknown]);
    const read = lm.read(said.ids);
    read.forEach((place, t) => near([...place.y], y[t], `y[${t}]`));
    const { logs, sum, perplexity } = score(lm, read, said.ids, true);
    near(logs, log_probs, "log P");
    assert.ok(Math.abs(perplexity - Math.exp(-sum / logs.length)) < 1e-9);
  });
  test(`${name}: temperature, top-k, top-p`, () => { for (const { q, ...settings } of reshaped) near([...reshape(lm.read(said.ids)[2].y, settings)], q, JSON.stringify(settings)); });
  test(`${name}: what was read before changes nothing`, () => {
    const fresh = languageModel(weights), again = lm.read([5, 6, 7]);
    lm.read([9, 8]);
    assert.deepEqual(lm.read([5, 6, 7]).map((p) => [...p.y]), again.map((p) => [...p.y]));
    assert.deepEqual(fresh.read([5, 6, 7]).map((p) => [...p.y]), again.map((p) => [...p.y]));
  });
  test(`${name}: sentences are drawn by the seed`, () => {
    const settings = { temperature: 1, top_k: 0, top_p: 1 }, once = sample(lm, said.ids, settings, 7, LONGEST);
    assert.deepEqual(sample(lm, said.ids, settings, 7, LONGEST), once);
    assert.ok(once.length <= LONGEST && !once.slice(0, -1).includes(lm.end));
    assert.ok(Array.from({ length: 9 }, (_, seed) => sample(lm, said.ids, settings, seed, LONGEST).join()).some((s) => s !== once.join()));
    const greedy = sample(lm, said.ids, { ...settings, greedy: true }, 1, 5);
    assert.deepEqual(sample(lm, said.ids, { ...settings, top_k: 1 }, 3, 5), greedy);
    for (const id of sample(lm, said.ids, { ...settings, top_k: 3 }, 4, 1)) assert.ok(byProbability(lm.read(said.ids).at(-1).y).slice(0, 3).includes(id));
  });
}
test("every filter as in scratch, of distributions with zeros and of 2,000 words", () => {
  for (const { y, q, ...settings } of plain) near([...reshape(Float64Array.from(y), settings)], q, `${y.length} ${JSON.stringify(settings)}`);
});
test("by hand", () => {
  near([...withTemperature(Float64Array.from([0.8, 0.2]), 0.5)], [0.941176, 0.058824], "τ");
  near([...keepTopP(Float64Array.from([0.1, 0.5, 0.4]), 0.8)], [0, 0.555556, 0.444444], "top-p");
  near([...keepTopK(Float64Array.from([0.25, 0.25, 0.5]), 2)], [1 / 3, 0, 2 / 3], "of equals the smaller id");
  assert.equal(bits([0.5, 0.25, 0.25, 0]), 1.5);
});
test("a word is drawn as often as it is likely, one of probability 0 never", () => {
  const y = Float64Array.from([0.5, 0, 0.3, 0.2]), n = 4000, counts = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) counts[drawWord(y, uniformAt(i % 100, i))]++;
  y.forEach((p, i) => assert.ok(Math.abs(counts[i] / n - p) < 0.03, `${i}: ${counts[i] / n}`));
  assert.equal(counts[1], 0);
  assert.equal(drawWord(Float64Array.from([0.3, 0.7 - 1e-17, 0]), 0.9999999999999999), 1);
});
test("a very long text, and none", () => {
  const lm = languageModel(models[0].weights), long = sentence(lm, "the cat ".repeat(500), ["is"]);
  assert.deepEqual([long.words.length, long.left, long.ids.length], [MOST, 941, MOST]);
  assert.deepEqual(sentence(lm, "  ", []).words, []);
  assert.deepEqual(score(lm, lm.read([]), [], false).logs, []);
});
