// The LSTM gate explorer: all gates of all units at every word, (13.20)–(13.27), or (7a)–(7d) of a GRU, and what a unit is good for.
import { button, clip, dataTable, decodeF16, el, focused, frozen, host, mount, num, player, put, renew, savePNG, saveSVG, stepKeys, stepperBar, summary, svg, symbol, token, write } from "./_kit.mjs";
import { tokenRow } from "./_words.mjs";
import { lineChart, sample } from "./_chart.mjs";
import { best, encode, lookup, openModel, outputAt, probabilities, tokenize } from "./_model.mjs";
import { heatmap } from "./_heat.mjs";

const TRAITS = ["text", "step", "unit", "off", "sort", "watch", "revealed", "guess", "playing", "table", "presets", "weights", "trace_data", "tokens"];
const KEPT_AT_START = ["text", "step", "unit", "off", "sort", "watch", "revealed", "guess"];
const MOST = 400, MOST_EFFECT = 60;
const LOOK = {
  f: ["gate", null, "forget gate"], i: ["gate", "7 3", "input gate"], o: ["gate", "2 3", "output gate"],
  g: ["input", "7 3", "candidate"], c: ["cell", null, "cell"], h: ["hidden", null, "hidden state"],
  r: ["gate", "7 3", "reset gate"], z: ["gate", null, "update gate"], n: ["input", "7 3", "candidate"],
};
const ORDER = { lstm: "ifogch", gru: "rznh", rnn: "h" }, SIGNED = "gchn", STRONG = "fczh";
const SORTS = [["number", "as numbered"], ["moves", "most change first"], ["keeps", "longest memory first"], ["effect", "largest effect first"]];

