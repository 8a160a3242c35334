// What a page does once it is shown: the theme switch, the drawer on a phone, "/" for search, copy buttons,
// and keyboard access to whatever scrolls sideways.  Everything works, if less comfortably, without it.
(() => {
  const html = document.documentElement;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  // theme: the system's, until the reader says otherwise
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const buttons = all(".theme-switch");
  const next = { system: "light", light: "dark", dark: "system" };
  function show(choice) {
    html.dataset.choice = choice;
    html.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    for (const button of buttons) {
      button.textContent = `Theme: ${choice}`;
      button.setAttribute("aria-label", `Theme: ${choice}. Change to ${next[choice]}.`);
    }
  }
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const choice = next[html.dataset.choice];
      try {
        choice === "system" ? localStorage.removeItem("unrolled-theme") : localStorage.setItem("unrolled-theme", choice);
      } catch { /* storage is off: the choice lasts for this page */ }
      show(choice);
    });
  }
  dark.addEventListener("change", () => show(html.dataset.choice));
  show(html.dataset.choice);

  // the drawer: on a phone the contents lie over the page until a link is followed, Escape, or a touch beside them
  const menu = document.querySelector(".menu"), contents = document.getElementById("contents");
  const main = document.getElementById("main");
  menu.setAttribute("role", "button");
  function drawer(open, focus = true) {
    html.classList.toggle("drawer-open", open);
    menu.setAttribute("aria-expanded", open);
    main.inert = open;
    if (focus) (open ? contents : menu).focus();
    const here = contents.querySelector('[aria-current="true"]') ?? contents.querySelector("li.current > a");
    if (open && here) bring(here);
  }
  menu.setAttribute("aria-expanded", "false");
  menu.addEventListener("click", (event) => { event.preventDefault(); drawer(!html.classList.contains("drawer-open")); });
  menu.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); menu.click(); } });
  document.addEventListener("click", (event) => {
    if (!html.classList.contains("drawer-open") || menu.contains(event.target)) return;
    if (!contents.contains(event.target) || event.target.closest("a")) drawer(false, false);
  });
  matchMedia("(min-width: 64rem)").addEventListener("change", (wide) => { if (wide.matches) drawer(false, false); });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && html.classList.contains("drawer-open")) drawer(false);
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], .cm-editor");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const field = document.querySelector('input[name="q"]');
      if (!field) return;
      event.preventDefault();
      if (contents.contains(field) && getComputedStyle(menu).display !== "none" && menu.offsetParent) drawer(true);
      field.focus();
    }
  });

  // where the reader is, in the contents
  function bring(link) { // into the list's own window; scrollIntoView would stop a page that is just scrolling
    const box = contents.getBoundingClientRect(), { top, bottom } = link.getBoundingClientRect();
    if (top < box.top + 40 || bottom > box.bottom - 40) contents.scrollTop += top - box.top - box.height / 3;
  }
  const entry = contents.querySelector("li.current > a");
  if (entry) requestAnimationFrame(() => bring(entry));
  const links = new Map(all('.sections > ul > li > ul > li > a').map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
  const sections = [...links.keys()].map((id) => id && document.getElementById(id)).filter(Boolean);
  if (sections.length && "IntersectionObserver" in window) {
    const mark = () => {
      const passed = sections.filter((section) => section.getBoundingClientRect().top < 120);
      const here = passed.at(-1);
      for (const [id, link] of links) {
        if (id !== here?.id) link.removeAttribute("aria-current");
        else if (!link.hasAttribute("aria-current")) { link.setAttribute("aria-current", "true"); bring(link); }
      }
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; mark(); });
    }, { passive: true });
    requestAnimationFrame(mark);
  }

  // copy a block of code; prompts and outputs have no button
  if (navigator.clipboard) for (const block of all("article .highlight")) {
    if (block.closest(".cell_output, .source, .live-exercise, .live") || block.matches(".highlight-none *")) continue;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.querySelector("pre").innerText.replace(/\n$/, ""));
        button.textContent = "Copied";
      } catch { button.textContent = "Not allowed"; }
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
    block.append(button);
  }

  // what scrolls sideways can be reached and scrolled with the keyboard, and its edge fades while more lies beyond it
  const SIDEWAYS = "article pre, .math-scroll, .table-scroll, .drawing-scroll, .plot-scroll";
  const more = (box) => box.scrollLeft + box.clientWidth < box.scrollWidth - 4;
  const reach = () => {
    // all is read before anything is written: each change in between would have the browser lay out the page again
    const boxes = all(SIDEWAYS).map((box) => [box, box.scrollWidth > box.clientWidth + 1, more(box)]);
    for (const [box, wide, beyond] of boxes) {
      if (wide && !box.hasAttribute("tabindex")) box.tabIndex = 0;
      else if (!wide && box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
      box.classList.toggle("more", beyond);
    }
  };
  document.addEventListener("scroll", ({ target }) => {
    if (target !== document && target.matches(SIDEWAYS)) target.classList.toggle("more", more(target));
  }, { capture: true, passive: true });
  document.readyState === "complete" ? reach() : addEventListener("load", reach);
  document.fonts?.ready.then(reach);
  let resizing;
  addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(reach, 150); });
})();
