// The decoder stepper: a target written word by word; log p of it is the sum of its words' (13.30–13.32).
import { button, clip, el, host, mount, num, player, put, renew, scrollTo, stepKeys, stepperBar, svg, write } from "./_kit.mjs";
import { tokenRow } from "./_words.mjs";
import { heatStrip } from "./_strip.mjs";
import { best, lookup, tokenize } from "./_model.mjs";
import { beamSearch, decode, decodeStep, END, likeliest, openTranslator, readSource, refill, scoreOf, START, uniform, UNK } from "./_seq2seq.mjs";
import { drawWord, withTemperature } from "./_sampling.mjs";
import { choice, dial, ending, entry, prediction, presetList, stacked } from "./_panel.mjs";

const TRAITS = ["weights", "text", "target", "mode", "temperature", "seed", "width", "norm", "prefix", "step", "revealed", "question", "guess", "table", "playing", "presets"];
const MOST = 30, MOST_TARGET = 40, UNITS = 10;
const MODES = [["greedy", "greedy"], ["sample", "sample"], ["beam", "beam"], ["teacher", "teacher-forced"]];
const distance = (a, b) => Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0));
const spelled = (words) => words.filter((word) => word !== "</s>").join(" ");

/** All that is shown of a state: the steps written, the beam and the greedy run beside it, and the run without the forced prefix. */
export function writer(packed) {
  const net = openTranslator(packed), { source, target } = net.vocabularies, find = lookup(source), findTarget = lookup(target), at = new Map(target.map((word, i) => [word, i]));
  let key = "", told, read;
  return (s) => {
    if (key !== s.text) {
      key = s.text;
      const words = tokenize(s.text).slice(0, MOST), { ids, unknown } = find(words);
      told = readSource(net, ids); read = { source: words, unknown };
    }
    const given = s.prefix.map((word) => at.get(word) ?? UNK).slice(0, MOST_TARGET), u = uniform(s.seed), forced = (choose) => (y, t) => { const word = choose(y, t); return t < given.length ? given[t] : word; };
    const next = (token, state) => decodeStep(net, told, token, state), most = MOST_TARGET;
    const greedy = decode(net, told, forced(likeliest), most);
    let found;
    const beam = () => (found ??= beamSearch(next, START, END, s.width, most, s.norm, given)); // only who asks for it waits for it
    const teach = tokenize(s.target).slice(0, MOST_TARGET - 1), { ids: truth } = findTarget(teach), fed = [...truth, END];
    const write = {
      greedy: () => greedy, beam: () => { const { tokens } = beam().hypotheses[0]; return decode(net, told, (_, t) => tokens[t], tokens.length); }, teacher: () => decode(net, told, (_, t) => fed[t], fed.length),
      sample: () => decode(net, told, forced((y) => drawWord(withTemperature(y, s.temperature), u())), most),
    };
    const steps = write[s.mode](), free = given.length && s.mode !== "teacher" ? (s.mode === "sample" ? null : decode(net, told, likeliest, most)) : null;
    return { ...read, steps, words: steps.map((now) => target[now.word]), greedy, get beam() { return beam(); }, vocabulary: target, free, n_given: s.mode === "teacher" ? 0 : given.length, unknownTarget: teach.filter((_, t) => truth[t] === UNK) };
  };
}

