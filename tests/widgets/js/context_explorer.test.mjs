// Which states move and which tags follow, against unrolled.scratch; pytest writes the cases and names their file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { apart, compare } from "../../../src/unrolled/widgets/static/context_explorer.mjs";
import { openModel } from "../../../src/unrolled/widgets/static/_model.mjs";

const cases = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));
const near = (got, expected, what) => { assert.equal(got.length, expected.length, what); expected.forEach((v, i) => assert.ok(Math.abs(got[i] - v) <= 1e-9, `${what}[${i}]: ${got[i]}, expected ${v}`)); };

for (const c of cases)
  test(`${c.what}: word ${c.place} becomes “${c.swap}”, word ${c.word} is read`, () => {
    const found = compare({ one: openModel(c.one), both: openModel(c.both) }, c);
    assert.deepEqual(found.changed, c.changed);
    near(found.right, c.right, "right");
    near(found.left, c.left, "left");
    for (const name of ["one", "both"]) c.tags[name].forEach((p, k) => near(found.tags[name][k], p, `${name} ${k}`));
    found.right.forEach((v, t) => assert.equal(v > 0, !found.same && t >= c.place - 1, `→h at word ${t + 1}`));
    found.left.forEach((v, t) => assert.equal(v > 0, !found.same && t <= c.place - 1, `←h at word ${t + 1}`));
  });
test("how far apart: 0 for the same, 2 for the opposite corners, whatever H is", () => {
  assert.deepEqual(apart(Float64Array.of(1, 1, 1, 0), Float64Array.of(-1, -1, 1, 0), 2, 2), [2, 0]);
});
