// The page's gradients against unrolled.scratch; pytest writes the cases and names their file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { scientific, sci, ticks } from "../../../src/unrolled/widgets/static/_chart.mjs";
import { breadth, clipping, curves, flow, makeNetwork, spectralRadius, uniform } from "../../../src/unrolled/widgets/static/gradient_explorer.mjs";

const { flows: cases, draws } = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));

function near(got, expected, what) {
  if (expected === null) return assert.equal(got, null, what);
  assert.equal(got.length, expected.length, what);
  got.forEach((v, t) => assert.ok(Math.abs(v - expected[t]) <= 1e-5 * Math.abs(expected[t]), `${what}[${t}]: ${v}, expected ${expected[t]}`));
}
test("there are cases of every cell", () => assert.deepEqual([...new Set(cases.map((c) => c.state.cell))].sort(), ["gru", "lstm", "rnn"]));
for (const { state, network, expected } of cases)
  test(`${state.cell} ${state.g}, H = ${state.H}, T = ${state.T}, ρ = ${state.rho}`, () => {
    const got = flow(state.cell, state.g, network, true);
    near(got.direct.h, expected.direct, "direct");
    near(got.total.h, expected.total, "total");
    near(got.direct.c, expected.cell, "cell");
    near(got.total.c, expected.cell_total, "cell_total");
    near(got.path, expected.path, "path");
    near([got.direct.weights, got.total.weights], [expected.weights, expected.weights_total], "all weights");
    for (const clip of [0, expected.weights / 2, expected.weights * 2]) assert.ok(Math.abs(clipping({ ...state, follow: 0, clip }, got) - (clip && clip < expected.weights ? 0.5 : 1)) < 1e-5, `clip ${clip}`);
    const drawn = makeNetwork(state);
    for (const [name, array] of Object.entries(network.p)) array.flat().forEach((v, i) => assert.ok(Math.abs(v - drawn.p[name].flat()[i]) <= 1e-7 * (1 + Math.abs(v)), `${name}[${i}]`));
    for (const name of ["x", "v"]) network[name].flat().forEach((v, i) => assert.ok(Math.abs(v - drawn[name].flat()[i]) <= 1e-12, `${name}[${i}]`));
  });
test("both sides draw the same numbers, to the bit", () => {
  for (const { seed, numbers } of draws) {
    const draw = uniform(seed);
    assert.deepEqual(numbers.map(() => draw()), numbers);
  }
});
test("the spectral radius of matrices that are known", () => {
  for (const [M, radius] of [[[[0.5]], 0.5], [[[0, 1], [-1, 0]], 1], [[[2, 0], [0, -3]], 3], [[[0, 1], [0, 0]], 0], [[[1, 1], [0, 1]], 1], [[[0.6, -0.8], [0.8, 0.6]], 1]])
    assert.ok(Math.abs(spectralRadius(M) - radius) < 1e-5, JSON.stringify(M));
});
test("a linear RNN loses exactly one factor of U a step: here 0.5", () => {
  const half = [[0.5, 0], [0, 0.5]], T = 20;
  const net = { p: { W: [[1], [1]], U: half, b: [0, 0] }, x: Array(T).fill([0.1]), v: Array(T).fill([1, 0]) };
  flow("rnn", "linear", net).direct.h.forEach((v, t) => assert.ok(Math.abs(v - 0.5 ** (T - 1 - t)) < 1e-12));
});
test("without any U the LSTM's cell has the forget gates alone", () => {
  const s = { cell: "lstm", g: "tanh", rho: 0, T: 25, H: 8, forget_bias: 3, seed: 5 }, found = flow("lstm", "tanh", makeNetwork(s));
  near(found.direct.c, found.path, "path");
});
test("what comes into a step plus its own loss is all; at the last step nothing comes in", () => {
  const s = { cell: "rnn", g: "tanh", rho: 1.2, T: 6, H: 4, forget_bias: 1, seed: 2, follow: 0 }, { direct, total } = flow("rnn", "tanh", makeNetwork(s));
  assert.equal(total.into.h.at(-1), 0);
  assert.deepEqual(direct.into.h.slice(0, -1), direct.h.slice(0, -1));
  total.h.forEach((v, t) => assert.ok(v <= total.into.h[t] + 1 + 1e-12));
  assert.deepEqual(curves(s, { direct, total, path: null }).map((c) => c.key), ["h", "ref"]);
});
test("arrows: one width less for each power of ten, a hair at the least", () => {
  assert.equal(breadth(1, 1), 12);
  assert.ok(Math.abs(breadth(0.1, 1) - 10.5) < 1e-12);
  assert.deepEqual([breadth(1e-30, 1), breadth(1e30, 1), breadth(0, 1), breadth(1, 0)], [0.5, 20, 0, 0]);
});
test("ticks are round and inside", () => {
  assert.deepEqual(ticks(-6, 2, 5, true), [-6, -4, -2, 0, 2]);
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(1, 1, 4, true), [1]);
  for (const [low, high] of [[-137, 3], [0.003, 0.0041], [1, 400]]) {
    const found = ticks(low, high, 6);
    assert.ok(found.length >= 2 && found.length <= 8 && found[0] >= low && found.at(-1) <= high, String(found));
  }
});
test("numbers over many powers of ten", () => {
  assert.deepEqual([0, 1, 0.0314, 12.34, 999, 1000, 0.00031, 9.96e-7, 1e-100, 0.00996, NaN].map(sci), ["0", "1.00", "0.031", "12.3", "999", "1.0·10³", "3.1·10⁻⁴", "1.0·10⁻⁶", "1.0·10⁻¹⁰⁰", "0.010", "not finite"]);
  for (let e = -30; e < 30; e++) { const v = 3.7 * 10 ** e, [m, p] = scientific(v); assert.ok(Math.abs(Number(m) * 10 ** p / v - 1) < 0.05); }
});