// ---- the beam's tree: a column a word, a row a rank ------------------------------------------------
function beamTree() {
  const drawing = svg("svg", { class: "tree", role: "img" }), scroll = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "The beam as a tree; arrow keys step" }, drawing);
  return {
    el: scroll, drawing,
    draw({ nodes, hypotheses }, words, step) {
      const path = new Set();
      for (let id = hypotheses[0].node; id >= 0; id = nodes[id].parent) path.add(id);
      const depth = Math.max(...nodes.map((n) => n.length)), columns = Array.from({ length: depth + 1 }, (_, d) => nodes.filter((n) => n.length === d)), place = {};
      let x = 2;
      for (const column of columns) {
        const wide = Math.max(46, ...column.map((n) => 16 + 8.2 * Math.min(14, words[n.word].length)));
        column.forEach((n, row) => { place[n.id] = { x, y: 4 + row * 44, wide }; });
        x += wide + 26;
      }
      const tall = 4 + 44 * Math.max(...columns.map((c) => c.length));
      put(drawing, "width", Math.ceil(x)); put(drawing, "height", tall);
      const edges = nodes.filter((n) => n.parent >= 0).sort((a, b) => path.has(a.id) - path.has(b.id)).map((n) => { const a = place[n.parent], b = place[n.id], x1 = a.x + a.wide, mid = (x1 + b.x) / 2; return svg("path", { class: path.has(n.id) && "best", d: `M${x1} ${a.y + 18}C${mid} ${a.y + 18} ${mid} ${b.y + 18} ${b.x} ${b.y + 18}` }); });
      renew(drawing, ...edges, ...nodes.map((n) => { const p = place[n.id]; return svg("g", { class: `${path.has(n.id) ? "best " : ""}${n.over ? "over" : ""}`, transform: `translate(${p.x} ${p.y})` }, svg("rect", { width: p.wide, height: 36, rx: 4 }), svg("text", { x: p.wide / 2, y: 16, "text-anchor": "middle" }, clip(words[n.word], 14)), svg("text", { class: "lp", x: p.wide / 2, y: 31, "text-anchor": "middle" }, n.length ? num(n.logP) : "0")); }));
      put(drawing, "aria-label", `A beam of ${nodes.length - 1} kept words over ${depth} steps; the best target is marked: ${hypotheses[0].tokens.map((id) => words[id]).join(" ")}.`);
      const here = columns[Math.min(depth, step)]?.[0];
      if (here) scrollTo(scroll, place[here.id].x + 30);
    },
  };
}

