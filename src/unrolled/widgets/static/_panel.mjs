// What stands around a drawing: choices, dials, a line of text, a prediction, the foot.  It needs the kit.
import { button, clip, dataTable, el, frozen, put, savePNG, saveSVG, summary, token, write } from "./_kit.mjs";

/** Buttons of which one is pressed; options: [[value, text], …]. */
export function choice(label, options, pick) {
  const buttons = options.map(([value, text]) => button(text, () => pick(value)));
  return {
    el: el("span", { class: "choice", role: "group", "aria-label": label }, buttons),
    update(now) { buttons.forEach((b, i) => put(b, "aria-pressed", options[i][0] === now)); },
  };
}
/** A slider with its letter, its meaning and its value; `to` and `from` turn a place on the slider into a value and back. */
export function dial(letter, text, { min, max, step, show = String, to = (v) => v, from = (v) => v }, set) {
  const range = el("input", { type: "range", min, max, step, "aria-label": text, oninput: () => set(to(Number(range.value))) }), value = el("output");
  return {
    el: el("label", { class: "dial" }, el("span", { class: "dialname" }, letter, " ", el("span", { class: "what" }, text)), range, value),
    update(v) { range.value = from(v); write(value, show(v)); put(range, "aria-valuetext", show(v)); },
  };
}
/** A line to type in; `most` letters, and each change is heard at once. */
export function entry(label, change, most = 2000) {
  const input = el("input", { type: "text", class: "entry", "aria-label": label, placeholder: label, spellcheck: "false", autocomplete: "off", autocapitalize: "off", maxlength: most, oninput: () => change(input.value) });
  return { el: input, update(text) { if (input.value !== text) input.value = text; } };
}
/** The presets by name, in a list; `apply` gets the traits of the one chosen. */
export function presetList(model, apply) {
  let shown = "";
  const select = el("select", { "aria-label": "Presets", onchange: () => { const { name, ...traits } = model.get("presets")[select.value] ?? {}; if (name) apply(traits); } });
  return {
    el: select,
    update(list) {
      const key = JSON.stringify(list.map((p) => p.name));
      if (key !== shown) { shown = key; select.replaceChildren(el("option", { value: "" }, "Presets …"), ...list.map((p, i) => el("option", { value: i }, p.name))); }
      select.value = "";
    },
  };
}
/** Predict, then reveal: one of several questions at a time, kept in `question`, `guess` and `revealed`.
 *  A question is {ask, choices: [[key, text], …], before, after: traits to set before and after the guess, truth() → [key, text]}. */
export function prediction(model, questions) {
  const ask = el("span"), ways = el("span", { class: "ways" }), verdict = el("span", { role: "status" });
  const now = () => questions[model.get("question") % questions.length];
  const reveal = (guess) => { const { after } = now(); model.set({ ...(typeof after === "function" ? after() : after), guess, revealed: true }); };
  const skip = button("Just show me", () => reveal(""), { class: "quiet" });
  const again = button("Another prediction", () => {
    const question = (model.get("question") + 1) % questions.length, { before } = questions[question];
    model.set({ ...(typeof before === "function" ? before() : before), question, guess: "", revealed: false });
  }, { class: "quiet" });
  const open = el("span", { class: "ask" }, ask, " ", ways, " ", skip);
  let asked = "";
  return {
    el: el("div", { class: "predict" }, verdict, open, again),
    update() {
      const q = now(), hidden = !model.get("revealed"), guess = model.get("guess"), text = typeof q.ask === "function" ? q.ask() : q.ask;
      open.hidden = !hidden;
      again.hidden = hidden;
      if (hidden && asked !== text) { asked = text; write(ask, text); ways.replaceChildren(...q.choices.map(([key, name]) => button(name, () => reveal(key)))); }
      if (hidden || !guess) return write(verdict, "");
      const [key, told] = q.truth();
      put(verdict, "class", key === guess ? "good" : "bad");
      write(verdict, `${key === guess ? "Yes." : "Not so."} ${told}`);
    },
  };
}
/** Two drawings, one above the other, as one that stands alone. */
export function stacked(root, drawings) {
  const parts = drawings.map((drawing) => frozen(drawing)), width = Math.max(...parts.map((p) => p.width)), height = parts.reduce((sum, p) => sum + p.height, 0);
  let y = 0;
  const inner = parts.map((p) => { const text = p.text.replace("<svg", `<svg y="${y}"`); y += p.height; return text; });
  return { text: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="${token(root, "paper")}"/>${inner.join("")}</svg>`, width, height };
}
/** The foot: the summary, the table's button, both ways to save; `picture` gives what is saved, `rows` what the table says. */
export function ending(model, picture, name) {
  const say = summary(), box = el("div", { class: "tablebox" }), toggle = button("", () => model.set({ table: !model.get("table") }), { class: "quiet" });
  const keep = (text, save) => button(text, () => save(picture(), typeof name === "function" ? name() : name), { class: "quiet", "aria-label": `Save the drawing as ${text}` });
  return {
    nodes: [box, el("div", { class: "foot" }, say.el, el("span", { class: "tools" }, toggle, keep("SVG", saveSVG), keep("PNG", savePNG)))],
    say: say.say,
    /** `make()` → [caption, head, rows], asked only while the table is open. */
    table(make) {
      const open = model.get("table");
      write(toggle, open ? "Hide table" : "Table");
      put(toggle, "aria-pressed", open);
      box.hidden = !open;
      if (!open) return;
      const found = make(), key = JSON.stringify(found);
      if (key === box.dataset.key) return;
      box.dataset.key = key;
      box.replaceChildren(dataTable(...found));
    },
  };
}
/** The number of an equation, as a link where the page has it. */
export function equation(number) {
  const id = `equation-eq-${number.replace(".", "-")}`;
  return document.getElementById(id) ? el("a", { href: `#${id}` }, `(${number})`) : `(${number})`;
}
/** A word as a reader is shown it: no longer than fits. */
export const shown = (word, most = 14) => clip(word, most);
