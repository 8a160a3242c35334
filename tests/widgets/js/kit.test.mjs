// Laws of the kit that need no page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { activations, clip, decodeF16, dot, encodeF16, fromHalf, matvec, num, parseNumber, products, short, softmax, toHalf, transpose } from "../../../src/unrolled/widgets/static/_kit.mjs";

test("every float16 survives the way to a number and back", () => {
  for (let half = 0; half < 65536; half++) {
    const value = fromHalf(half);
    if (Number.isNaN(value)) assert.ok(Number.isNaN(fromHalf(toHalf(value))));
    else assert.equal(toHalf(value), half, `half ${half}`);
  }
});
test("rounding is to the nearest, ties to even", () => {
  for (const [value, expected] of [[1 + 2 ** -11, 1], [1 + 3 * 2 ** -11, 1 + 2 ** -9], [2 ** -24, 2 ** -24], [2 ** -25, 0], [65504, 65504], [65519, 65504], [65520, Infinity], [-1e9, -Infinity]])
    assert.equal(fromHalf(toHalf(value)), expected, String(value));
  for (let i = 0; i < 2000; i++) {
    const value = (Math.random() - 0.5) * 10, back = fromHalf(toHalf(value));
    assert.ok(Math.abs(back - value) <= Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
  }
});
test("base64 round trip", () => {
  const values = [0, -1.5, 0.333251953125, 65504, 2 ** -24];
  assert.deepEqual([...decodeF16(encodeF16(values))], values);
  assert.deepEqual([...decodeF16("")], []);
});
test("numbers are written with a true minus sign and no −0.00", () => {
  assert.deepEqual([0.005, -0.004, -0.456, 12, NaN, Infinity].map((v) => num(v)), ["0.01", "0.00", "−0.46", "12.00", "not finite", "not finite"]);
  assert.deepEqual([1, 0.5, -0.25, 0, 10, 100].map(short), ["1", "0.5", "−0.25", "0", "10", "100"]);
});
test("what a reader types is a number, or is not", () => {
  for (const [text, value] of [["1", 1], [" -0,5 ", -0.5], ["−2", -2], ["+.5", 0.5], ["1.", 1], ["1e-1", 0.1]]) assert.equal(parseNumber(text), value, text);
  for (const text of ["", "abc", "1 2", "--1", "1.2.3", "Infinity", "NaN", "0x10", "1e999", "🙂"]) assert.equal(parseNumber(text), null, text);
});
test("products read like a line of arithmetic", () => {
  assert.equal(products([0.5, -0.1], [1, -0.3], short).join(""), "0.50·1 − 0.10·(−0.3)");
  assert.equal(products([-0.001, 2], [0, 1]).join(""), "0.00·0.00 + 2.00·1.00");
});
test("clip counts what a reader sees", () => {
  assert.equal(clip("witch", 5), "witch");
  assert.equal(clip("arrived", 5), "arri…");
  assert.equal(clip("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 3), "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧");
  assert.equal(clip("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 2), "👩‍👩‍👧…");
});
test("maths", () => {
  assert.equal(dot([1, 2], [3, 4]), 11);
  assert.deepEqual(matvec([[1, 0], [0, 2]], [3, 4]), [3, 8]);
  assert.deepEqual(transpose([[1, 2], [3, 4]]), [[1, 3], [2, 4]]);
  assert.deepEqual(softmax([1000, 1000]), [0.5, 0.5]);
  assert.ok(Math.abs(softmax([1, 2, 3]).reduce((p, q) => p + q) - 1) < 1e-15);
  assert.equal(activations.relu(-1), 0);
  assert.equal(activations.sigmoid(-1e4), 0);
});
