// The left/right context explorer: one word changes; which of →h (13.16) and ←h (13.17) hear of it, and which tagger changes its mind.
import { button, clip, el, focused, frozen, host, mount, num, put, scrollTo, stepKeys, svg, write } from "./_kit.mjs";
import { tokenRow } from "./_words.mjs";
import { best, encode, lookup, openModel, outputAt, probabilities, row, tokenize } from "./_model.mjs";
import { ending, entry, equation, prediction, presetList } from "./_panel.mjs";

const TRAITS = ["text", "place", "swap", "word", "revealed", "guess", "question", "table", "presets", "one", "both"];
const KEPT_AT_START = ["text", "place", "swap", "word", "revealed", "guess", "question"];
const MOST = 60, PITCH = 64;

/** How far two states of the same network are apart at each word: the length of their difference, over √H, so that 0 is none and 2 the most. */
export function apart(a, b, T, H) {
  return Array.from({ length: T }, (_, t) => {
    const u = row(a, t, H), v = row(b, t, H);
    return Math.sqrt(u.reduce((sum, x, k) => sum + (x - v[k]) ** 2, 0) / H);
  });
}
/** Everything that is shown: both sentences read by both networks; `seen` keeps what was read, since mostly one of them is the same as before. */
export function compare({ one, both, seen = new Map() }, { text, place, swap, word }) {
  const find = lookup(both.vocabularies.words), tokens = tokenize(text), at = place - 1, other = tokenize(swap)[0] ?? tokens[at];
  const changed = tokens.map((w, t) => (t === at ? other : w)), T = tokens.length;
  const runs = [tokens, changed].map((words) => {
    const { ids, unknown } = find(words), key = ids.join();
    if (!seen.has(key)) seen.set(key, { one: encode(one, ids), both: encode(both, ids) });
    return { unknown, ...seen.get(key) };
  });
  if (seen.size > 8) seen.clear();
  const p = (name) => runs.map((r) => probabilities(outputAt({ one, both }[name], r[name], word - 1)));
  const H = runs[0].both.H, away = (side) => apart(runs[0].both[side].h, runs[1].both[side].h, T, H);
  return { tokens, changed, T, same: other === tokens[at], unknown: runs[0].unknown, unknownNew: runs[1].unknown[at], right: away("fwd"), left: away("bwd"), tags: { one: p("one"), both: p("both") } };
}
const percent = (p) => (p >= 0.0995 ? `${(100 * p).toFixed(0)} %` : p >= 0.001 ? `${(100 * p).toFixed(1)} %` : "< 0.1 %");
const TITLES = { one: "Reads from the left only", both: "Reads from both sides" };
const top = (p, names) => names[best(p, 1)[0][0]];

