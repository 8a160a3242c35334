// The page's forward pass against unrolled.scratch.rnn; pytest writes the cases and names their file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { forward, lookup, tokenize } from "../../../src/unrolled/widgets/static/unrolled_stepper.mjs";

const cases = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));

function near(got, expected, what) {
  assert.equal(got.length, expected.length, what);
  got.forEach((row, t) => row.forEach((v, i) => assert.ok(Math.abs(v - expected[t][i]) <= 1e-5, `${what}[${t}][${i}]: ${v}, expected ${expected[t][i]}`)));
}
test("there are cases", () => assert.ok(cases.networks.length >= 9 && cases.texts.length >= 5));
for (const [i, { state, x, h, y }] of cases.networks.entries())
  test(`network ${i}: g = ${state.g}, H = ${state.b.length}, T = ${h.length}`, () => {
    const out = forward(state);
    near(out.x, x, "x");
    near(out.h, h, "h");
    near(out.y, y, "y");
  });
for (const { text, tokens, ids } of cases.texts)
  test(`the words of ${JSON.stringify(text)}`, () => {
    assert.deepEqual(tokenize(text), tokens);
    assert.deepEqual(lookup(tokens, cases.vocab), ids);
  });
test("an unknown word is marked, <unk> itself is not", () => {
  const { state } = cases.networks[0];
  assert.deepEqual(forward({ ...state, text: "zebra <unk>" }).unknown, [true, false]);
});
test("two words swapped leave another state behind", () => {
  const { state } = cases.networks[0];
  const [a, b] = ["the green witch arrived", "the witch green arrived"].map((text) => forward({ ...state, text }).h.at(-1));
  assert.ok(Math.abs(a[0] - b[0]) > 0.1);
});
