// Means, spreads, and which words of an output are wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { summarise, wrongWords } from "../../../src/unrolled/widgets/static/bottleneck.mjs";

test("mean and standard deviation (n − 1) of each band", () => {
  assert.deepEqual(summarise([[1, 10], [3, 10]]), [{ mean: 2, sd: Math.SQRT2, n: 2 }, { mean: 10, sd: 0, n: 2 }]);
  assert.deepEqual(summarise([[5]]), [{ mean: 5, sd: 0, n: 1 }]);
});
test("words that are in no longest common subsequence with the reference are wrong", () => {
  const wrong = (a, b) => wrongWords(a, b).filter(([, bad]) => bad).map(([word]) => word);
  assert.deepEqual(wrong("la bruja verde", "la bruja verde"), []);
  assert.deepEqual(wrong("la verde bruja", "la bruja verde").length, 1);
  assert.deepEqual(wrong("el mago", "la bruja verde"), ["el", "mago"]);
  assert.deepEqual(wrong("", "la bruja"), []);
  assert.deepEqual(wrong("la la bruja", "la bruja"), ["la"]);
});
