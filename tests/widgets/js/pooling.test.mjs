// The page's poolings against unrolled.scratch; pytest writes the cases.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lookup, openModel, tokenize } from "../../../src/unrolled/widgets/static/_model.mjs";
import { clauses, join, moveClause, POOLS, read, split } from "../../../src/unrolled/widgets/static/pooling.mjs";

const { cases } = JSON.parse(readFileSync(process.env.UNROLLED_FIXTURES, "utf-8"));
const near = (got, expected, what) => { assert.equal(got.length, expected.length, what); got.forEach((v, i) => assert.ok(Math.abs(v - expected[i]) <= 1e-5, `${what}[${i}]: ${v}, expected ${expected[i]}`)); };
cases.forEach(({ weights, text, words, pooled }, n) => {
  const model = openModel(weights);
  for (const pool of POOLS)
    test(`case ${n}, ${model.cell.kind ?? "two ways"}, ${words.length} words: ${pool}`, () => {
      const tokens = split(model.vocabularies.words, text);
      assert.deepEqual(tokens, words);
      const { r, share, y } = read(model, lookup(model.vocabularies.words)(tokens).ids).by[pool], expected = pooled[pool];
      near([...r], expected.r, "r"); near([...share], expected.share.flat(), "share"); near([...y], expected.y, "y");
    });
});
const words = (text) => text.split(" ");
test("clauses are what stands between commas and conjunctions", () => {
  const of = (text) => clauses(words(text)).map((c) => c.words.join(" "));
  assert.deepEqual(of("the plot is thin , but the acting is good ."), ["the plot is thin", "the acting is good"]);
  assert.deepEqual(of(", , ."), []);
  assert.deepEqual(of("good"), ["good"]);
  assert.deepEqual(of("a ; b ; c"), ["a", "b", "c"]);
  assert.deepEqual(clauses([]), []);
});
test("a clause moves, what stands between stays", () => {
  const tokens = words("the plot is thin , but the acting is good .");
  assert.equal(moveClause(tokens, 0, 1).join(" "), "the acting is good , but the plot is thin .");
  assert.deepEqual(moveClause(moveClause(tokens, 0, 1), 1, 0), tokens);
  assert.equal(moveClause(words("a , b c ; d"), 2, 0).join(" "), "d , a ; b c");
  assert.deepEqual(moveClause(words("one only"), 0, 0), words("one only"));
  for (const [from, to] of [[0, 1], [0, 2], [2, 1]]) assert.deepEqual(moveClause(words("a , b c ; d"), from, to).sort(), words("a , b c ; d").sort());
});
test("a joined line is read as the same words", () => {
  for (const line of ["do n't go , it 's bad", "she 'd say : we 're ( not ) here !", "ca n't"]) assert.deepEqual(tokenize(join(words(line))), words(line));
});
test("endings stay with their word where the vocabulary has them so", () => {
  assert.deepEqual(split(["don't", "<unk>"], "Don't go, it's I don't"), ["Don't", "go", ",", "it", "'s", "I", "don't"]);
  assert.deepEqual(split(["do", "n't"], "don't"), ["do", "n't"]);
});
