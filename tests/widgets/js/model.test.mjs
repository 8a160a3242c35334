// The page's forward passes against unrolled.scratch; pytest writes the cases and names their file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { best, bidirectional, embed, encode, entropy, lookup, openCell, openModel, output, outputAt, probabilities, row, sequence, step, tokenize } from "../../../src/unrolled/widgets/static/_model.mjs";

const { models, texts, one } = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));
function near(got, expected, what, tolerance = 1e-5) {
  const flat = expected.flat(3);
  assert.equal(got.length, flat.length, what);
  got.forEach((v, i) => assert.ok(Math.abs(v - flat[i]) <= tolerance, `${what}[${i}]: ${v}, expected ${flat[i]}`));
}
test("there are cases of every cell, one way, both ways and tied", () => assert.deepEqual([...new Set(models.map((m) => m.what))].sort(), ["bidirectional gru", "bidirectional lstm", "bidirectional rnn", "gru", "lstm", "rnn", "tied"]));
for (const { what, packed, ids, trace, scores, temperature, p } of models)
  test(`${what}, H = ${packed.config.H}, T = ${ids.length}`, () => {
    const model = openModel(packed), run = encode(model, ids);
    for (const [letter, values] of Object.entries(trace)) near(letter.includes(".") ? run[letter.split(".")[0]][letter.split(".")[1]] : run[letter], values, letter, 1e-9);
    const found = output(model.V, run.h, ids.length, model.p.b_y);
    near(found, scores, "scores", 1e-9);
    near(outputAt(model, run, ids.length - 1), scores.at(-1), "the last row", 1e-9);
    near(probabilities(row(found, 0, scores[0].length), temperature), p, "p", 1e-9);
  });
test("a step at a time is the sequence, and a state given goes on where it stopped", () => {
  for (const { what, packed, ids } of models.filter((m) => !m.what.startsWith("bidirectional"))) {
    const { cell, ...model } = openModel(packed), x = embed(model, ids), all = sequence(cell, x, ids.length);
    let state = null;
    ids.forEach((_, t) => { state = step(cell, row(x, t, cell.D), state); near(state.h, [...row(all.h, t, cell.H)], what, 0); });
    if (ids.length < 2) continue;
    const first = sequence(cell, x, 1), rest = sequence(cell, x.subarray(cell.D), ids.length - 1, { state: first.state });
    near(rest.h, [...all.h.subarray(cell.H)], what, 0);
    near(rest.state.h, [...row(all.h, ids.length - 1, cell.H)], what, 0);
  }
});
test("a word multiplied once is the word multiplied each time", () => {
  for (const { what, packed, ids } of models.filter((m) => !m.what.startsWith("bidirectional"))) {
    const { cell, ...model } = openModel(packed), x = embed(model, ids), plain = sequence(cell, x, ids.length);
    for (let again = 0; again < 2; again++) near(sequence(cell, x, ids.length, { ids }).h, [...plain.h], what, 0);
    assert.deepEqual([...cell.fed.keys()].sort(), [...new Set(ids)].sort());
  }
});
test("from the right: →h knows nothing of a later word, ←h nothing of an earlier one", () => {
  for (const { packed, ids } of models.filter((m) => m.what.startsWith("bidirectional") && m.ids.length > 2)) {
    const model = openModel(packed), T = ids.length, other = [...ids];
    other[1] = (ids[1] + 1) % model.n_vocab;
    const a = encode(model, ids), b = encode(model, other), moved = (d, t) => row(a[d].h, t, a.H).some((v, u) => v !== row(b[d].h, t, a.H)[u]);
    assert.deepEqual([0, 1, T - 1].map((t) => moved("fwd", t)), [false, true, true]);
    assert.deepEqual([0, 1, T - 1].map((t) => moved("bwd", t)), [true, true, false]);
    assert.deepEqual(bidirectional(model.cell, embed(model, ids), T).h, a.h);
  }
});
test("a unit that is held at 0 is 0 at every step, and the others hear of it", () => {
  for (const { packed, ids } of models.filter((m) => m.what === "lstm" && m.ids.length > 3)) {
    const model = openModel(packed), a = encode(model, ids), b = encode(model, ids, { off: new Set([0]) });
    for (let t = 0; t < a.T; t++) assert.deepEqual([row(b.h, t, a.H)[0], row(b.c, t, a.H)[0]], [0, 0]);
    assert.equal(row(a.c, 0, a.H)[1], row(b.c, 0, a.H)[1]);
    assert.notEqual(row(a.c, 3, a.H)[1], row(b.c, 3, a.H)[1]);
  }
});
test("words are cut as in Python, unknown ones are marked", () => {
  for (const { text, tokens } of texts) assert.deepEqual(tokenize(text), tokens, text);
  const find = lookup(["<pad>", "<unk>", "The", "the", "n't"]);
  assert.deepEqual(find(["The", "THE", "witch", "n't", "<unk>"]), { ids: [2, 3, 1, 4, 1], unknown: [false, false, true, false, false] });
});
test("probabilities, the best and the entropy", () => {
  near(probabilities([1000, 1000]), [0.5, 0.5], "p");
  near(probabilities([0, Math.log(2)], 0.5), [0.2, 0.8], "p");
  assert.deepEqual(best([0.1, 0.4, 0.1, 0.4], 3), [[1, 0.4], [3, 0.4], [0, 0.1]]);
  assert.deepEqual(best([1, 2], 5), [[1, 2], [0, 1]]);
  assert.ok(Math.abs(entropy([0.5, 0.5, 0]) - Math.log(2)) < 1e-15);
});
test("what is wrong is said", () => {
  assert.throws(() => openModel({ hash: "1", url: "x" }), /saved state has only their name/);
  assert.throws(() => openCell({}, "encoder."), /expected W_f, W_r or W after “encoder.”/);
  assert.throws(() => openModel({ arrays: { E: { ...one, shape: [1, 3] } } }), /expected 3 numbers for shape 1 × 3, got 2/);
  assert.throws(() => embed(openModel({ arrays: { E: one } }), [2]), /ids from 0 to 1, got 2/);
});
test("E = 32, H = 64, T = 30 takes less than 3 ms, the scores of 2,000 words less than 2", () => {
  const draw = (n) => Float32Array.from({ length: n }, () => Math.random() - 0.5), p = {};
  for (const gate of "fiog") Object.assign(p, { [`W_${gate}`]: { shape: [64, 32], data: draw(2048) }, [`U_${gate}`]: { shape: [64, 64], data: draw(4096) }, [`b_${gate}`]: { shape: [64], data: draw(64) } });
  const cell = openCell(p), x = Float64Array.from(draw(960)), V = { shape: [2000, 64], data: draw(128000) }, times = { cell: [], scores: [] };
  for (let k = 0; k < 120; k++) {
    const start = performance.now(), { h } = sequence(cell, x, 30), middle = performance.now();
    output(V, h, 1);
    times.cell.push(middle - start); times.scores.push(performance.now() - middle);
  }
  const best = (list) => Math.min(...list);
  console.log(`cell ${best(times.cell).toFixed(2)} ms, 2000 scores ${best(times.scores).toFixed(2)} ms`);
  assert.ok(best(times.cell) < 3 && best(times.scores) < 2);
});
