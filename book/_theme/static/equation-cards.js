// A link to an equation shows it in a card: on hover, and on focus by keyboard.  Escape closes it; the mouse may enter it.
// A touch follows the link, as links do.  The equations come as a script, at the first card, so that a folder will do.
(() => {
  const LINK = 'a[href*="#equation-eq-"]', WAIT = 160, LEAVE = 250;
  const file = new URL("equations.js", document.currentScript.src);
  let card, link, timer, loaded;

  const load = () => loaded ??= new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: file, onload: done, onerror: failed });
    document.head.append(script);
  });

  function make() {
    card = Object.assign(document.createElement("div"), { id: "equation-card", className: "equation-card", hidden: true });
    card.setAttribute("role", "tooltip");
    card.addEventListener("pointerenter", () => clearTimeout(timer));
    card.addEventListener("pointerleave", () => later(hide, LEAVE));
    (document.querySelector("main") ?? document.body).append(card);
  }

  function fill({ html, where }) {
    const box = Object.assign(document.createElement("div"), { className: "math-scroll", innerHTML: html });
    box.querySelectorAll("annotation").forEach((tex) => tex.remove()); // else it is read out a second time
    card.replaceChildren(box, Object.assign(document.createElement("p"), { textContent: where }));
  }

  /** Under the link where there is room, else above it; inside the window from side to side. */
  function place() {
    const at = link.getClientRects()[0], size = card.getBoundingClientRect(), width = document.documentElement.clientWidth;
    const below = at.bottom + 8 + size.height <= innerHeight || at.top < size.height + 8;
    card.style.left = `${scrollX + Math.max(8, Math.min(at.left, width - size.width - 8))}px`;
    card.style.top = `${scrollY + (below ? at.bottom + 8 : at.top - size.height - 8)}px`;
  }

  async function show(next) {
    try { await load(); } catch { return; } // the link still leads there
    const equation = window.unrolledEquations[decodeURIComponent(next.hash.slice(1))];
    if (!equation || next !== wanted) return;
    if (!card) make();
    hide();
    link = next;
    fill(equation);
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    place();
  }

  let wanted;
  function hide() {
    clearTimeout(timer);
    if (card) card.hidden = true;
    link?.removeAttribute("aria-describedby");
    link = undefined;
  }
  function later(what, ms) { clearTimeout(timer); timer = setTimeout(what, ms); }
  const linkOf = (event) => { const found = event.target.closest?.(LINK); return found?.closest(".eqno") ? null : found; };

  document.addEventListener("pointerover", (event) => {
    const found = event.pointerType !== "touch" && linkOf(event);
    if (!found) return;
    wanted = found;
    found === link ? clearTimeout(timer) : later(() => show(found), WAIT);
  });
  document.addEventListener("pointerout", (event) => {
    const found = linkOf(event);
    if (found) { if (found === wanted) wanted = undefined; later(hide, LEAVE); }
  });
  document.addEventListener("focusin", (event) => {
    const found = linkOf(event);
    if (found?.matches(":focus-visible")) { wanted = found; clearTimeout(timer); show(found); }
  });
  document.addEventListener("focusout", (event) => { if (linkOf(event)) { wanted = undefined; hide(); } });
  document.addEventListener("click", (event) => { if (!card?.contains(event.target)) { wanted = undefined; hide(); } });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { wanted = undefined; hide(); } });
})();