// ---- what can be computed without a page ----------------------------------------------------------
/** Arrays that came from Python: every letter as Float64Array (T·H), k and j of an LSTM made from them. */
export function openTrace({ kind, shape: [T, H], ...letters }) {
  const run = { kind, T, H };
  for (const letter of ORDER[kind]) run[letter] = Float64Array.from(decodeF16(letters[letter]));
  if (kind === "lstm") {
    run.j = run.g.map((g, n) => g * run.i[n]); // (13.24)
    run.k = run.f.map((f, n) => (n < H ? run.c[n] - run.j[n] : f * run.c[n - H])); // (13.21); what came before the first step shows in c_1 alone
  }
  return run;
}
/** Units in the order asked for; ties stay as numbered. */
export function sorted(run, sort, effects) {
  const { T, H } = run, units = Array.from({ length: H }, (_, u) => u);
  if (sort === "number") return units;
  const column = (letter, u) => Array.from({ length: T }, (_, t) => run[letter][t * H + u]), mean = (v) => v.reduce((a, b) => a + b, 0) / T;
  const memory = run.f ? "c" : "h", keep = run.f ? "f" : run.z ? "z" : null;
  const score = sort === "effect" && effects ? effects : units.map((u) => {
    if (sort === "keeps" && keep) return mean(column(keep, u));
    const v = column(memory, u), m = mean(v);
    return mean(v.map((x) => (x - m) ** 2));
  });
  return units.sort((a, b) => Math.abs(score[b]) - Math.abs(score[a]) || a - b);
}
/** How far each unit, held at 0 from the start, moves the log-odds of two outputs (or the log-probability of the likeliest) at step t, in nats. */
export function effectsOf(model, ids, t, pair, off = []) {
  const read = (set) => {
    const p = probabilities(outputAt(model, encode(model, ids.slice(0, t + 1), { off: set }), t));
    return pair ? Math.log(p[pair[0]] / p[pair[1]]) : Math.log(p[likeliest ?? (likeliest = best(p, 1)[0][0])]);
  };
  let likeliest;
  const base = read(new Set(off)), H = model.cell.H;
  return Array.from({ length: H }, (_, u) => read(new Set([...off, u])) - base);
}
/** The memory of unit u before step t (from 0): c, or h where there is none.  What came before the first step follows from that step. */
export function before(run, t, u) {
  const { kind, H } = run, v = (letter, s = t) => run[letter][s * H + u];
  if (kind === "lstm") return t ? v("c", t - 1) : v("f") > 1e-3 ? v("k") / v("f") : 0;
  if (t || kind === "rnn") return t ? v("h", t - 1) : 0;
  return v("z") > 1e-3 ? (v("h") - (1 - v("z")) * v("n")) / v("z") : 0;
}
/** The lines of one unit's step: [letter, equation, [pieces], value]. */
export function arithmetic(run, t, u) {
  const { kind, H } = run, at = (letter) => run[letter][t * H + u], past = before(run, t, u), paren = (v) => (num(v)[0] === "−" ? `(${num(v)})` : num(v));
  const far = (a) => (Number.isFinite(a) ? num(a) : a < 0 ? "−∞" : "∞"), logit = (p) => far(Math.log(p / (1 - p))), atanh = (v) => far(Math.atanh(v)); // float16 rounds 0.9999 to 1
  const gate = (letter, number) => [letter, number, ["σ(", logit(at(letter)), ")"], at(letter)], squash = (letter, number) => [letter, number, ["tanh(", atanh(at(letter)), ")"], at(letter)];
  if (kind === "rnn") return [squash("h", "13.1")];
  if (kind === "gru") return [gate("r", "7a"), gate("z", "7b"), squash("n", "7c"), ["h", "7d", [`(1 − ${num(at("z"))})·${paren(at("n"))} + ${num(at("z"))}·${paren(past)}`], at("h")]];
  return [
    gate("f", "13.20"), ["k", "13.21", [`${paren(past)}·${num(at("f"))}`], at("k")], squash("g", "13.22"), gate("i", "13.23"), ["j", "13.24", [`${paren(at("g"))}·${num(at("i"))}`], at("j")],
    ["c", "13.25", [`${paren(at("j"))} + ${paren(at("k"))}`], at("c")], gate("o", "13.26"), ["h", "13.27", [`${num(at("o"))}·tanh(${num(at("c"))})`], at("h")],
  ];
}
const MEANS = { f: "forget", k: "kept of the cell before", g: "candidate", i: "input", j: "added", c: "the cell now", o: "output", h: "shown", r: "reset", z: "update", n: "candidate" };
/** The names of a model's outputs: its words, its tags, or numbers. */
export function outputNames(model) {
  const K = model.V.shape[0];
  return Object.values(model.vocabularies).find((names) => names.length === K) ?? Array.from({ length: K }, (_, k) => `class ${k + 1}`);
}
/** The words as this model reads them: <s> first for a language model. */
export function reader(model) {
  const words = model.vocabularies.words, find = lookup(words), first = outputNames(model) === words && words.includes("<s>");
  return (text) => {
    const tokens = tokenize(text), { ids, unknown } = find(tokens);
    return first ? { tokens: ["<s>", ...tokens], ids: [words.indexOf("<s>"), ...ids], unknown: [false, ...unknown] } : { tokens, ids, unknown };
  };
}
const percent = (p) => (p >= 0.0995 ? `${(100 * p).toFixed(0)} %` : p >= 0.001 ? `${(100 * p).toFixed(1)} %` : "< 0.1 %");

