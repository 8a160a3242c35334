// A matrix as a strip of colours over the words.  It needs the kit.
import { clip, el, scrollTo, svg, token } from "./_kit.mjs";

/** A matrix as coloured cells on a canvas, words above and names at the left as text.  Zero is the page's
 *  own colour; a negative cell is striped, so the sign does not hang on a hue.
 *  `draw({values: rows of numbers, rows, columns, current, shown, lit})`; cells from `shown` on stay empty. */
export function heatStrip(root, { role, label, pick, cell: [least, most] = [16, 56], height = 24 }) {
  const canvas = el("canvas", { role: "img", "aria-label": label });
  const names = el("div", { class: "names", "aria-hidden": true }), heads = el("div", { class: "heads", "aria-hidden": true });
  const scroll = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `${label}; arrow keys step` }, heads, canvas);
  const box = el("div", { class: "strip" }, names, scroll);
  let last, width = 0;
  const column = (event) => Math.floor((event.clientX - canvas.getBoundingClientRect().left) / width);
  let down = false;
  canvas.addEventListener("pointerdown", (e) => { down = true; canvas.setPointerCapture?.(e.pointerId); pick?.(column(e)); });
  canvas.addEventListener("pointermove", (e) => { if (down) pick?.(column(e)); });
  canvas.addEventListener("pointerup", () => { down = false; });
  canvas.addEventListener("pointercancel", () => { down = false; });
  function cells(paint) {
    const { values, shown = Infinity } = last;
    const peak = Math.max(1, ...values.flat().filter(Number.isFinite).map(Math.abs));
    values.forEach((row, r) => row.forEach((v, c) => c < shown && paint(c * width, r * height, width - 2, height - 2, v / peak, r)));
  }
  function draw(data) {
    last = data ?? last;
    if (!last) return;
    const { values, rows, columns, current, lit = -1 } = last, n = columns.length;
    width = Math.max(least, Math.min(most, Math.floor((scroll.clientWidth || 320) / n)));
    const scale = window.devicePixelRatio || 1, W = width * n, H = height * values.length;
    canvas.width = W * scale; canvas.height = H * scale;
    canvas.style.cssText = `width:${W}px;height:${H}px`;
    const g = canvas.getContext("2d"), colour = token(root, role), paper = token(root, "paper"), rule = token(root, "rule");
    g.scale(scale, scale);
    cells((x, y, w, h, v, r) => {
      g.globalAlpha = lit >= 0 && lit !== r ? 0.35 : 1;
      g.strokeStyle = rule; g.lineWidth = 1; g.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
      g.globalAlpha *= Math.abs(v); g.fillStyle = colour; g.fillRect(x, y, w, h);
      if (v >= 0) return;
      g.save(); g.globalAlpha = 1; g.strokeStyle = paper; g.lineWidth = 1.5; g.beginPath(); g.rect(x, y, w, h); g.clip(); g.beginPath();
      for (let k = -h; k < w; k += 6) { g.moveTo(x + k, y + h); g.lineTo(x + k + h, y); }
      g.stroke(); g.restore();
    });
    g.globalAlpha = 1;
    if (current >= 0) { g.strokeStyle = token(root, "ink"); g.lineWidth = 2; g.strokeRect(current * width + 0, 1, width - 2, H - 3); }
    names.replaceChildren(...rows.map((name) => el("div", { style: `height:${height}px` }, clip(name, 12))));
    let free = -Infinity; // thin the words out: the current one first, the others where there is room
    const room = (i) => Math.min(clip(columns[i], 10).length * 7.5 + 8, 90);
    heads.replaceChildren(...columns.map((word, i) => {
      const near = i !== current && current >= 0 && i * width < current * width + room(current) && i * width + room(i) > current * width;
      if (i * width < free || near) return null;
      free = i * width + room(i);
      return el("span", { style: `left:${i * width}px`, class: i === current && "now" }, clip(word, 10));
    }).filter(Boolean));
    heads.style.width = `${W}px`;
    scrollTo(scroll, (current + 0.5) * width);
  }
  const size = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => draw());
  size?.observe(scroll);
  return {
    el: box, canvas, draw, end: () => size?.disconnect(),
    /** The same cells as SVG, for the export. */
    svg(x0, y0) {
      const g = svg("g", { transform: `translate(${x0} ${y0})` }), colour = token(root, role);
      cells((x, y, w, h, v) => g.append(svg("rect", { x, y, width: w, height: h, fill: colour, "fill-opacity": Math.abs(v).toFixed(3), stroke: v < 0 ? colour : "none", "stroke-dasharray": "3 2" })));
      return g;
    },
  };
}