function render({ model: given, el: place }) {
  const model = host(given, draw), get = model.get;
  const { root, end } = mount(place, "Left and right context: change a word, see who hears of it", () => {});
  const start = Object.fromEntries(KEPT_AT_START.map((key) => [key, get(key)]));
  let nets, tags, from = [], c, tooMany = "", note = "";
  const state = () => Object.fromEntries(TRAITS.map((key) => [key, get(key)]));
  const change = (changes) => { note = ""; model.set(changes); };
  function compute() {
    if (from[0] !== get("one") || from[1] !== get("both")) { from = [get("one"), get("both")]; nets = { one: openModel(from[0]), both: openModel(from[1]), seen: new Map() }; tags = nets.both.vocabularies.tags; }
    const s = state(), T = tokenize(s.text).length;
    if (T) c = compare(nets, { ...s, place: Math.max(1, Math.min(s.place, T)), word: Math.max(1, Math.min(s.word, T)) });
  }
  const at = (key) => Math.max(1, Math.min(get(key), c.T));
  const go = (to, relative) => change({ word: Math.max(1, Math.min(c.T, relative ? at("word") + to : to)) });
  function type(text) {
    const T = tokenize(text).length;
    tooMany = T < 1 ? "Type at least one word." : T > MOST ? `At most ${MOST} words; this has ${T}.` : "";
    if (tooMany) return model.redraw();
    change({ text, place: Math.min(at("place"), T), word: Math.min(at("word"), T), guess: "", revealed: true });
  }

  // ---- parts ----
  const input = entry("Your sentence", type, 600), presets = presetList(model, (traits) => { tooMany = ""; change({ ...traits, guess: "", revealed: false }); });
  const reset = button("Reset", () => { tooMany = ""; change(start); note = "Everything is as it was at the start."; }, { class: "quiet" });
  const words = tokenRow("Words; press one to read its tag", (i) => change({ word: i + 1 })), hint = el("p", { class: "note" });
  const which = el("select", { "aria-label": "Word to change", onchange: () => change({ place: Number(which.value), swap: "", guess: "", revealed: true }) });
  const into = entry("becomes", (swap) => change({ swap, revealed: true, guess: "" }), 40), back = button("Swap back", () => change({ swap: "" }), { class: "quiet" });
  const flipped = () => ["one", "both"].map((name) => top(c.tags[name][0], tags) !== top(c.tags[name][1], tags));
  const asked = prediction(model, [{
    ask: () => `Predict: “${c.tokens[at("place") - 1]}” becomes “${c.changed[at("place") - 1]}”. Which tagger can change its mind about “${c.tokens[at("word") - 1]}”?`,
    choices: [["one", "the left-to-right one"], ["both", "the two-way one"], ["all", "both"], ["none", "neither"]],
    before: () => { const list = get("presets"), now = list.findIndex((p) => p.text === get("text") && p.place === get("place")), { name, ...traits } = list[(now + 1) % list.length]; return traits; },
    after: {},
    truth: () => {
      const before = at("word") > at("place"), self = at("word") === at("place"), [one, both] = flipped(), told = `Its tag ${one ? "changes" : "stays"} from the left and ${both ? "changes" : "stays"} from both sides.`;
      if (c.same) return ["none", "Nothing has changed."];
      if (self || before) return ["all", `The change is ${self ? "this word itself" : "to its left"}: every reader has seen it. ${told}`];
      return ["both", `The change is to its right, and →h cannot know of it. ${told}`];
    },
  }]);
  const drawing = svg("svg", { class: "draw", role: "img" }), strip = el("div", { class: "scroll pair", tabindex: 0, role: "group", "aria-label": "How much each state changed; arrow keys go to another word" }, drawing);
  const panels = Object.fromEntries(["one", "both"].map((name) => [name, el("div")])), key = el("p", { class: "key" });
  const foot = ending(model, () => frozen(drawing), "context");
  root.append(el("div", { class: "words" }, input.el, el("span", { class: "acts" }, presets.el, reset)), words.el, hint,
    el("div", { class: "swapline" }, el("label", {}, "Change ", which), el("label", {}, "to ", into.el), back), asked.el, strip, key,
    el("div", { class: "tags" }, panels.one, panels.both), ...foot.nodes);
  stepKeys(root, go, () => c.T, () => {});
  drawing.addEventListener("click", (e) => { const t = Math.floor((e.clientX - drawing.getBoundingClientRect().left - 54) / PITCH) + 1; if (t >= 1 && t <= c.T) change({ word: t }); });

  // ---- drawing ----
  function draw() {
    compute();
    const s = state(), w = at("word"), p = at("place");
    if (focused(root) !== input.el) input.update(s.text);
    presets.update(s.presets);
    put(input.el, "aria-invalid", !!tooMany);
    words.update(c.tokens, w - 1, c.unknown);
    const strange = [...c.tokens.filter((_, t) => c.unknown[t]), ...(c.unknownNew && !c.same ? [c.changed[p - 1]] : [])];
    put(hint, "class", tooMany ? "note warn" : "note");
    write(hint, tooMany || (strange.length ? `Not in its vocabulary, read as <unk>: ${clip([...new Set(strange)].join(", "), 80)}.` : ""));
    hint.hidden = !hint.textContent;
    const list = JSON.stringify(c.tokens);
    if (which.dataset.key !== list) { which.dataset.key = list; which.replaceChildren(...c.tokens.map((word, t) => el("option", { value: t + 1 }, `${t + 1}. ${clip(word, 16)}`))); }
    which.value = p;
    if (focused(root) !== into.el) into.update(s.swap);
    back.hidden = c.same;
    asked.update();
    const hidden = !s.revealed;
    drawStrips(w, p, hidden);
    for (const name of ["one", "both"]) drawTags(name, w, hidden);
    foot.table(() => ["How much each state changed, and the words", ["word", "becomes", "→h", "←h"], c.tokens.map((word, t) => [`${t + 1}. ${clip(word, 18)}`, c.changed[t] === word ? "" : clip(c.changed[t], 18), hidden ? "?" : num(c.right[t], 3), hidden ? "?" : num(c.left[t], 3)])]);
    speak(w, p, hidden);
  }
  function drawStrips(w, p, hidden) {
    const x = (t) => 54 + t * PITCH, width = 54 + c.T * PITCH + 8, lane = (k) => 56 + k * 62, peak = Math.max(0.05, ...c.right, ...c.left), parts = [];
    c.tokens.forEach((word, t) => {
      const changed = t === p - 1 && !c.same;
      parts.push(svg("text", { x: x(t) + PITCH / 2, y: changed ? 16 : 36, "text-anchor": "middle", class: changed ? "word old" : c.unknown[t] ? "word unknown" : "word" }, clip(word, 8)));
      if (changed) parts.push(svg("text", { x: x(t) + PITCH / 2, y: 36, "text-anchor": "middle", class: c.unknownNew ? "word new unknown" : "word new" }, clip(c.changed[t], 8)));
    });
    [["→h", c.right, "hidden"], ["←h", c.left, "hidden"]].forEach(([name, values, role], k) => {
      const g = svg("g", { class: `r-${role}` }), y = lane(k);
      parts.push(svg("text", { x: 8, y: y + 26, class: "sym" }, name));
      values.forEach((v, t) => {
        const h = hidden ? 0 : (v / peak) * 38;
        g.append(svg("rect", { x: x(t) + 4, y, width: PITCH - 8, height: 40, rx: 3, class: "line" }));
        if (h >= 0.5) g.append(svg("rect", { x: x(t) + 5, y: y + 39 - h, width: PITCH - 10, height: h, class: "full" }));
        parts.push(svg("text", { x: x(t) + PITCH / 2, y: y + (!hidden && v > 0 ? 54 : 25), "text-anchor": "middle", class: "none" }, hidden ? "?" : v === 0 ? "same" : num(v)));
      });
      parts.push(g);
    });
    parts.push(svg("rect", { x: x(w - 1) + 1, y: 42, width: PITCH - 2, height: lane(1) + 56 - 42, rx: 4, class: "pick" }));
    const height = lane(1) + 62;
    for (const [key, v] of Object.entries({ width, height })) put(drawing, key, v);
    drawing.replaceChildren(...parts);
    put(drawing, "aria-label", hidden ? "How much each state changed: hidden until you predict." : `How much →h and ←h changed at each of ${c.T} words; →h only from word ${p} on, ←h only up to word ${p}.`);
    if (drawing.dataset.w !== String(w)) { drawing.dataset.w = w; scrollTo(strip, x(w - 1) + PITCH / 2); }
    key.replaceChildren("How far each state moves when the word changes, ", el("i", {}, "‖h"), "′ − ", el("i", {}, "h"), "‖/√", el("i", {}, "H"), ": →h is read from the left ", equation("13.16"), ", ←h from the right ", equation("13.17"), "; the tagger that reads both ways sees them side by side ", equation("13.18"), ".");
  }
  function drawTags(name, w, hidden) {
    const [p, q] = c.tags[name], rows = [...new Set([...best(p, 3), ...best(q, 3)].map(([k]) => k))].slice(0, 4), word = clip(c.changed[w - 1], 14);
    const bits = rows.flatMap((k) => [
      el("span", { class: k === best(hidden ? p : q, 1)[0][0] ? "top" : "" }, tags[k]),
      el("span", { class: "lane" }, el("i", { class: "was", style: `width:${(100 * p[k]).toFixed(2)}%` }), !hidden && !c.same && el("i", { style: `width:${(100 * q[k]).toFixed(2)}%` })),
      el("span", { class: "p" }, hidden ? `${percent(p[k])} → ?` : c.same ? percent(p[k]) : `${percent(p[k])} → ${percent(q[k])}`)]);
    const was = top(p, tags), now = top(q, tags), moved = p.some((v, k) => v !== q[k]);
    const told = hidden ? "" : c.same ? "" : !moved ? "Not one number changes." : was === now ? `Still ${now}.` : `${was} becomes ${now}.`;
    panels[name].replaceChildren(el("p", { class: "title" }, `${TITLES[name]}: “${word}”`), el("div", { class: "lanes" }, bits), el("p", { class: "told" }, told || "The empty bars: the sentence as it was."));
  }
  function speak(w, p, hidden) {
    const name = (t) => `“${clip(c.tokens[t], 18)}”`, list = (values) => { const n = values.filter((v) => v > 0).length; return n ? `changes at ${n} of ${c.T} words` : "changes nowhere"; };
    const tag = (key) => { const [a, b] = c.tags[key].map((x) => top(x, tags)); return c.same || hidden ? a : a === b ? `${a} both times` : `${a}, then ${b}`; };
    foot.say(`${note ? `${note} ` : ""}${c.same ? "No word is changed." : `Word ${p}, ${name(p - 1)}, becomes “${clip(c.changed[p - 1], 18)}”${hidden ? "; what that does is hidden until you predict" : `: →h ${list(c.right)}, ←h ${list(c.left)}`}.`} Tag of ${name(w - 1)}: ${tag("one")} from the left; ${tag("both")} from both sides.`);
  }
  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { model.end(); end(); };
}
export default { render };
