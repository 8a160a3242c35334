// The next-word explorer: what a language model expects, and what temperature, top-k and top-p make of it.
//   ŷ_t = softmax(V h_t) (13.6), or Eᵀ h_t (13.14);   surprise −log ŷ_t[w_{t+1}] (13.11), its sum over the sentence (13.8)
import { button, clip, el, host, mount, num, player, put, scrollTo, stepKeys, stepperBar, svg, symbol, write } from "./_kit.mjs";
import { dial, ending, entry, equation, prediction, presetList, stacked } from "./_panel.mjs";
import { embed, entropy, lookup, openModel, output, probabilities, step, tokenize } from "./_model.mjs";
import { byProbability, drawWord, reshape, uniformAt } from "./_sampling.mjs";

export const MOST = 60, LONGEST = 30; // words read; words drawn at once
const ROWS = 12;
const TRAITS = ["text", "sampled", "temperature", "top_k", "top_p", "seed", "end", "step", "over", "playing", "question", "guess", "revealed", "table", "presets", "weights"];

// ---- the model ----------------------------------------------------------------------------------
/** A model that reads: `read(ids)` gives for <s> and each word {id, y}, y what it expects next; what it has read before it knows. */
export function languageModel(packed) {
  const lm = openModel(packed), words = lm.vocabularies.words, at = (word) => words.indexOf(word), kept = [];
  return {
    words, start: at("<s>"), end: at("</s>"), find: lookup(words), id: at,
    read(ids) {
      const all = [at("<s>"), ...ids];
      let t = 0;
      while (t < all.length && kept[t]?.id === all[t]) t++;
      kept.length = t;
      for (; t < all.length; t++) {
        const state = step(lm.cell, embed(lm, [all[t]]), kept[t - 1]?.state);
        kept.push({ id: all[t], state, y: probabilities(output(lm.V, state.h, 1, lm.p.b_y)) });
      }
      return [...kept];
    },
  };
}
/** The words typed and drawn, at most MOST, with their ids; `ended`: the last of `sampled` is </s>. */
export function sentence(lm, text, sampled) {
  const typed = tokenize(text), drawn = sampled.filter((word) => word !== "</s>"), all = [...typed, ...drawn], words = all.slice(0, MOST);
  return { words, typed: Math.min(typed.length, MOST), left: all.length - words.length, ended: sampled.at(-1) === "</s>", ...lm.find(words) };
}
/** log P of each word, (13.9), </s> last where the sentence ends; their sum; the perplexity exp(−sum / how many). */
export function score(lm, read, ids, ended) {
  const targets = ended ? [...ids, lm.end] : ids, logs = targets.map((id, t) => Math.log(read[t].y[id])), sum = logs.reduce((a, b) => a + b, 0);
  return { logs, sum, perplexity: Math.exp(-sum / logs.length) };
}
/** Up to `most` words after `ids`, until </s>; drawn by this page's own generator, one number a place. */
export function sample(lm, ids, settings, seed, most) {
  const out = [], all = [...ids];
  while (out.length < most) {
    const { y } = lm.read(all).at(-1), id = settings.greedy ? byProbability(y)[0] : drawWord(reshape(y, settings), uniformAt(seed, all.length));
    out.push(id); all.push(id);
    if (id === lm.end) break;
  }
  return out;
}
export const bits = (y) => entropy(y) / Math.LN2;
const prob = (v) => (v === 0 ? "0" : v < 0.0005 ? "< 0.001" : v.toFixed(3));
const powers = (v) => { const [m, e] = v.toExponential(1).split("e"); return [`${m}·10`, el("sup", {}, e.replace("-", "−").replace("+", ""))]; };
const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");

