// Lines over steps, with axes: for every widget that draws curves.  It needs the kit.
import { el, put, scrollTo, svg } from "./_kit.mjs";

// ---- numbers over many powers of ten ------------------------------------------------------------
/** Round numbers from `low` to `high`, about `most` of them: 1, 2 or 5 times a power of ten apart. */
export function ticks(low, high, most, whole = false) {
  const raw = (high - low) / Math.max(1, most), unit = raw > 0 ? 10 ** Math.floor(Math.log10(raw)) : 1;
  let by = [1, 2, 5, 10].map((k) => k * unit).find((b) => b >= raw * 0.999) ?? unit;
  if (whole) by = Math.max(1, Math.round(by));
  const from = Math.ceil(low / by - 1e-9), n = Math.floor(high / by + 1e-9) - from + 1;
  return Array.from({ length: Math.max(0, n) }, (_, i) => Number(((from + i) * by).toPrecision(12)));
}
/** A positive number as [mantissa, exponent]: 0.00031 is ["3.1", −4]; from 0.01 to 999 it stays as it is, exponent 0. */
export function scientific(value) {
  if (!Number.isFinite(value)) return ["not finite", 0];
  if (value === 0) return ["0", 0];
  if (value >= 0.00995 && value < 999.5) return [value >= 100 ? value.toFixed(0) : value.toPrecision(value < 0.0995 ? 2 : 3), 0];
  const [m, e] = value.toExponential(1).split("e");
  return [m, Number(e)];
}
const signed = (e) => String(e).replace("-", "−");
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** As text: "3.1·10⁻⁴". */
export function sci(value) {
  const [m, e] = scientific(value);
  return e ? `${m}·10${e < 0 ? "⁻" : ""}${[...String(Math.abs(e))].map((d) => RAISED[d]).join("")}` : m;
}
/** As HTML, the exponent in a <sup>. */
export function sciNodes(value) {
  const [m, e] = scientific(value);
  return e ? [`${m}·10`, el("sup", {}, signed(e))] : [m];
}
const power = (e) => (e === 0 ? ["1"] : e === 1 ? ["10"] : ["10", svg("tspan", { dy: -5, "font-size": 12 }, signed(e))]);

// ---- the chart ----------------------------------------------------------------------------------
const LEFT = 46, TOP = 12, FOOT = 40;
/** Curves over the steps 1 … n; a drawing of the widget's own may stand below them on the same steps.
 *
 *  `draw({n, low, high, log, series: [{role, dash, strong, values}], below: {room, make}, words})`: `values` are
 *  plotted as they are, so give log10 where `log` is true; a value that is not finite leaves a gap.
 *  `make(at)` returns SVG for the room below and, if any, names for its left edge; `at` has x(step), y (its top), pitch, left, right.
 *  `mark(step, [extra points])` moves the cursor only.  `pick(step)` is called at a press or a drag, `hover(step or 0)` by a mouse. */
