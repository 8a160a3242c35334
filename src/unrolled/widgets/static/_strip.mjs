// A matrix as a strip of colours over the words.  It needs the kit.
import { clip, dress, el, headRow, scrollTo, svg, token, write } from "./_kit.mjs";

/** A matrix as coloured cells on a canvas, words above and names at the left as text.  Zero is the page's
 *  own colour; a negative cell is striped, so the sign does not hang on a hue.
 *  `draw({values: rows of numbers, rows, columns, current, shown, lit})`; cells from `shown` on stay empty. */
export function heatStrip(root, { role, label, pick, cell: [least, most] = [16, 56], height = 24 }) {
  const canvas = el("canvas", { role: "img", "aria-label": label });
  const names = el("div", { class: "names", "aria-hidden": true }), heads = headRow();
  const scroll = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `${label}; arrow keys step` }, heads.el, canvas);
  const box = el("div", { class: "strip" }, names, scroll);
  let last, width = 0, wide = 0, tile, tiled = "";
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
  /** The stripes of a negative cell, drawn once: a clip a cell is slow. */
  function stripes(w, h, scale, paper) {
    const key = [w, h, scale, paper].join();
    if (key === tiled) return tile;
    tiled = key; tile = el("canvas", { width: Math.ceil(w * scale), height: Math.ceil(h * scale) });
    const g = tile.getContext("2d");
    g.scale(scale, scale); g.strokeStyle = paper; g.lineWidth = 1.5;
    for (let k = -h; k < w; k += 6) { g.moveTo(k, h); g.lineTo(k + h, 0); }
    g.stroke();
    return tile;
  }
  function draw(data) {
    last = data ?? last;
    if (!last) return;
    const { values, rows, columns, current, lit = -1 } = last, n = columns.length;
    wide ||= scroll.clientWidth || 320;
    width = Math.max(least, Math.min(most, Math.floor(wide / n)));
    const scale = window.devicePixelRatio || 1, W = width * n, H = height * values.length;
    canvas.width = W * scale; canvas.height = H * scale;
    dress(canvas, `width:${W}px;height:${H}px`);
    const g = canvas.getContext("2d"), colour = token(root, role), paper = token(root, "paper"), rule = token(root, "rule");
    const minus = stripes(width - 2, height - 2, scale, paper);
    g.scale(scale, scale);
    cells((x, y, w, h, v, r) => {
      g.globalAlpha = lit >= 0 && lit !== r ? 0.35 : 1;
      g.strokeStyle = rule; g.lineWidth = 1; g.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
      g.globalAlpha *= Math.abs(v); g.fillStyle = colour; g.fillRect(x, y, w, h);
      if (v >= 0) return;
      g.globalAlpha = 1;
      g.drawImage(minus, x, y, minus.width / scale, minus.height / scale);
    });
    g.globalAlpha = 1;
    if (current >= 0) { g.strokeStyle = token(root, "ink"); g.lineWidth = 2; g.strokeRect(current * width + 0, 1, width - 2, H - 3); }
    while (names.children.length > rows.length) names.lastChild.remove();
    rows.forEach((name, r) => write(names.children[r] ?? names.appendChild(el("div", { style: `height:${height}px` })), clip(name, 12)));
    let free = -Infinity; // thin the words out: the current one, and the others where there is room, the same ones at every step
    const room = (i) => Math.min(clip(columns[i], 10).length * 7.5 + 8, 90);
    heads.put(columns.map((word, i) => {
      const x = i * width, from = current * width, fits = x >= free;
      if (fits) free = x + room(i);
      return (i === current || (fits && (current < 0 || x >= from + room(current) || x + room(i) <= from))) && [i, x, clip(word, 10), i === current];
    }).filter(Boolean));
    dress(heads.el, `width:${W}px`);
    scrollTo(scroll, (current + 0.5) * width);
  }
  const size = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(([{ contentRect }]) => { if (Math.round(contentRect.width) !== wide) { wide = Math.round(contentRect.width); draw(); } });
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