// ---- the widget -----------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw), get = model.get, own = !!get("trace_data")?.kind;
  const { root, end } = mount(place, own ? "Gates of a recurrent network at every word" : "LSTM gate explorer: type a sentence, watch every gate", () => chart && draw(true));
  const start = Object.fromEntries(KEPT_AT_START.map((key) => [key, get(key)]));
  var chart;
  let askedAt = "", net, read, names, arrays = null, run, base, order, effects, over = null, note = "", tooMany = "", seen = {}, maps = [];

  // ---- what is computed ----
  /** true where it is new */
  const fresh = (name, ...key) => { const old = seen[name]; seen[name] = key; return !old || key.some((v, i) => v !== old[i]); };
  function compute() {
    let moved = false;
    if (own) {
      if (fresh("net", get("trace_data"))) { run = base = openTrace(get("trace_data")); moved = true; }
      arrays = { tokens: get("tokens"), unknown: [] };
    } else {
      if (fresh("net", get("weights"))) { net = openModel(get("weights")); read = reader(net); names = outputNames(net); seen.text = null; }
      if (fresh("text", get("text"))) {
        const next = read(get("text"));
        if (next.tokens.length && next.tokens.length <= MOST) { arrays = next; base = encode(net, arrays.ids); moved = true; }
      }
      const off = get("off").join();
      if (fresh("run", base, off)) { run = off ? encode(net, arrays.ids, { off: new Set(get("off")) }) : base; moved = true; }
    }
    const byEffect = get("sort") === "effect" && canEffect();
    if (fresh("order", run, get("sort"), byEffect && step(), get("watch").join())) {
      if (byEffect) findEffects();
      order = sorted(run, get("sort"), byEffect ? effects : null);
      moved = true;
    }
    return moved;
  }
  const pair = () => { const w = get("watch").map((word) => names?.indexOf(word) ?? -1); return w.length === 2 && w.every((k) => k >= 0) ? w : null; };
  const canEffect = () => !own && run.T <= MOST_EFFECT;
  function findEffects() { if (fresh("effects", base, step(), get("watch").join())) effects = effectsOf(net, arrays.ids, step() - 1, pair()); return effects; }
  const total = () => run.T, step = () => Math.max(1, Math.min(get("step"), run.T)), unit = () => Math.max(0, Math.min(get("unit"), run.H - 1));

  // ---- acts ----
  const change = (changes) => { note = ""; model.set(changes); };
  const go = (to, relative) => change({ step: Math.max(1, Math.min(total(), relative ? step() + to : to)), playing: false });
  const clock = player(model, () => total(), () => Math.max(60, Math.min(700, 9000 / total())));
  const play = () => clock.toggle();
  const toggleOff = () => { const u = unit(), off = get("off"); change({ off: off.includes(u) ? off.filter((v) => v !== u) : [...off, u].sort((a, b) => a - b), revealed: true }); };
  function type(text) {
    const n = read(text).tokens.length, least = read("").tokens.length;
    tooMany = n <= least ? "Type at least one word." : n > MOST ? `At most ${MOST} words; this has ${n}.` : "";
    if (tooMany) return model.redraw();
    change({ text, step: Math.min(get("step"), n), guess: "", revealed: true, playing: false });
  }
  root.addEventListener("keydown", (e) => {
    if (!["ArrowUp", "ArrowDown"].includes(e.key) || e.target.matches("input,select,textarea") || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault(); e.stopPropagation();
    const at = order.indexOf(unit()) + (e.key === "ArrowUp" ? -1 : 1);
    change({ unit: order[Math.max(0, Math.min(run.H - 1, at))] });
  });

  // ---- parts ----
  const row1 = tokenRow("Words; the current step is marked", (i) => go(i + 1)), bar = stepperBar(go, play);
  const input = own ? null : el("input", { type: "text", "aria-label": "Your sentence", maxlength: 4000, spellcheck: "false", oninput: () => type(input.value) });
  const preset = el("select", { "aria-label": "Presets", onchange: () => { const { name: _, ...p } = get("presets")[preset.value] ?? {}; if (own) change({ guess: "", playing: false, ...p }); else if (p.text) { tooMany = ""; change({ text: p.text, step: p.step, guess: "", revealed: get("watch").length !== 2, off: [], playing: false }); } } });
  const reset = button("Reset", () => { tooMany = ""; change({ ...start, playing: false }); note = "Everything is as it was at the start."; }, { class: "quiet" });
  const hint = el("p", { class: "hint" });
  const ask = el("span", { class: "ask" }), verdict = el("span", { role: "status" }), ways = el("span"), skip = button("Just show me", () => change({ revealed: true, guess: "" }), { class: "quiet" });
  const again = button("Predict", () => change({ revealed: false, guess: "", playing: false }), { class: "quiet" });
  const predict = el("div", { class: "predict" }, ask, ways, skip, verdict, own ? again : ""), next = el("div", { class: "next" });
  const sort = el("select", { "aria-label": "Order of the units", onchange: () => change({ sort: sort.value }) }, SORTS.filter(([key]) => !own || key !== "effect").map(([key, text]) => el("option", { value: key }, text)));
  const found = own ? null : button("Find the unit with the largest effect", () => { findEffects(); const top = sorted(run, "effect", effects)[0]; change({ unit: top, sort: "effect", revealed: true }); });
  const reading = el("span", { class: "read", "aria-hidden": true }), key = el("p", { class: "hint" }), grid = el("div", { class: "maps" });
  const which = el("input", { type: "number", min: 0, step: 1, "aria-label": "Unit", onchange: () => { const u = Math.round(Number(which.value)); if (Number.isFinite(u)) change({ unit: Math.max(0, Math.min(run.H - 1, u)) }); } });
  const switcher = own ? null : button("", toggleOff), allOn = own ? null : button("Switch all on", () => change({ off: [] }), { class: "quiet" }), isOff = el("span", { class: "hint" });
  chart = lineChart(root, { label: "The unit's gates and states by word", title: "step t", height: 150, least: 9, pick: (t) => change({ step: t, playing: false }), hover: (t) => point(t, t ? unit() : -1) });
  const legend = el("ul", { class: "legend" }), sums = el("table", { class: "sums" }), caption = el("caption"), lines = el("tbody");
  sums.append(caption, lines);
  const say = summary(), tableBox = el("div", { class: "tablebox" }), tableButton = button("", () => change({ table: !get("table") }), { class: "quiet" });
  root.append(
    el("div", { class: "head" }, input ?? "", preset, reset), row1.el, hint, bar.el, predict, ...(own ? [] : [next]),
    el("div", { class: "sortline" }, el("label", {}, "Units, ", sort), found ?? "", reading), grid, key,
    el("div", { class: "unitline" }, el("label", {}, "Unit ", which), switcher ?? "", allOn ?? "", isOff), legend, chart.el,
    el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "The arithmetic of this unit at this step" }, sums), tableBox,
    el("div", { class: "foot" }, say.el, el("span", { class: "tools" }, tableButton, button("SVG", () => saveSVG(picture(), "gates"), { class: "quiet", "aria-label": "Save the drawing as SVG" }), button("PNG", () => savePNG(picture(), "gates"), { class: "quiet", "aria-label": "Save the drawing as PNG" }))));
  stepKeys(root, go, total, play);
  // anybody's arrays: the gates show, the memory that follows from them hides until the reader has said where it goes
  const asks = () => own && run.kind !== "rnn", secret = () => (asks() && !get("revealed") ? (run.kind === "lstm" ? "ch" : "h") : "");
  const seenMaps = () => maps.filter((m) => !secret().includes(m.letter));

  // ---- drawing ----
  function build() { // the maps that this kind of cell has
    if (!fresh("maps", run.kind)) return;
    maps.forEach((m) => m.map.end());
    maps = [...ORDER[run.kind]].map((letter) => {
      const [role, , text] = LOOK[letter], map = heatmap(root, { label: text, pick: (t, u) => change({ step: t, unit: u, playing: false }), hover: (t, u) => point(t, u, letter) });
      return { letter, role, text, map, el: el("figure", { class: `heat r-${role}` }, el("figcaption", {}, symbol(`${letter}_t`), " ", text), map.el) };
    });
    grid.replaceChildren(...maps.map((m) => m.el));
    write(key, `One row a unit, one column a word: the paper is 0, full colour is 1. Grey is negative${run.c ? "; the cell's colours go as far as its largest value" : ""}.`);
    grid.classList.toggle("one", maps.length === 1);
    legend.replaceChildren(...maps.map(({ letter, role, text }) => el("li", { title: text }, sample({ role, dash: LOOK[letter][1], strong: STRONG.includes(letter) }), symbol(`${letter}_t`))));
  }
  const peakOf = (letter) => (letter === "c" ? Math.max(1, run.c.reduce((m, v) => Math.max(m, Math.abs(v)), 0)) : 1);
  function draw(theme) {
    const moved = [compute(), theme === true, fresh("secret", secret())].some(Boolean), t = step(), u = unit(), tokens = arrays.tokens;
    build();
    maps.forEach((m) => { m.el.hidden = secret().includes(m.letter); });
    [...legend.children].forEach((li, k) => { li.hidden = secret().includes(maps[k].letter); });
    sums.parentNode.hidden = !!secret();
    row1.update(tokens, t - 1, arrays.unknown);
    bar.update(t, run.T, get("playing"), tokens[t - 1]);
    if (moved) for (const { letter, role, text, map } of maps) {
      map.draw({ values: run[letter], T: run.T, H: run.H, order, role, peak: peakOf(letter), words: tokens });
      map.say(`${text}: ${run.T} words by ${run.H} units, ${SIGNED.includes(letter) ? `from ${num(-peakOf(letter), 1)} to ${num(peakOf(letter), 1)}` : "from 0 to 1"}`);
    }
    const at = order.indexOf(u);
    maps.forEach(({ map }) => map.mark(t, at));
    if (fresh("curves", run, u) || moved) curves(u);
    chart.mark(t);
    drawControls(t, u);
    drawSums(t, u);
    drawTable(u);
    if (!own) drawNext(t);
    over = null;
    speak(t, u);
  }
  function curves(u) {
    const series = seenMaps().map(({ letter, role }) => ({ role, dash: LOOK[letter][1], strong: STRONG.includes(letter), values: Array.from({ length: run.T }, (_, t) => run[letter][t * run.H + u]) }));
    const all = series.flatMap((s) => s.values), low = Math.min(run.kind === "lstm" ? 0 : -1, Math.floor(Math.min(...all) * 2) / 2), high = Math.max(1, Math.ceil(Math.max(...all) * 2) / 2);
    chart.draw({ n: run.T, low: Math.min(low, -0.5), high, series, below: { room: 4 }, words: arrays.tokens.map((w) => clip(w, 8)) });
    put(chart.drawing, "aria-label", `Unit ${u} at each of ${run.T} words: ${seenMaps().map((m) => m.letter).join(", ")}.`);
  }
  /** What the mouse is over: nothing is drawn but the cursor and a line of text. */
  function point(t, u, letter) {
    if (!t) { over = null; write(reading, ""); return; }
    over = [t, u];
    write(reading, `${clip(arrays.tokens[t - 1], 14)}, unit ${u}: ${(letter ? [letter] : seenMaps().map((m) => m.letter)).map((x) => `${x} = ${num(run[x][(t - 1) * run.H + u])}`).join(", ")}`);
  }
  function drawControls(t, u) {
    if (input && input !== focused(root)) input.value = get("text");
    if (fresh("presets", JSON.stringify(get("presets")))) preset.replaceChildren(el("option", { value: "" }, "Presets …"), ...get("presets").map((p, i) => el("option", { value: i }, p.name)));
    preset.value = "";
    preset.hidden = !get("presets").length;
    const strange = arrays.tokens.filter((_, i) => arrays.unknown[i]);
    put(hint, "class", tooMany ? "hint bad" : "hint");
    write(hint, tooMany || (strange.length ? `Not in its vocabulary, read as <unk>: ${clip([...new Set(strange)].join(", "), 80)}.` : ""));
    hint.hidden = !hint.textContent;
    if (input) put(input, "aria-invalid", !!tooMany);
    sort.value = get("sort");
    which.value = u; put(which, "max", run.H - 1);
    const off = get("off");
    if (own) return drawOwnPredict(t, u);
    found.hidden = !canEffect();
    sort.lastChild.disabled = !canEffect();
    write(switcher, off.includes(u) ? `Switch unit ${u} on` : `Switch unit ${u} off`);
    put(switcher, "aria-pressed", off.includes(u));
    allOn.hidden = !off.length;
    write(isOff, off.length ? `off: ${clip(off.join(", "), 40)}` : "");
    drawPredict(t);
  }
  const chances = (r, t) => probabilities(outputAt(net, r, t - 1));
  function drawPredict(t) {
    const two = pair(), open = two && !get("revealed"), [a, b] = get("watch"), guess = get("guess");
    for (const node of [ask, ways, skip]) node.hidden = !open;
    if (open) {
      write(ask, `Predict: after “${clip(arrays.tokens[t - 1], 14)}”, which will it find likelier?`);
      if (fresh("ways", a, b)) ways.replaceChildren(...[a, b].map((word) => button(word, () => change({ guess: word, revealed: true }))), " ");
      return write(verdict, "");
    }
    if (!two || !guess) return write(verdict, "");
    const p = chances(base, t), truth = p[two[0]] >= p[two[1]] ? a : b, yes = truth === guess;
    put(verdict, "class", yes ? "good" : "bad");
    write(verdict, `${yes ? "Yes." : "Not yet."} ${a} ${percent(p[two[0]])}, ${b} ${percent(p[two[1]])}. Which unit remembers?`);
  }
  function drawOwnPredict(t, u) {
    predict.hidden = !asks();
    if (predict.hidden) return;
    const open = !get("revealed"), guess = get("guess"), memory = run.kind === "lstm" ? "cell" : "hidden state";
    for (const node of [ask, ways, skip]) node.hidden = !open;
    again.hidden = open;
    if (open) {
      write(ask, `Predict from the gates: at “${clip(arrays.tokens[t - 1], 14)}”, the ${memory} of unit ${u}`);
      if (!ways.childElementCount) ways.replaceChildren(...Object.entries({ rises: "rises", stays: "stays within 0.1", falls: "falls" }).map(([key, text]) => button(text, () => change({ guess: key, revealed: true }))), " ");
      askedAt = "";
      return write(verdict, "");
    }
    askedAt ||= `${t} ${u}`;
    if (!guess || askedAt !== `${t} ${u}`) return write(verdict, ""); // it was about another place
    const past = before(run, t - 1, u), v = run[run.kind === "lstm" ? "c" : "h"][(t - 1) * run.H + u], truth = Math.abs(v - past) <= 0.1 ? "stays" : v > past ? "rises" : "falls";
    put(verdict, "class", truth === guess ? "good" : "bad");
    write(verdict, `${truth === guess ? "Yes." : "Not yet."} It goes from ${num(past)} to ${num(v)}. `);
  }
  function drawNext(t) {
    const hidden = pair() && !get("revealed"), off = get("off"), p = chances(run, t), q = off.length ? chances(base, t) : null;
    next.hidden = !!hidden;
    if (hidden) return;
    const watch = get("watch").map((word) => names.indexOf(word)).filter((k) => k >= 0);
    const rows = [...watch, ...best(p, watch.length ? 4 : 6).map(([k]) => k).filter((k) => !watch.includes(k))];
    const bits = [el("div", { class: "cap" }, `${names === net.vocabularies.words ? "The next word" : "What it says"} after “${clip(arrays.tokens[t - 1], 14)}”${q ? `, unit${off.length > 1 ? "s" : ""} ${clip(off.join(", "), 24)} off; the empty bars: all units on` : ""}`)];
    for (const k of rows) bits.push(
      el("span", { class: watch.includes(k) ? "word seen" : "word" }, clip(names[k], 16)),
      el("span", { class: q ? "lane two" : "lane" }, q && el("i", { class: "was", style: `width:${(100 * q[k]).toFixed(2)}%` }), el("i", { style: `width:${(100 * p[k]).toFixed(2)}%` })),
      el("span", { class: "p" }, q ? `${percent(q[k])} → ${percent(p[k])}` : percent(p[k])));
    renew(next, ...bits);
  }
  /** A link to the equation where the page has it, else its number. */
  const numbered = (number) => {
    const id = `equation-eq-${/^\d+\./.test(number) ? number.replace(".", "-") : `ch0${number[0]}-${number[1]}`}`;
    return document.getElementById(id) ? el("a", { href: `#${id}` }, `(${number})`) : `(${number})`;
  };
  function drawSums(t, u) {
    write(caption, `Unit ${u} at step ${t}, “${clip(arrays.tokens[t - 1], 18)}”${get("off").includes(u) ? ", switched off" : ""}`);
    renew(lines, ...arithmetic(run, t - 1, u).map(([letter, number, pieces, value]) => el("tr", { class: `r-${{ k: "cell", j: "cell" }[letter] ?? LOOK[letter][0]}` },
      el("td", { class: "sym" }, symbol(`${letter}_t`)), el("td", {}, "= ", pieces), el("td", { class: "res" }, "= ", num(get("off").includes(u) && "ch".includes(letter) ? 0 : value)), el("td", { class: "what" }, MEANS[letter]), el("td", { class: "no" }, numbered(number)))));
  }
  function drawTable(u) {
    write(tableButton, get("table") ? "Hide table" : "Table");
    put(tableButton, "aria-pressed", get("table"));
    tableBox.hidden = !get("table");
    if (!get("table") || !fresh("table", run, u, secret())) return;
    const letters = seenMaps().map((m) => m.letter);
    tableBox.replaceChildren(dataTable(`Unit ${u} at every word`, ["step", ...letters.map((x) => symbol(`${x}_t`))], arrays.tokens.map((w, t) => [`${t + 1}. ${clip(w, 18)}`, ...letters.map((x) => num(run[x][t * run.H + u], 3))])));
  }
  function speak(t, u) {
    const at = (letter) => (secret().includes(letter) ? "?" : num(run[letter][(t - 1) * run.H + u])), past = secret() ? "?" : num(before(run, t - 1, u)), word = clip(arrays.tokens[t - 1], 20);
    const what = run.kind === "lstm" ? `forget gate ${at("f")}, input gate ${at("i")}, output gate ${at("o")}; its cell goes from ${past} to ${at("c")}` : run.kind === "gru" ? `update gate ${at("z")}, reset gate ${at("r")}; h goes from ${past} to ${at("h")}` : `h goes from ${past} to ${at("h")}`;
    let after = "";
    if (!own && (get("revealed") || !pair())) { const p = chances(run, t), two = pair(); after = two ? ` Next: ${get("watch").map((w, k) => `${w} ${percent(p[two[k]])}`).join(", ")}.` : ` Likeliest: ${names[best(p, 1)[0][0]]}, ${percent(best(p, 1)[0][1])}.`; }
    say.say(`${note ? `${note} ` : ""}Step ${t} of ${run.T}, “${word}”. Unit ${u}${get("off").includes(u) ? ", switched off" : ""}: ${what}.${after}`, get("playing"));
  }
  /** The curves, with all maps below them. */
  function picture() {
    const g = svg("g", {}), pad = 16, W = 250, rows = Math.ceil(seenMaps().length / 3), text = (x, y, words) => svg("text", { x, y, "font-family": "sans-serif", "font-size": 13, fill: token(root, "ink") }, words);
    const top = chart.drawing.height.baseVal.value + 20, tall = 200;
    seenMaps().forEach(({ letter, text: words, map }, k) => {
      const x = pad + (k % 3) * (W + pad), y = top + Math.floor(k / 3) * (tall + 34);
      g.append(text(x, y + 12, `${letter}: ${words}`), svg("image", { x, y: y + 20, width: W, height: tall, preserveAspectRatio: "none", style: "image-rendering:pixelated", href: map.canvas.toDataURL() }));
    });
    g.append(text(pad, top + rows * (tall + 34) + 14, `Unit ${unit()} above; rows below are units. ${clip(arrays.tokens.join(" "), 90)}`));
    return frozen(chart.drawing, { node: g, width: 3 * (W + pad) + pad, height: top + rows * (tall + 34) + 26 });
  }

  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); chart.end(); maps.forEach((m) => m.map.end()); model.end(); end(); };
}
export default { render };