export function lineChart(root, { label, title, pick, hover, height = 190, least = 5, most = 64, right = 34 }) {
  const grid = svg("g", { class: "grid" }), lines = svg("g"), under = svg("g"), foot = svg("g"), cursor = svg("g", { class: "cursor" });
  const axis = svg("g", { class: "yaxis" }), left = svg("g"), touch = svg("rect", { class: "touch" });
  const drawing = svg("svg", { class: "chart", role: "img" }, grid, lines, under, foot, cursor, touch, axis);
  const scroll = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `${label}; arrow keys step` }, drawing);
  let last, at, current = 1, seen = 0, down = false, wide = 0, seenShape = ""; // reading the layout costs a frame: only when the size changes
  const slide = () => put(axis, "transform", `translate(${scroll.scrollLeft} 0)`); // the scale stays in sight
  scroll.addEventListener("scroll", slide);
  const step = (e) => Math.max(1, Math.min(last.n, Math.floor((e.clientX - drawing.getBoundingClientRect().left - at.left) / at.pitch) + 1));
  touch.addEventListener("pointerdown", (e) => { down = true; touch.setPointerCapture?.(e.pointerId); pick(step(e)); });
  touch.addEventListener("pointermove", (e) => { if (down) pick(step(e)); else if (e.pointerType !== "touch") hover(step(e)); });
  for (const over of ["pointerup", "pointercancel"]) touch.addEventListener(over, () => { down = false; });
  touch.addEventListener("pointerleave", () => { if (!down) hover(0); });

  function draw(data) {
    last = data ?? last;
    if (!last) return;
    const { n, low, high, log, series, below: { room, make }, words } = last;
    wide ||= scroll.clientWidth || 620;
    const inner = wide - LEFT - right, pitch = Math.max(least, Math.min(most, inner / n));
    const y = (v) => TOP + ((high - v) / (high - low)) * (height - TOP), x = (t) => LEFT + (t - 0.5) * pitch;
    const width = Math.ceil(LEFT + n * pitch + right), tall = height + room + FOOT;
    at = { x, y: height + 10, pitch, left: LEFT, right: LEFT + n * pitch, value: y };
    put(drawing, "width", width); put(drawing, "height", tall);
    for (const [key, value] of Object.entries({ x: LEFT, y: 0, width: n * pitch, height: tall })) put(touch, key, value);
    const shape = JSON.stringify([n, low, high, wide, words, room]);
    if (shape !== seenShape) { seenShape = shape; scale(); }
    const [drawn, names] = make?.(at) ?? [];
    if (drawn && under.firstChild !== drawn) under.replaceChildren(drawn);
    if (names && left.firstChild !== names) left.replaceChildren(names);
    lines.replaceChildren(...series.map((s) => curve(s, x, y, pitch)));
    function scale() {
      const marks = ticks(low, high, Math.floor((height - TOP) / 34), log);
      grid.replaceChildren(...marks.map((v) => svg("path", { d: `M${LEFT} ${y(v).toFixed(1)}H${LEFT + n * pitch}`, class: log && v === 0 && "one" })));
      axis.replaceChildren(svg("rect", { class: "paper", width: LEFT - 2, height: tall }), ...marks.map((v) => svg("text", { x: LEFT - 8, y: y(v) + 5, "text-anchor": "end" }, log ? power(v) : String(v).replace("-", "−"))), left);
      const every = ticks(1, n, Math.max(1, (n * pitch) / 44), true), apart = every.length > 1 ? every[1] - every[0] : n;
      const shown = [...new Set([1, ...every.filter((t) => t - 1 > apart * 0.6 && n - t > apart * 0.4), n])], named = words && pitch >= 48;
      foot.replaceChildren(...(named ? words.map((_, i) => i + 1) : shown).map((t) => svg("text", { x: x(t), y: height + room + 20, "text-anchor": "middle", class: "tick" }, named ? words[t - 1] : t)),
        svg("text", { x: LEFT + Math.min(n * pitch, inner) / 2, y: tall - 3, "text-anchor": "middle", class: "axistitle" }, title));
    }
    if (width > wide) slide();
    else put(axis, "transform", "");
    mark(current);
  }
  function curve({ role, dash, strong, values }, x, y, pitch) {
    let d = "", dots = "", pen = "M";
    values.forEach((v, i) => {
      if (!Number.isFinite(v)) return (pen = "M");
      const point = `${x(i + 1).toFixed(1)} ${y(v).toFixed(1)}`;
      d += pen + point; dots += `M${point}h0`; pen = "L";
    });
    return svg("g", { class: `curve r-${role}${strong ? " strong" : ""}` }, svg("path", { d, "stroke-dasharray": dash }), strong && pitch >= 12 && svg("path", { d: dots, class: "dots" }));
  }
  function mark(step) {
    current = step;
    if (!last || !at) return;
    const x = at.x(step), points = last.series.filter((s) => Number.isFinite(s.values[step - 1]));
    cursor.replaceChildren(svg("path", { d: `M${x.toFixed(1)} ${TOP - 6}V${height + (last.below.room || 4)}` }), ...points.map((s) => svg("circle", { cx: x, cy: at.value(s.values[step - 1]), r: s.strong ? 5.5 : 3.5, class: `r-${s.role}` })));
    if (seen !== step) { seen = step; if (LEFT + last.n * at.pitch + right > wide + 4) scrollTo(scroll, x); }
  }
  const size = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(([{ contentRect }]) => { if (Math.round(contentRect.width) !== wide) { wide = Math.round(contentRect.width); draw(); } });
  size?.observe(scroll);
  return { el: scroll, drawing, draw, mark, geometry: () => at, end: () => size?.disconnect() };
}
/** A short piece of a curve, for the key. */
export const sample = ({ role, dash, strong }) => svg("svg", { width: 30, height: 12, "aria-hidden": true, class: "sample" }, svg("g", { class: `curve r-${role}${strong ? " strong" : ""}` }, svg("path", { d: "M1 6H29", "stroke-dasharray": dash })));
