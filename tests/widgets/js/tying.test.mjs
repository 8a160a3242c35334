// The page's scores, neighbours and counts against unrolled.scratch; pytest writes the cases.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lookup, openModel, tokenize } from "../../../src/unrolled/widgets/static/_model.mjs";
import { counts, neighbours, product, read, way } from "../../../src/unrolled/widgets/static/tying.mjs";

const { models, counts: cases } = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));
const near = (got, expected, what) => assert.ok(Math.abs(got - expected) <= 1e-5, `${what}: ${got}, expected ${expected}`);
for (const { weights, text, scores, near: nearest, words } of models) {
  const lm = openModel(weights), tied = !weights.arrays.V, name = `${lm.cell.kind}, ${tied ? "tied" : "untied"}`;
  test(`${name}: a score is a product and a bias`, () => {
    const { h, scores: all, y } = read(lm, lookup(words)(tokenize(text)).ids);
    words.forEach((word, w) => {
      const { sum, bias, terms } = product(lm, h, w), expected = scores[word];
      near(sum, expected.product, word); near(bias, expected.bias, word); near(all[w], expected.score, word); near(y[w], expected.probability, word);
      near(terms.reduce((a, b) => a + b, 0), expected.product, `${word}, terms`);
    });
  });
  test(`${name}: neighbours`, () => {
    for (const side of ["in", "out"]) assert.deepEqual(neighbours(lm, 7, side, 5).map(([id]) => id), nearest[side].slice(0, 5), side);
    if (tied) { assert.deepEqual(neighbours(lm, 9, "in", 5), neighbours(lm, 9, "out", 5)); assert.deepEqual([...way.in(lm, 9)], [...way.out(lm, 9)]); }
    for (const [id] of neighbours(lm, 9, "in", 99)) assert.ok(id !== 9 && id !== 0);
  });
}
test("counts are parameter_counts's", () => {
  for (const { kind, n_vocab, D, untied, tied, saved } of cases) {
    const c = counts(kind, n_vocab, D);
    assert.deepEqual([c.untied, c.tied, c.saved], [untied, tied, saved], `${kind} ${n_vocab} ${D}`);
    assert.ok(c.saved / c.untied < 0.5, "never more than half");
  }
});
test("what tying saves shrinks as D grows with the vocabulary fixed", () => {
  const shares = [8, 64, 512].map((D) => { const c = counts("rnn", 2000, D); return c.saved / c.untied; });
  assert.ok(shares[1] > shares[2]);
});
test("no words at all", () => assert.equal(read(openModel(models[0].weights), []).y.length, models[0].words.length));
