// A matrix over words, one pixel a number and scaled up by the browser: 400 × 512 redraws in a frame.  It needs the kit.
import { clip, dress, el, headRow, put, scrollTo, token } from "./_kit.mjs";

const known = new Map();
/** A colour, however it is written, as [red, green, blue]. */
function hex(colour) {
  if (!known.has(colour)) {
    const g = el("canvas").getContext("2d");
    g.fillStyle = colour;
    known.set(colour, [1, 3, 5].map((i) => parseInt(g.fillStyle.slice(i, i + 2), 16)));
  }
  return known.get(colour);
}
/** Rows are units in a given order, columns are steps.  Zero is the page's own colour, a positive number the role's, a negative one grey.
 *  `draw({values (T·H), T, H, order, role, peak, words})`; `mark(step, place)` moves the cursor alone and is called after each `draw`; `pick(step, unit)` at a press or a
 *  drag, `hover(step, unit)` by a mouse, (0, −1) when it leaves.  Steps count from 1. */
export function heatmap(root, { label, pick, hover, tall = 230 }) {
  const canvas = el("canvas", { role: "img" }), column = el("div", { class: "at" }), line = el("div", { class: "at" }), heads = headRow();
  const sheet = el("div", { class: "sheet" }, canvas, column, line), box = el("div", { class: "scroll", role: "group", "aria-label": `${label}; arrow keys step` }, heads.el, sheet);
  let last, wide = 0, w = 1, h = 1, now = [1, 0], down = false, named = "";
  const where = (e) => {
    const r = canvas.getBoundingClientRect(), to = (v, n) => Math.max(0, Math.min(n - 1, Math.floor(v)));
    return [1 + to((e.clientX - r.left) / w, last.T), last.order[to((e.clientY - r.top) / h, last.H)]];
  };
  sheet.addEventListener("pointerdown", (e) => { if (e.button) return; down = true; sheet.setPointerCapture?.(e.pointerId); pick(...where(e)); });
  sheet.addEventListener("pointermove", (e) => { if (down) pick(...where(e)); else if (e.pointerType !== "touch") hover(...where(e)); });
  for (const over of ["pointerup", "pointercancel"]) sheet.addEventListener(over, () => { down = false; });
  sheet.addEventListener("pointerleave", () => { if (!down) hover(0, -1); });
  function draw(data) {
    last = data ?? last;
    if (!last) return;
    const { values, T, H, order, role, peak } = last, [full, minus, paper] = [role, "grad", "paper"].map((name) => hex(token(root, name)));
    now = [Math.min(now[0], T), Math.min(now[1], H - 1)];
    named = "";
    if (canvas.width !== T || canvas.height !== H) { canvas.width = T; canvas.height = H; }
    const g = canvas.getContext("2d"), image = g.createImageData(T, H), px = image.data;
    for (let r = 0, at = 0; r < H; r++) for (let t = 0; t < T; t++, at += 4) {
      const v = values[t * H + order[r]], k = Math.min(1, Math.abs(v) / peak), c = v < 0 ? minus : full;
      for (let j = 0; j < 3; j++) px[at + j] = paper[j] + (c[j] - paper[j]) * k;
      px[at + 3] = 255;
    }
    g.putImageData(image, 0, 0);
    size();
  }
  function size() {
    const { T, H } = last;
    wide ||= box.clientWidth || 240;
    w = Math.max(8, Math.min(40, Math.floor(wide / T))); h = Math.max(1, Math.min(20, Math.floor(tall / H)));
    dress(canvas, `width:${w * T}px;height:${h * H}px`);
    put(box, "tabindex", w * T > wide ? 0 : -1); // -1: the keys work after a click, and Tab passes by
    dress(heads.el, `width:${w * T}px`);
  }
  function mark(step, place) {
    if (!last) return;
    if (now[0] !== step && w * last.T > wide) scrollTo(box, (step - 0.5) * w);
    now = [step, place];
    dress(column, `left:${(step - 1) * w}px;top:0;width:${w}px;height:${h * last.H}px`);
    dress(line, `left:0;top:${place * h - 1}px;width:${w * last.T}px;height:${h + 2}px`);
    const names = `${step} ${w} ${wide}`;
    if (names === named) return;
    named = names;
    let free = -Infinity; // the current word, and the others where there is room: the same ones at every step
    const { words } = last, room = (i) => clip(words[i], 9).length * 7 + 7, c = step - 1;
    const from = Math.min(c * w, Math.max(0, w * last.T - room(c)));
    heads.put(words.map((word, i) => {
      const x = i * w, end = x + room(i), fits = x >= free && end <= w * last.T + 24;
      if (fits) free = end;
      return i === c ? [i, from, clip(word, 9), true] : fits && (x >= from + room(c) || end <= from) && [i, x, clip(word, 9), false];
    }).filter(Boolean));
  }
  const watch = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(([{ contentRect }]) => { if (Math.round(contentRect.width) !== wide) { wide = Math.round(contentRect.width); if (last) { size(); mark(...now); } } });
  watch?.observe(box);
  return { el: box, canvas, draw, mark, say: (text) => put(canvas, "aria-label", text), end: () => watch?.disconnect() };
}
