// The bottleneck by length: measured quality by source length, with attention and without.  Nothing is computed but means.
import { button, clip, el, focused, host, mount, num, player, put, stepKeys, stepperBar, write } from "./_kit.mjs";
import { lineChart, sample, ticks } from "./_chart.mjs";
import { choice, ending, prediction, presetList, stacked } from "./_panel.mjs";

const TRAITS = ["bands", "panels", "panel", "H", "step", "over", "examples", "measured", "revealed", "question", "guess", "table", "playing", "presets"];
export const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
export const spread = (list) => (list.length < 2 ? 0 : Math.sqrt(list.reduce((a, v) => a + (v - mean(list)) ** 2, 0) / (list.length - 1)));
/** Mean and standard deviation of each band over the runs. */
export const summarise = (values) => values[0].map((_, b) => { const column = values.map((run) => run[b]); return { mean: mean(column), sd: spread(column), n: column.length }; });
/** Which words of an output are in no longest common subsequence with the reference. */
export function wrongWords(output, reference) {
  const a = output.split(" ").filter(Boolean), b = reference.split(" "), L = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) L[i][j] = a[i] === b[j] ? L[i + 1][j + 1] + 1 : Math.max(L[i + 1][j], L[i][j + 1]);
  const wrong = a.map(() => true);
  for (let i = 0, j = 0; i < a.length && j < b.length; ) if (a[i] === b[j]) { wrong[i] = false; i++; j++; } else if (L[i + 1][j] >= L[i][j + 1]) i++; else j++;
  return a.map((word, i) => [word, wrong[i]]);
}
const DASHES = [null, "7 4", "2 4", "10 3 2 3"];

