// The page's encoder–decoder, attention and beam against unrolled.scratch; pytest writes the cases and names their file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { attend, beamSearch, decode, decodeStep, END, likeliest, openTranslator, readSource, START, softmaxAt, uniform } from "../../../src/unrolled/widgets/static/_seq2seq.mjs";
import { drawWord, withTemperature } from "../../../src/unrolled/widgets/static/_sampling.mjs";

const { networks, attentions, temperatures } = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));
const close = (got, expected, what) => {
  assert.equal(got.length, expected.length, what);
  Array.from(got).forEach((v, i) => assert.ok(Math.abs(v - expected[i]) <= 1e-5 * (1 + Math.abs(expected[i])), `${what}[${i}]: ${v}, expected ${expected[i]}`));
};
const matrix = (rows) => ({ data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0].length] });

test("there are cases of every kind", () => {
  assert.deepEqual([...new Set(networks.map((n) => n.packed.config.context))].sort(), ["attention", "every", "first"]);
  assert.deepEqual([...new Set(attentions.map((a) => a.score))].sort(), ["bilinear", "dot", "scaled"]);
  assert.ok(attentions.some((a) => a.mask) && networks.some((n) => n.packed.arrays.W_b) && networks.some((n) => n.beams.some((b) => b.hypotheses[0].tokens.join() !== n.greedy.join())));
});
for (const [i, { packed, source, fed, logits, alpha, greedy, beams }] of networks.entries())
  test(`network ${i}: ${packed.config.name}`, () => {
    const net = openTranslator(packed), told = readSource(net, source);
    let state = null;
    fed.forEach((token, t) => {
      const now = decodeStep(net, told, token, state);
      close(now.logits, logits[t], `logits at ${t}`);
      if (alpha) close(now.attention.alpha, alpha[t], `alpha at ${t}`);
      state = now.state;
    });
    const steps = decode(net, told, likeliest, 12);
    assert.deepEqual(steps.map((s) => s.word), greedy);
    for (const { width, norm, hypotheses } of beams) {
      const { hypotheses: found, nodes } = beamSearch((token, state) => decodeStep(net, told, token, state), START, END, width, 12, norm);
      assert.deepEqual(found.map((h) => h.tokens), hypotheses.map((h) => h.tokens), `beam of ${width}`);
      close(found.map((h) => h.logP), hypotheses.map((h) => h.log_prob), "log p");
      close(found.map((h) => h.score), hypotheses.map((h) => h.score), "score");
      if (width === 1) assert.deepEqual(found[0].tokens, greedy, "a beam of one is greedy");
      for (const h of found) { // the tree's way from the root spells the hypothesis
        const words = [];
        for (let node = nodes[h.node]; node.parent >= 0; node = nodes[node.parent]) words.unshift(node.word);
        assert.deepEqual(words, h.tokens);
      }
    }
  });
for (const [i, { h_d, h_e, score, W_s, mask, alpha, ctx }] of attentions.entries())
  test(`attention ${i}: ${score}`, () => h_d.forEach((h, t) => {
    const now = attend(h, h_e, { score, W_s: W_s && matrix(W_s), mask });
    close(now.alpha, alpha[t], "alpha");
    close(now.ctx, ctx[t], "ctx");
  }));
test("bilinear with W = I is the dot product; forced attention is that state itself", () => {
  const h_e = [[1, 2], [0, -1], [3, 1]], h = [0.5, -0.2], I = matrix([[1, 0], [0, 1]]);
  close(attend(h, h_e, { score: "bilinear", W_s: I }).alpha, attend(h, h_e).alpha, "alpha");
  const forced = attend(h, h_e, { forced: 2 });
  assert.deepEqual([[...forced.ctx], [...forced.alpha]], [[3, 1], [0, 0, 1]]);
  close(forced.own, attend(h, h_e).alpha, "what it would have been");
  assert.throws(() => attend([1, 2, 3], h_e), /expected states of one size, got 3 and 2/);
});
test("weights: 1 in all, none where the mask is, level when hot, all on one when cold, large scores harmless", () => {
  const a = [1000, 999, -1000], p = softmaxAt(a, 1, [true, true, false]);
  assert.ok(Math.abs(p[0] + p[1] - 1) < 1e-15 && p[2] === 0);
  close(softmaxAt(a.slice(0, 2), 1e6), [0.5, 0.5], "hot");
  close(softmaxAt(a, 0.01), [1, 0, 0], "cold");
});
test("temperature as in scratch.generation", () => { for (const { y, temperature, expected } of temperatures) close(withTemperature(Float64Array.from(y), temperature), expected, `τ = ${temperature}`); });
test("words are drawn as often as they are likely", () => {
  const u = uniform(7), y = [0.5, 0, 0.3, 0.2], n = [0, 0, 0, 0];
  for (let i = 0; i < 20000; i++) n[drawWord(y, u())]++;
  n.forEach((k, i) => assert.ok(Math.abs(k / 20000 - y[i]) < 0.012, `${n}`));
  assert.equal(n[1], 0);
  assert.equal(drawWord([0.3, 0.7 - 1e-12], 1 - 1e-16), 1, "a sum a hair below 1 is no trap");
});