// ---- the widget ---------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw), late = {};
  let key = "", now, note = "", workedKey = "";
  const { root, end } = mount(place, "Decoder stepper: a translation, written word by word", () => late.strip?.draw());
  const state = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])), start = state(), run = writer(start.weights);
  const change = (changes) => { note = ""; model.set(changes); };
  const total = () => now?.steps.length ?? 1, stepNow = () => Math.max(1, Math.min(model.get("step"), total()));
  const go = (to, relative) => change({ step: Math.max(1, Math.min(total(), relative ? stepNow() + to : to)), playing: false });
  const clock = player(model, total), play = () => { note = ""; clock.toggle(); };
  const open = { guess: "", revealed: true, playing: false };

  const field = entry("English sentence, up to 30 words", (text) => (tokenize(text).length ? change({ ...open, text, target: "", prefix: [], step: 1, ...(model.get("mode") === "teacher" ? { mode: "greedy" } : {}) }) : say("Type at least one word to translate.", true)));
  const said = el("p", { class: "note", role: "status" }), say = (text, warn) => { put(said, "class", warn ? "note warn" : "note"); write(said, text); said.hidden = !text; };
  const presets = presetList(model, (traits) => change({ ...open, prefix: [], step: 1, ...traits }));
  const reset = button("Reset", () => { change({ ...start, playing: false, table: model.get("table") }); field.update(start.text); note = "Everything is as it was at the start."; }, { class: "quiet" });
  const modes = choice("How it writes", MODES, (mode) => change({ ...open, mode, step: Math.min(model.get("step"), total()) }));
  const warm = dial(el("i", {}, "τ"), "temperature", { min: 0.1, max: 3, step: 0.1, show: (v) => num(v, 1) }, (temperature) => change({ temperature }));
  const seed = button("", () => change({ seed: (model.get("seed") + 1) % 10000 }));
  const width = dial("", "width of the beam", { min: 1, max: 5, step: 1 }, (v) => change({ ...open, width: v }));
  const norm = dial(el("i", {}, "α"), "length normalisation", { min: 0, max: 1.5, step: 0.1, show: (v) => num(v, 1) }, (v) => change({ ...open, norm: v }));
  const teach = entry("Target that the teacher feeds", (target) => change({ target }));
  const controls = el("div", { class: "lineup" }, modes.el, warm.el, seed, width.el, norm.el, el("span", { class: "teach" }, teach.el));
  const row = tokenRow("The target, word by word; the current step is marked", (t) => go(t + 1)), bar = stepperBar(go, play);
  const letGo = button("Let go of the forced words", () => change({ prefix: [] }));
  stepKeys(root, go, total, play);
  const predict = prediction(model, [{
    ask: () => `Predict: greedy decoding writes “${spelled(now.greedy.map((g) => now.vocabulary[g.word]))}”, log p = ${num(now.greedy.at(-1).sum)}. Will a beam of ${model.get("width")} find a target that the model itself finds likelier?`,
    choices: [["yes", "yes, a likelier one"], ["no", "no, greedy has the best"]],
    before: () => { const list = model.get("presets"), i = list.findIndex((p) => p.text === model.get("text")), { name, ...traits } = list[(i + 1) % list.length] ?? {}; return { ...traits, mode: "greedy", prefix: [], norm: 0, step: 1 }; },
    after: { mode: "beam", playing: false },
    truth() {
      const top = likeliestFound(), g = now.greedy.at(-1).sum, more = top.logP - g > 1e-9;
      return [more ? "yes" : "no", more ? `The beam's “${spelled(top.tokens.map((id) => now.vocabulary[id]))}” has log p = ${num(top.logP)}: ${num(Math.exp(top.logP - g), 1)} times as likely as the greedy target. At some step it kept a word that was not the likeliest.` : `The likeliest that the beam finds has log p = ${num(top.logP)}: greedy found as good a one here.`];
    },
  }]);
  const likeliestFound = () => now.beam.hypotheses.reduce((a, b) => (b.logP > a.logP ? b : a));
  const tree = beamTree(), hyps = el("div"), treeBox = el("div", { class: "rule" }, el("p", { class: "title" }, "The beam"), tree.el, hyps);
  const strip = (late.strip = heatStrip(root, { role: "hidden", label: "The decoder's state at every step", pick: (t) => go(Math.max(0, Math.min(total() - 1, t)) + 1), cell: [34, 74], height: 14 }));
  const step = el("div"), stripKey = el("p", { class: "key" }), sumLine = el("p", { class: "line" });
  const worked = el("div", { class: "rule" }, step, sumLine), states = el("div", { class: "rule" }, el("p", { class: "title" }, "The decoder's state"), strip.el, stripKey);
  const foot = ending(model, picture, "decoder");
  root.append(el("div", { class: "words" }, field.el, el("span", { class: "acts" }, presets.el, " ", reset)), said, controls, el("div", { class: "written" }, row.el), bar.el, el("div", { class: "lineup" }, letGo), predict.el, worked, treeBox, states, ...foot.nodes);

  function draw() {
    const s = state(), made = JSON.stringify([s.text, s.mode, s.temperature, s.seed, s.width, s.norm, s.prefix, s.target]);
    if (made !== key) { key = made; now = run(s); }
    const t = stepNow() - 1;
    if (tokenize(field.el.value).length || !field.el.value) field.update(s.text);
    presets.update(s.presets); modes.update(s.mode); teach.update(s.target);
    warm.update(s.temperature); width.update(s.width); norm.update(s.norm); write(seed, `Draw again (${s.seed})`);
    warm.el.hidden = seed.hidden = s.mode !== "sample"; width.el.hidden = norm.el.hidden = s.mode !== "beam"; teach.el.parentNode.hidden = s.mode !== "teacher";
    row.update(now.words, t, now.steps.map((x) => x.word === UNK));
    [...row.el.children].forEach((li, i) => li.firstChild.toggleAttribute("data-forced", i < now.n_given));
    letGo.parentNode.hidden = !now.n_given;
    bar.update(t + 1, total(), s.playing, now.words[t]);
    predict.update();
    notes(s);
    drawStep(s, t);
    treeBox.hidden = s.mode !== "beam";
    if (s.mode === "beam") drawBeam(s, t);
    drawStates(t);
    foot.table(table);
    speak(s, t);
  }
  function notes(s) {
    const n = tokenize(s.text).length, alien = now.source.filter((_, j) => now.unknown[j]), last = now.steps.at(-1).word;
    say([n > MOST && `It reads the first ${MOST} words: ${n - MOST} are left out.`, alien.length && `Not in its vocabulary, read as <unk>: ${[...new Set(alien)].map((w) => clip(w, 20)).join(", ")}.`,
      s.mode === "teacher" && !tokenize(s.target).length && "Type a target for the teacher to feed: a Spanish sentence.", s.mode === "teacher" && now.unknownTarget.length && `Not among the target's words: ${now.unknownTarget.map((w) => clip(w, 20)).join(", ")}.`,
      last !== END && `It stopped after ${total()} words without </s>.`].filter(Boolean).join(" "), false);
  }
  function force(t, id) { change({ ...open, prefix: [...now.words.slice(0, t), now.vocabulary[id]], step: t + 1, ...(model.get("mode") === "teacher" ? { mode: "greedy" } : {}) }); }
  function drawStep(s, t) {
    const { y, word, sum, token } = now.steps[t], before = t ? now.steps[t - 1].sum : 0, drawn = s.mode === "sample" ? withTemperature(y, s.temperature) : null;
    const stepKey = JSON.stringify([key, t]);
    if (stepKey === workedKey) return;
    workedKey = stepKey;
    const ids = best(y, 7).map(([id]) => id);
    if (!ids.includes(word)) ids.push(word);
    const line = (id) => el("tr", { class: id === word && "top" }, el("th", { scope: "row" }, button(clip(now.vocabulary[id], 16), () => force(t, id), { class: "quiet word", "aria-label": `Write ${now.vocabulary[id]} at step ${t + 1}` })),
      el("td", { class: "r-output" }, num(y[id], 3)), el("td", { class: "meter r-output" }, el("i", { style: `width:${(100 * y[id]).toFixed(1)}%` }), drawn && el("i", { style: `width:${(100 * drawn[id]).toFixed(1)}%` })),
      drawn && el("td", {}, num(drawn[id], 3)), el("td", { class: "log" }, num(before + Math.log(y[id]))), el("td", {}, id === word ? (t < now.n_given ? "← forced" : s.mode === "teacher" ? "← the teacher's" : "← written") : ""));
    const fed = t ? `“${clip(now.vocabulary[token], 16)}”` : "<s>";
    refill(step, el("p", { class: "title" }, `Step ${t + 1}: fed ${fed}, it expects`), el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "The likeliest next words" }, el("table", { class: "sums" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "next word"), el("th", { scope: "col" }, "p"), el("td", {}), drawn && el("th", { scope: "col" }, `drawn from, τ = ${num(s.temperature, 1)}`), el("th", { scope: "col" }, "log p so far"), el("td", {}))), el("tbody", {}, ids.map(line)))),
      el("p", { class: "key" }, "Click a word to write that one instead: all that follows depends on it."));
    const terms = now.steps.slice(0, t + 1).map((x) => num(x.logP)), few = terms.length > 6 ? ["…", ...terms.slice(-5)] : terms;
    write(sumLine, `log p so far = ${t ? `${few.join(" + ").replaceAll("+ −", "− ")} = ` : ""}${num(sum)}${s.mode === "teacher" ? `; loss, the mean of −log p: ${num(-sum / (t + 1))} nats a word` : ""}`);
  }
  function drawBeam(s, t) {
    tree.draw(now.beam, now.vocabulary, t + 1);
    const { hypotheses } = now.beam, g = now.greedy, gWords = g.map((x) => now.vocabulary[x.word]), gLog = g.at(-1).sum;
    const line = (name, words, logP, score, top) => el("tr", { class: top && "top" }, el("th", { scope: "row" }, name), el("td", { style: "text-align:left;white-space:normal" }, spelled(words) || "(nothing)"), el("td", {}, num(logP)), el("td", {}, num(score)));
    refill(hyps, el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "The beam's targets beside the greedy one" }, el("table", { class: "sums" }, el("thead", {}, el("tr", {}, el("td", {}), el("th", { scope: "col", style: "text-align:left" }, "target"), el("th", { scope: "col" }, "log p"), el("th", { scope: "col" }, s.norm ? "score" : "score = log p"))),
      el("tbody", {}, hypotheses.map((h, i) => line(String(i + 1), h.tokens.map((id) => now.vocabulary[id]), h.logP, h.score, !i)), line("greedy", gWords, gLog, scoreOf(gLog, g.length, s.norm))))),
      el("p", { class: "key" }, s.norm ? `Ranked by log p / ((5 + length) / 6)^${num(s.norm, 1)}, which is kinder to long targets.` : "Ranked by log p alone, which is kinder to short targets."));
  }
  function drawStates(t) {
    const all = now.steps.map((x) => x.state.h), H = all[0].length, mean = (u) => all.reduce((a, h) => a + h[u], 0) / all.length;
    const spread = Float64Array.from({ length: H }, (_, u) => { const m = mean(u); return all.reduce((a, h) => a + (h[u] - m) ** 2, 0); });
    const units = best(spread, Math.min(UNITS, H)).map(([u]) => u).sort((a, b) => a - b), free = now.free;
    const moved = free && all.map((h, i) => (free[i] ? distance(h, free[i].state.h) / Math.sqrt(H) : 0));
    strip.draw({ values: [...(moved ? [moved] : []), ...units.map((u) => all.map((h) => h[u]))], rows: [...(moved ? ["changed by"] : []), ...units.map((u) => `unit ${u + 1}`)], columns: now.words, current: t });
    const first = moved ? moved.findIndex((d) => d > 1e-9) : -1;
    write(stripKey, moved && first >= 0 ? `“Changed by”: how far each state lies from the one without your words. The first differs at step ${first + 1}; every later one differs too, the last by ${num(moved.at(-1))} a unit.` : `The ${units.length} of ${H} units that vary most, after each word fed; stripes are negative.`);
  }
  function picture() { return stacked(root, model.get("mode") === "beam" ? [tree.drawing] : [stripDrawing()]); }
  function stripDrawing() {
    const w = strip.canvas.clientWidth + 90, drawing = svg("svg", { class: "kept", width: w, height: strip.canvas.clientHeight + 34 }), t = now.words, pitch = strip.canvas.clientWidth / t.length;
    drawing.append(...t.map((word, i) => svg("text", { x: 86 + i * pitch, y: 16 }, clip(word, 8))), ...[...strip.el.querySelectorAll(".names div")].map((n, i) => svg("text", { x: 0, y: 40 + i * 14, class: "lp" }, n.textContent)), strip.svg(86, 28));
    root.append(drawing); // styles are read off the page
    queueMicrotask(() => drawing.remove());
    return drawing;
  }
  function table() {
    return ["The target, a row a step", ["step", "word", "p", "log p so far", "likeliest", "its p"], now.steps.map((x, t) => [String(t + 1), `${clip(now.words[t], 18)}${t < now.n_given ? " (forced)" : ""}`, num(x.y[x.word], 3), num(x.sum), now.vocabulary[likeliest(x.y)], num(Math.max(...x.y), 3)])];
  }
  function speak(s, t) {
    const { y, word, sum } = now.steps[t], first = likeliest(y), name = MODES.find(([m]) => m === s.mode)[1];
    foot.say(`${note ? `${note} ` : ""}${name}: ${spelled(now.words) || "nothing"}, log p ${num(now.steps.at(-1).sum)}. Step ${t + 1} of ${total()}: “${clip(now.words[t], 18)}”${t < now.n_given ? ", forced" : ""}, p ${num(y[word])}${first === word ? ", the likeliest" : `; the likeliest is “${now.vocabulary[first]}”, ${num(y[first])}`}; log p so far ${num(sum)}.`, s.playing);
  }

  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); strip.end(); model.end(); end(); };
}
export default { render };