function render({ model: given, el: place }) {
  const model = host(given, draw);
  let chartKey = "", exampleKey = "", note = "";
  const { root, end } = mount(place, "The bottleneck by length: measured translations");
  const state = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])), start = state(), B = start.bands.length;
  const change = (changes) => { note = ""; model.set(changes); };
  const stepNow = () => Math.max(1, Math.min(B, model.get("step"))), go = (to, relative) => change({ step: Math.max(1, Math.min(B, relative ? stepNow() + to : to)), over: 0, playing: false });
  const clock = player(model, () => B), play = () => { note = ""; clock.toggle(); };
  stepKeys(root, go, () => B, play);
  const panelNow = () => model.get("panels")[model.get("panel")];
  const curves = () => panelNow().curves.filter((c) => !c.H || c.H === model.get("H")).map((c, i, all) => ({ ...c, role: c.attention ? "attend" : "hidden", dash: DASHES[all.slice(0, i).filter((o) => o.attention === c.attention).length % 4], stats: summarise(c.values) }));
  const sizes = [...new Set(start.panels.flatMap((p) => p.curves.map((c) => c.H)).filter(Boolean))].sort((a, b) => a - b);
  const both = () => { const list = curves(); return [list.find((c) => !c.attention), list.find((c) => c.attention)]; };
  const hiding = () => !model.get("revealed") && both().every(Boolean) && B > 1;

  const which = choice("What is measured", start.panels.map((p, i) => [i, p.name]), (panel) => change({ panel }));
  const hidden = choice("Hidden size", sizes.map((H) => [H, `H = ${H}`]), (H) => change({ H }));
  const reset = button("Reset", () => { change({ ...start, playing: false, table: model.get("table") }); note = "Everything is as it was at the start."; }, { class: "quiet" });
  const presets = presetList(model, (traits) => change({ guess: "", over: 0, playing: false, ...traits }));
  const controls = el("div", { class: "lineup" }, start.panels.length > 1 ? which.el : el("b", {}, start.panels[0].name), sizes.length > 1 ? hidden.el : "", el("span", { class: "acts" }, presets.el, " ", reset));
  const legend = el("ul", { class: "legend" }), chart = lineChart(root, { label: "Quality by source length", title: "words in the source", pick: (step) => change({ step, over: 0, playing: false }), hover: (over) => { if (model.get("over") !== over) model.set({ over }); }, least: 50, most: 120, height: 210 });
  const bar = stepperBar(go, play), measured = el("p", { class: "key" });
  const fall = (c) => c.stats[0].mean - c.stats[B - 1].mean;
  const predict = prediction(model, [{
    ask: () => { const c = both()[0]; return `Predict: ${c.name}, ${panelNow().name} goes from ${num(c.stats[0].mean, 1)} for ${model.get("bands")[0]} words to ${num(c.stats[B - 1].mean, 1)} for ${model.get("bands")[B - 1]}. With attention it will fall`; },
    choices: [["less", "clearly less"], ["same", "about as much"], ["more", "clearly more"]],
    before: () => ({ panel: (model.get("panel") + 1) % model.get("panels").length, playing: false }), after: { playing: false },
    truth() { const [a, b] = both(), d = fall(a) - fall(b), key = d > 5 ? "less" : d < -5 ? "more" : "same"; return [key, `With attention it falls by ${num(fall(b), 1)}, ${a.name} by ${num(fall(a), 1)}${key === "same" ? ": within 5 points of each other" : ""}.`]; },
  }]);
  const worked = el("div", { class: "rule" }), examples = el("div"), foot = ending(model, () => stacked(root, [chart.drawing]), "bottleneck");
  root.append(controls, legend, chart.el, measured, bar.el, predict.el, worked, examples, ...foot.nodes);

  function draw() {
    const s = state(), list = curves(), hide = hiding(), shown = list.filter((c) => !(hide && c.attention)), b = (s.over >= 1 && s.over <= B ? s.over : stepNow()) - 1;
    which.update(s.panel); hidden.update(s.H);
    presets.update(s.presets);
    presets.el.hidden = !s.presets.length;
    drawChart(s, shown, list, hide);
    chart.mark(b + 1);
    bar.update(stepNow(), B, s.playing, `${s.bands[stepNow() - 1]} words`);
    predict.el.hidden = !both().every(Boolean) || B < 2;
    if (!predict.el.hidden) predict.update();
    write(measured, s.measured || "Measured values, drawn as they were given.");
    drawBand(s, list, hide, b);
    drawExamples(s, list, hide);
    foot.table(() => [`${panelNow().name} by source length, mean ± standard deviation over runs`, ["words", ...(panelNow().sentences ? ["sentences"] : []), ...list.map(title)], s.bands.map((band, k) => [band, ...(panelNow().sentences ? [String(panelNow().sentences[k])] : []), ...list.map((c) => (hide && c.attention ? "?" : value(c.stats[k])))])]);
    speak(s, list, hide, b);
  }
  const title = (c) => `${c.name}${c.H ? `, H = ${c.H}` : ""}`, value = ({ mean: m, sd, n }) => (n > 1 ? `${num(m, 1)} ± ${num(sd, 1)}` : num(m, 1));
  function drawChart(s, shown, list, hide) {
    const key = JSON.stringify([s.panel, s.H, hide]);
    if (key === chartKey) return;
    chartKey = key;
    const all = list.flatMap((c) => c.values.flat()), top = Math.max(...all), low = Math.min(0, ...all), unit = top <= 1 ? 1 : top > 60 && top <= 100 ? 100 : ticks(0, top * 1.15, 5).at(-1) || 1;
    chart.draw({
      n: B, low, high: Math.max(unit, top), log: false, words: s.bands.map((w) => clip(w.replace(/ and more$/, "+"), 8)), below: { room: 0, make: null },
      series: shown.flatMap((c) => [...(c.values.length > 1 ? c.values.map((run) => ({ role: c.role, dash: c.dash, values: run })) : []), { role: c.role, dash: c.dash, strong: true, values: c.stats.map((x) => x.mean) }]),
    });
    put(chart.drawing, "aria-label", `${panelNow().name} for ${B} lengths of the source: ${shown.map(title).join(", ")}.`);
    legend.replaceChildren(...list.map((c) => el("li", {}, sample({ role: c.role, dash: c.dash, strong: true }), title(c), hide && c.attention ? " (hidden until you predict)" : "")), list.some((c) => c.values.length > 1) ? el("li", { class: "lead" }, "thin: single runs") : "");
  }
  function drawBand(s, list, hide, b) {
    const n = panelNow().sentences?.[b];
    const bandKey = JSON.stringify([s.panel, s.H, hide, b]);
    if (bandKey === worked.dataset.key) return;
    worked.dataset.key = bandKey;
    const held = worked.contains(focused(root));
    worked.replaceChildren(el("p", { class: "title" }, `Sources of ${s.bands[b]} words${n == null ? "" : `, ${n} sentences`}`), el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Values of this band" }, el("table", { class: "sums" },
      el("thead", {}, el("tr", {}, el("td", {}), el("th", { scope: "col" }, panelNow().name), el("th", { scope: "col" }, `change from ${s.bands[0]}`), el("th", { scope: "col" }, "runs"))),
      el("tbody", {}, list.map((c) => el("tr", { class: `r-${c.role}` }, el("th", { scope: "row" }, title(c)), (hide && c.attention ? ["?", "?", "?"] : [value(c.stats[b]), b ? num(c.stats[b].mean - c.stats[0].mean, 1) : "–", String(c.stats[b].n)]).map((text) => el("td", {}, text))))))));
    if (held) worked.querySelector("[tabindex]").focus({ preventScroll: true });
  }
  function drawExamples(s, list, hide) {
    const b = stepNow() - 1, found = s.examples[b] ?? [], key = JSON.stringify([b, hide, found.length]);
    if (key === exampleKey) return;
    exampleKey = key;
    if (!s.examples.some((each) => each.length)) return examples.replaceChildren();
    examples.replaceChildren(el("p", { class: "title" }, found.length ? "What they wrote" : "No outputs were kept for this band"), el("ul", { class: "examples" }, found.map(({ source, reference, outputs }) => el("li", {}, el("dl", {},
      el("dt", {}, "source"), el("dd", {}, source), el("dt", {}, "reference"), el("dd", {}, reference),
      Object.entries(outputs).map(([name, text]) => {
        const hideThis = hide && /attention/.test(name) && !/without/.test(name), words = wrongWords(text, reference), right = text === reference, missing = reference.split(" ").length - words.filter(([, wrong]) => !wrong).length;
        return [el("dt", {}, name), el("dd", {}, hideThis ? "?" : right ? el("span", { class: "ok" }, `✓ ${text}`) : text ? [...words.flatMap(([word, wrong]) => [wrong ? el("mark", {}, word) : word, " "]), missing ? el("span", { class: "lead" }, `(${missing} missing)`) : ""] : "(nothing)")];
      }))))));
  }
  function speak(s, list, hide, b) {
    foot.say(`${note ? `${note} ` : ""}${panelNow().name}, sources of ${s.bands[b]} words: ${list.map((c) => `${title(c)} ${hide && c.attention ? "hidden until you predict" : value(c.stats[b])}`).join("; ")}.`, s.playing || s.over > 0);
  }
  model.on(TRAITS, () => model.redraw());
  draw();
  return () => { clock.end(); chart.end(); model.end(); end(); };
}
export default { render };
