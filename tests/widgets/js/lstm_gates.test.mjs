// What the gate explorer computes beside the cells themselves; pytest writes the cases and names their file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { arithmetic, before, effectsOf, openTrace, outputNames, reader, sorted } from "../../../src/unrolled/widgets/static/lstm_gates.mjs";
import { encode, openModel, outputAt, probabilities } from "../../../src/unrolled/widgets/static/_model.mjs";

const { live, traces } = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));
const close = (a, b, what, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a}, expected ${b}`);

for (const { what, weights, text, off, trace, next, words } of live)
  test(`${what}: every letter and the next word, units ${off} off`, () => {
    const model = openModel(weights), { tokens, ids } = reader(model)(text), run = encode(model, ids, { off: new Set(off) });
    assert.deepEqual(tokens, words);
    for (const [letter, rows] of Object.entries(trace)) rows.flat().forEach((v, n) => close(run[letter][n], v, `${letter}[${n}]`));
    next.forEach((row, t) => probabilities(outputAt(model, run, t)).forEach((p, k) => close(p, row[k], `p[${t}][${k}]`)));
    assert.equal(outputNames(model).length, next[0].length);
  });
test("the effect of a unit is what the log-odds lose without it, on top of what is off already", () => {
  const { weights, text } = live[0], model = openModel(weights), { ids } = reader(model)(text), t = 3, pair = [4, 5];
  const odds = (off) => { const p = probabilities(outputAt(model, encode(model, ids, { off: new Set(off) }), t)); return Math.log(p[4] / p[5]); };
  effectsOf(model, ids, t, pair, [2]).forEach((v, u) => close(v, odds([2, u]) - odds([2]), `unit ${u}`));
  assert.equal(effectsOf(model, ids, t, pair, [2])[2], 0);
  assert.ok(effectsOf(model, ids, t, null).every(Number.isFinite));
});
for (const { data, expected } of traces)
  test(`arrays that came as float16: ${data.kind}, T = ${data.shape[0]}`, () => {
    const run = openTrace(data), [T, H] = data.shape;
    for (const [letter, rows] of Object.entries(expected)) rows.flat().forEach((v, n) => close(run[letter][n], v, `${letter}[${n}]`, letter === "k" ? 4e-3 : 2e-3));
    for (const t of [0, T - 1]) {
      const lines = arithmetic(run, t, H - 1);
      assert.deepEqual(lines.map((l) => l[1]), data.kind === "lstm" ? ["13.20", "13.21", "13.22", "13.23", "13.24", "13.25", "13.26", "13.27"] : ["7a", "7b", "7c", "7d"]);
      for (const [letter, , , value] of lines) assert.equal(value, run[letter][t * H + H - 1]);
    }
    if (data.kind === "lstm") close(before(run, 0, 0) * run.f[0], run.k[0], "what came before the first step");
  });
test("units in order: ties as numbered, memory, movement, effect", () => {
  const run = { kind: "lstm", T: 2, H: 3, f: [0.1, 0.9, 0.5, 0.1, 0.9, 0.5], c: [0, 1, 0, 0, 1, 4] };
  assert.deepEqual(sorted(run, "number"), [0, 1, 2]);
  assert.deepEqual(sorted(run, "keeps"), [1, 2, 0]);
  assert.deepEqual(sorted(run, "moves"), [2, 0, 1]);
  assert.deepEqual(sorted(run, "effect", [0.5, -2, 1]), [1, 2, 0]);
});
test("arithmetic reads as it is written in the book", () => {
  const run = { kind: "lstm", T: 2, H: 1, f: [0.5, 0.5], i: [0.25, 1], o: [0.5, 0.5], g: [-0.8, 0.6], j: [-0.2, 0.6], k: [0, -0.1], c: [-0.2, 0.5], h: [-0.1, 0.23] };
  assert.deepEqual(arithmetic(run, 1, 0).map(([letter, , pieces]) => `${letter} = ${pieces.join("")}`), ["f = σ(0.00)", "k = (−0.20)·0.50", "g = tanh(0.69)", "i = σ(∞)", "j = 0.60·1.00", "c = 0.60 + (−0.10)", "o = σ(0.00)", "h = 0.50·tanh(0.50)"]);
});