// ---- the widget -----------------------------------------------------------------------------------
function render({ model: given, el: place }) {
  const model = host(given, draw), { root, end } = mount(place, "Next-word explorer: what a language model expects next", () => {});
  const start = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
  let lm, opened, note = "", wide = 640, seen = 0, lefts = [];
  const state = () => Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
  function now() { // all that follows from the traits
    const s = state();
    if (opened !== s.weights.hash) { opened = s.weights.hash; lm = languageModel(s.weights); }
    const said = sentence(lm, s.text, s.sampled), ended = said.ended || s.end, read = lm.read(said.ids), total = said.words.length + 1;
    const at = Math.max(1, Math.min(s.over || s.step, total)), y = read[at - 1].y;
    const target = at < total ? said.ids[at - 1] : ended ? lm.end : -1;
    return { s, ...said, ended, read, total, at, y, q: reshape(y, s), target, ...score(lm, read, said.ids, ended) };
  }
  const change = (changes) => { note = ""; model.set(changes); };
  const words = () => sentence(lm, model.get("text"), model.get("sampled")).words.length;
  const total = () => words() + 1;
  const go = (to, relative) => change({ step: Math.max(1, Math.min(total(), relative ? model.get("step") + to : to)), over: 0, playing: false });
  const clock = player(model, total, () => 700);
  const play = () => { change({ over: 0 }); clock.toggle(); };
  const set = (changes) => change({ guess: "", revealed: true, over: 0, playing: false, ...changes });

  // the words
  const type = entry("Type the beginning of a sentence", (text) => set({ text, sampled: [], end: false, step: Math.min(tokenize(text).length, MOST) + 1 }));
  const presets = presetList(model, (traits) => { const n = tokenize(traits.text ?? model.get("text")).length; set({ sampled: [], end: false, temperature: 1, top_k: 0, top_p: 1, ...traits, step: n + 1 }); });
  const reset = button("Reset", () => { change({ ...start, playing: false, table: model.get("table") }); note = "Everything is as it was at the start."; }, { class: "quiet" });
  function more(most, settings = {}) {
    const { ids, typed, ended, s } = now(), from = most === 1 ? ids : ids.slice(0, typed), room = Math.min(most, MOST - from.length);
    if ((most === 1 && ended) || room < 1) return;
    const out = sample(lm, from, { ...s, ...settings }, settings.seed ?? s.seed, room).map((id) => lm.words[id]), before = most === 1 ? s.sampled : [];
    const sampled = [...before, ...out], n = from.length + out.filter((word) => word !== "</s>").length;
    set({ sampled, end: false, step: n + 1, ...(settings.seed === undefined ? {} : { seed: settings.seed }) });
  }
  const one = button("Draw a word", () => more(1), { class: "main" }), all = button("Draw a sentence", () => more(LONGEST)), greedy = button("Take the likeliest", () => more(1, { greedy: true }));
  const other = button("", () => more(LONGEST, { seed: (model.get("seed") + 1) % 10000 })), drop = button("Drop what was drawn", () => set({ sampled: [], end: false, step: sentence(lm, model.get("text"), []).words.length + 1 }), { class: "quiet" });
  const dials = [
    ["temperature", dial(el("i", {}, "τ"), "temperature", { min: 0.1, max: 3, step: 0.1, show: (v) => num(v, 1) }, (temperature) => set({ temperature }))],
    ["top_k", dial(el("i", {}, "k"), "top-k: the likeliest k", { min: 0, max: 50, step: 1, show: (v) => (v ? String(v) : "all") }, (top_k) => set({ top_k }))],
    ["top_p", dial(el("i", {}, "p"), "top-p: until p is reached", { min: 0.05, max: 1, step: 0.05, show: (v) => (v >= 1 ? "all" : num(v)) }, (top_p) => set({ top_p: Math.round(top_p * 100) / 100 }))],
  ];
  const warn = el("p", { class: "note warn", role: "status" });

  // the drawings
  const strip = svg("svg", { class: "draw", role: "group" }), scroll = el("div", { class: "scroll strips", tabindex: 0, role: "group", "aria-label": "How surprising each word was; arrow keys step" }, strip);
  const bars = svg("svg", { class: "draw bars", role: "group" }), box = el("div", { class: "scroll", tabindex: -1 }, bars);
  const tally = el("p", { class: "note tally" }), ends = el("input", { type: "checkbox", onchange: () => change({ end: ends.checked }) });
  const endBox = el("label", { class: "ends" }, ends, " it ends here: count </s>");
  const bar = stepperBar(go, play), worked = el("div", { class: "rule worked" });
  stepKeys(root, go, total, play);
  const under = (e) => { const x = e.clientX - strip.getBoundingClientRect().left; return lefts.filter((left) => left <= x).length; };
  strip.addEventListener("pointermove", (e) => { if (e.pointerType === "mouse" && model.get("over") !== under(e)) model.set({ over: under(e) }); });
  strip.addEventListener("pointerleave", () => model.set({ over: 0 }));
  strip.addEventListener("click", (e) => { if (under(e)) change({ step: under(e), over: 0, playing: false }); });

  const plain = { temperature: 1, top_k: 0, top_p: 1, over: 0 };
  const ratio = (y) => { const [a, b] = byProbability(y); return y[b] > 0 ? y[a] / y[b] : Infinity; };
  function warmth(temperature) {
    return {
      ask: () => `Predict: at temperature ${num(temperature, 1)}, what becomes of these bars?`, choices: [["order", "another word comes first"], ["flatter", "same order, closer together"], ["sharper", "same order, further apart"]],
      before: plain, after: { ...plain, temperature },
      truth() {
        const { y } = now(), q = reshape(y, { ...plain, temperature }), [first] = byProbability(y), moved = byProbability(q)[0] !== first;
        return [moved ? "order" : bits(q) > bits(y) ? "flatter" : "sharper", `The order stayed. The first word went from ${prob(y[first])} to ${prob(q[first])}, the entropy from ${num(bits(y))} to ${num(bits(q))} bits.`];
      },
    };
  }
  const predict = prediction(model, [warmth(2), warmth(0.5), {
    ask: () => `Predict: the first word is ${num(ratio(now().y))} times as likely as the second. If only the 5 likeliest are kept, that ratio …`, choices: [["more", "grows"], ["same", "stays"], ["less", "shrinks"]],
    before: plain, after: { ...plain, top_k: 5 },
    truth() {
      const { y } = now(), q = reshape(y, { ...plain, top_k: 5 });
      return ["same", `It is ${num(ratio(q))} still: all that are kept grow by one factor, here ${num(q[byProbability(y)[0]] / y[byProbability(y)[0]])}.`];
    },
  }]);
  const foot = ending(model, () => stacked(root, [strip, bars]), "next-word");
  root.append(el("div", { class: "words" }, type.el, el("span", { class: "acts" }, presets.el, " ", reset)), el("div", { class: "bar" }, one, all, greedy, other, drop), warn,
    el("div", { class: "dials" }, dials.map(([, d]) => d.el)), predict.el, el("div", { class: "rule" }, scroll, el("div", { class: "tallies" }, tally, endBox)), bar.el, worked, box,
    el("p", { class: "key" }, el("span", { class: "swatch solid" }), " what a word is drawn from, ", el("span", { class: "swatch open" }), " the model's own ŷ (temperature 1, all words). Choose a word to write it. The page draws with a generator of its own: a seed gives the same words here each time, and others than NumPy's."), ...foot.nodes);

  // ---- drawing ----
  const TALL = 74, TOP = 18;
  function drawStrip(m) {
    const peak = Math.max(12, ...m.logs.map((v) => Math.min(-v / Math.LN2, 30))), marks = m.words.map((word, i) => ({ word, role: i < m.typed ? "input" : "output", unknown: m.unknown[i] }));
    marks.push({ word: m.ended ? "</s>" : "…", role: "output" });
    let x = 34;
    lefts = [];
    const height = (i) => (Math.min(-m.logs[i] / Math.LN2, 30) / peak) * TALL;
    strip.replaceChildren(
      ...[0, 5, 10].map((v) => { const y = TOP + TALL - (v / peak) * TALL; return [svg("path", { class: "line", d: `M30 ${y.toFixed(1)}H4000` }), svg("text", { class: "soft", x: 26, y: y + 5, "text-anchor": "end" }, v)]; }).flat(),
      ...marks.map(({ word, role, unknown }, i) => {
        const name = clip(word, 14), w = Math.max(38, name.length * 8 + 14), here = i + 1 === m.at, h = i < m.logs.length ? height(i) : 0, left = x;
        x += w;
        lefts.push(left);
        if (here) seen = left;
        return svg("g", { class: `place r-${role}` },
          svg("rect", { class: "touch", x: left, y: 0, width: w, height: TOP + TALL + 26 }, i < m.logs.length && svg("title", {}, `${word}: log P = ${num(m.logs[i])} nats`)),
          h > 0 && svg("rect", { class: "full", x: left + 5, y: (TOP + TALL - h).toFixed(1), width: w - 10, height: h.toFixed(1), "pointer-events": "none" }),
          svg("text", { class: `${here ? "strong" : ""} ${unknown ? "unknown" : ""}`, x: left + w / 2, y: TOP + TALL + 19, "text-anchor": "middle", "pointer-events": "none" }, name),
          here && svg("rect", { class: "now", x: left + 2, y: 3, width: w - 4, height: TOP + TALL + 22, rx: 4, "pointer-events": "none" }));
      }),
      svg("text", { class: "soft", x: 4, y: 12, "font-size": 13 }, "bits"));
    const width = Math.max(x + 6, wide);
    for (const [key, v] of Object.entries({ width, height: TOP + TALL + 30 })) put(strip, key, v);
    put(strip, "aria-label", `The surprise of each of ${m.logs.length} words, in bits`);
    scrollTo(scroll, seen);
  }
  const PITCH = 24, LEFT = 122, RIGHT = 62;
  function drawBars(m) {
    const order = byProbability(m.y), rows = order.slice(0, ROWS), rank = m.target >= 0 ? order.indexOf(m.target) : -1;
    if (rank >= ROWS) rows.push(m.target);
    const peak = Math.max(...rows.map((id) => Math.max(m.y[id], m.q[id]))), room = wide - LEFT - RIGHT, across = (v) => Math.max(v > 0 ? 1 : 0, (v / peak) * room).toFixed(1);
    const focus = root.getRootNode().activeElement?.dataset?.row;
    bars.replaceChildren(...rows.map((id, i) => {
      const y = 6 + i * PITCH, word = lm.words[id], cut = m.q[id] === 0, write = () => pick(m, word), text = `${word}: ${prob(m.q[id])}, the model's own ${prob(m.y[id])}`;
      return svg("g", { class: "row r-output", role: "button", tabindex: 0, "data-row": i, onclick: write, onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); e.stopPropagation(); write(); } } },
        svg("rect", { class: "touch", x: 0, y: y - 2, width: wide, height: PITCH }, svg("title", {}, text)),
        svg("text", { class: `${id === m.target ? "strong" : ""} ${cut ? "soft" : ""}`, x: LEFT - 8, y: y + 15, "text-anchor": "end", "pointer-events": "none", "text-decoration": cut ? "line-through" : null }, `${id === m.target ? "▸ " : ""}${i >= ROWS ? `${count(rank + 1)}. ` : ""}${clip(word, 11)}`),
        svg("rect", { class: "full", x: LEFT, y: y + 2, width: across(m.q[id]), height: PITCH - 8, "pointer-events": "none" }),
        svg("rect", { class: "edge", x: LEFT, y: y + 2, width: across(m.y[id]), height: PITCH - 8, "pointer-events": "none" }),
        svg("text", { class: cut ? "soft" : "", x: wide - 4, y: y + 15, "text-anchor": "end", "pointer-events": "none" }, cut ? "cut" : prob(m.q[id])));
    }));
    const rest = (v) => prob(Math.max(0, 1 - rows.reduce((sum, id) => sum + v[id], 0))), y = 6 + rows.length * PITCH;
    bars.append(svg("text", { class: "soft", x: LEFT, y: y + 15 }, `the other ${count(lm.words.length - rows.length)} words`), svg("text", { class: "soft", x: wide - 4, y: y + 15, "text-anchor": "end" }, rest(m.q)));
    for (const [key, v] of Object.entries({ width: wide, height: y + PITCH })) put(bars, key, v);
    put(bars, "aria-label", `The ${rows.length} likeliest words at this place`);
    if (focus !== undefined) bars.querySelector(`[data-row="${focus}"]`)?.focus({ preventScroll: true });
  }
  /** The reader writes a word at the place shown; what stood there and after it goes. */
  function pick(m, word) {
    const before = m.words.slice(0, m.at - 1);
    if (m.at > MOST) return;
    set({ text: m.at > m.typed ? model.get("text") : before.join(" "), sampled: [...before.slice(m.at > m.typed ? m.typed : before.length), word], end: false, step: m.at + (word === "</s>" ? 0 : 1) });
  }
  function drawWorked(m) {
    const own = bits(m.y), after = bits(m.q), context = m.words.slice(0, m.at - 1), told = context.length ? `After “${clip(context.slice(-5).join(" "), 46)}”` : "At the start of a sentence";
    const word = m.target >= 0 ? lm.words[m.target] : "", p = m.target >= 0 ? m.y[m.target] : 0;
    worked.replaceChildren(
      el("p", { class: "lead" }, el("b", {}, `${told}: `), `entropy ${num(own)} bits`, Math.abs(after - own) > 0.005 ? `, ${num(after)} bits in what is drawn from` : "", "; as unsure as among ", own < 4 ? num(2 ** own, 1) : count(Math.round(2 ** own)), " equally likely words."),
      word && el("p", { class: "eq r-output" }, el("span", { class: "op" }, "surprise "), "−log ", symbol("ŷ_t"), "[", el("span", { class: "r" }, clip(word, 18)), "] = −log ", p >= 0.0005 ? p.toFixed(4) : powers(p), ` = ${num(-Math.log(p))} nats `, el("span", { class: "op" }, `= ${num(-Math.log(p) / Math.LN2)} bits `, equation("13.11"), m.unknown[m.at - 1] ? " of <unk>, which is what the model reads here" : "")) || "");
  }
  function draw() {
    const m = now(), { s } = m;
    type.update(s.text); presets.update(s.presets); predict.update();
    for (const [key, d] of dials) d.update(s[key]);
    write(other, `Another sentence (seed ${s.seed})`);
    drop.hidden = !s.sampled.length;
    const full = m.words.length >= MOST;
    for (const b of [one, greedy]) put(b, "aria-disabled", m.ended || full);
    put(all, "aria-disabled", m.typed >= MOST); put(other, "aria-disabled", m.typed >= MOST);
    const odd = m.words.filter((_, i) => m.unknown[i]);
    write(warn, [m.left > 0 && `Only the first ${MOST} words are read; ${m.left} more are left out.`, odd.length && `Not in the vocabulary, read as <unk>: ${clip([...new Set(odd)].join(", "), 120)}.`].filter(Boolean).join(" "));
    warn.hidden = !warn.textContent;
    ends.checked = m.ended; ends.disabled = s.sampled.at(-1) === "</s>"; endBox.hidden = !m.words.length;
    tally.replaceChildren(...(m.logs.length ? [`log P of the ${m.logs.length === 1 ? "word" : `${m.logs.length} words`}${m.ended ? ", </s> among them" : ""} = ${num(m.sum)} nats; perplexity exp(${num(-m.sum)} / ${m.logs.length}) = `, el("b", {}, m.perplexity < 100 ? num(m.perplexity, 1) : m.perplexity < 1e6 ? count(Math.round(m.perplexity)) : powers(m.perplexity)), " ", equation("13.8")] : ["No words yet: this is what a sentence may begin with."]));
    bar.update(Math.max(1, Math.min(s.step, m.total)), m.total, s.playing, m.words[s.step - 1] ?? "what comes next");
    drawStrip(m); drawBars(m); drawWorked(m);
    foot.table(() => ["The likeliest words at this place", ["word", "the model's own ŷ", "drawn from", "surprise, bits"], byProbability(m.y).slice(0, 25).map((id) => [lm.words[id], prob(m.y[id]), prob(m.q[id]), num(-Math.log2(m.y[id]))])]);
    const top = byProbability(m.y).slice(0, 3).map((id) => `${lm.words[id]} ${prob(m.q[id])}`).join(", ");
    foot.say(`${note ? `${note} ` : ""}Place ${m.at} of ${m.total}${m.at > 1 ? `, after “${clip(m.words.slice(0, m.at - 1).slice(-6).join(" "), 60)}”` : ""}. Likeliest: ${top}. Temperature ${num(s.temperature, 1)}${s.top_k ? `, top-k ${s.top_k}` : ""}${s.top_p < 1 ? `, top-p ${num(s.top_p)}` : ""}: entropy ${num(bits(m.q))} bits, the model's own ${num(bits(m.y))}.${m.logs.length ? ` Perplexity of the sentence ${num(m.perplexity, 1)}.` : ""}`, s.playing || s.over > 0);
  }
  const size = new ResizeObserver(([{ contentRect }]) => { const w = Math.max(240, Math.round(contentRect.width)); if (w !== wide) { wide = w; model.redraw(); } });
  size.observe(box);
  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); size.disconnect(); model.end(); end(); };
}
export default { render };
