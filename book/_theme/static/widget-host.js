// Brings anywidgets to life on a page that has no kernel.
//
// myst-nb leaves two things in a page: one <script type="…widget-state+json"> with the saved state of every
// model (an anywidget's holds its own source, `_esm`), and a <script type="…widget-view+json"> wherever a
// widget was shown.  A model here is that state and its listeners; each view of a model shares it.  A widget
// starts when it comes near the screen.  One that fails says so in its own place and leaves the others alone.
// Trained weights and long modules are not in the page: {hash, url} in a trait stands for a file, loaded once for all who ask.
(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const NEAR = "600px"; // most of a screen ahead; the place is as high as the widget, so a late start moves nothing

  // ---- models
  class Model {
    #state; #listeners = new Map(); #unsaved = new Set();
    constructor(state) { this.#state = state; }
    get(name) { return this.#state[name]; }
    set(name, value) {
      if (name !== null && typeof name === "object") { for (const key of Object.keys(name)) this.set(key, name[key]); return; }
      if (typeof name !== "string") throw new TypeError(`model.set: expected a trait's name, got ${typeof name}`);
      if (Object.is(this.#state[name], value)) return;
      this.#state[name] = value;
      this.#unsaved.add(name);
      this.#emit(`change:${name}`, this, value);
      this.#emit("change", this);
    }
    save_changes() { this.#unsaved.clear(); } // there is nobody to tell: the state is the page's own
    send() { // a message to Python, which is not here; a widget that needs an answer would wait for ever
      console.debug("widget: a message for the kernel was dropped; this page has none");
    }
    on(events, listener) {
      if (typeof listener !== "function") throw new TypeError("model.on: expected a function");
      for (const event of words(events)) {
        if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
        this.#listeners.get(event).add(listener);
      }
      return this;
    }
    off(events, listener) {
      if (events === null || events === undefined) {
        if (!listener) this.#listeners.clear();
        else for (const listeners of this.#listeners.values()) listeners.delete(listener);
      } else for (const event of words(events)) {
        if (listener) this.#listeners.get(event)?.delete(listener);
        else this.#listeners.delete(event);
      }
      return this;
    }
    #emit(event, ...details) { // one listener's mistake must not silence the others
      for (const listener of [...(this.#listeners.get(event) ?? [])]) {
        try { listener(...details); } catch (error) { console.error(`widget, on ${event}:`, error); }
      }
    }
  }
  const words = (events) => String(events).trim().split(/\s+/).filter(Boolean);

  // ---- what is saved in the page
  function read() {
    const models = {};
    for (const script of document.querySelectorAll(STATE)) {
      try { Object.assign(models, JSON.parse(script.textContent).state); }
      catch (error) { console.error("widget: the saved state can't be read:", error); }
    }
    return models;
  }
  function revive({ state, buffers = [] }) { // binary traits are saved beside the state, as base64
    for (const { path, data, encoding = "base64" } of buffers) {
      if (encoding !== "base64") throw new Error(`a saved buffer is ${encoding}, expected base64`);
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const holder = path.slice(0, -1).reduce((value, key) => value[key], state);
      holder[path.at(-1)] = new DataView(bytes.buffer);
    }
    return state;
  }

  // ---- modules and styles, each once a page
  const modules = new Map(), styles = new Set();
  function load(source) {
    if (!modules.has(source)) {
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      modules.set(source, import(url).finally(() => URL.revokeObjectURL(url)));
    }
    return modules.get(source);
  }
  function style(css) {
    if (!css || styles.has(css)) return;
    styles.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  // ---- weights and modules, each file once a page; one that failed is asked for again by the next who needs it
  // A file is a script that puts its value under its name: a page opened from a folder may run its neighbours, not read them.
  const files = new Map(), arrived = (window.unrolledFiles = {});
  function fetched(url) {
    const name = url.split("/").at(-1), what = `The ${name.endsWith(".module.js") ? "module that draws it" : "weights that it computes with"} could not be loaded`;
    if (!files.has(url)) files.set(url, new Promise((found, lost) => {
      const script = Object.assign(document.createElement("script"), { src: url });
      const end = (settle, value) => { script.remove(); delete arrived[name]; settle(value); };
      script.onload = () => (name in arrived ? end(found, arrived[name]) : end(lost, new Error(`${what}: ${url} is damaged.`)));
      script.onerror = () => end(lost, new Error(`${what}: ${url} is not there, or the server can't be reached.`));
      document.head.append(script);
    }).catch((error) => { files.delete(url); throw error; }));
    return files.get(url);
  }
  const away = (value) => typeof value?.url === "string" && typeof value.hash === "string";
  const needs = (value) => away(value) || (value !== null && typeof value === "object" && Object.values(value).some(needs));
  async function whole(value) { // the same value with every file in its place
    if (away(value)) return fetched(value.url);
    if (!needs(value)) return value;
    if (Array.isArray(value)) return Promise.all(value.map(whole));
    return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, part]) => [key, await whole(part)])));
  }

  // ---- running
  const saved = read(), running = new Map();
  function start(id) { // → {model, widget}, shared by all views of the model
    if (!running.has(id)) running.set(id, (async () => {
      const state = revive(await whole(saved[id]));
      style(state._css);
      const model = new Model(state), exported = (await load(state._esm)).default;
      const widget = typeof exported === "function" ? await exported() : exported;
      if (typeof widget?.render !== "function") throw new Error("its module exports no render function");
      await widget.initialize?.({ model });
      return { model, widget };
    })());
    return running.get(id);
  }
  // one at a time, when the browser has nothing else to do: a reader who scrolls is not held up
  const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, 1));
  const waitingTurns = [];
  function nextTurn() {
    waitingTurns.shift()();
    if (waitingTurns.length) idle(nextTurn, { timeout: 300 });
  }
  const turn = () => new Promise((go) => { if (waitingTurns.push(go) === 1) idle(nextTurn, { timeout: 300 }); });

  async function show(id, el) {
    try {
      if (needs(saved[id].state) && !running.has(id)) el.append(waiting());
      const { model, widget } = await start(id);
      await turn();
      el.querySelector(":scope > .widget-waiting")?.remove();
      await widget.render({ model, el });
      el.dataset.state = "alive";
    } catch (error) {
      console.error("widget:", error);
      fail(el, `It could not start: ${error?.message ?? error}`);
    }
    el.removeAttribute("aria-busy");
  }
  const waiting = () => Object.assign(document.createElement("p"), { className: "widget-waiting", textContent: "Loading …", role: "status" });
  function fail(el, why) {
    el.dataset.state = "failed";
    el.className = "widget-place widget-failed";
    const title = Object.assign(document.createElement("b"), { textContent: "This drawing is not alive." });
    el.replaceChildren(title, ` ${why} Reloading the page may help; the text does not depend on it.`);
  }

  // the page has a place for it, already as high as the widget will be (book/_ext/places.py); elsewhere one is made
  function place(script) {
    let el = script.closest(".widget-place");
    if (!el) script.replaceWith(el = Object.assign(document.createElement("div"), { className: "widget-place" }));
    el.replaceChildren();
    return el;
  }
  const places = new Map();
  const near = "IntersectionObserver" in window && new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) { near.unobserve(target); show(places.get(target), target); }
  }, { rootMargin: NEAR });
  for (const script of document.querySelectorAll(VIEW)) {
    let id;
    try { id = JSON.parse(script.textContent).model_id; } catch { /* said below */ }
    const state = saved[id]?.state, el = place(script);
    if (!state) { fail(el, "Its saved state is not in the page."); continue; }
    if (!state._esm) { fail(el, "It needs a running kernel: open the notebook in Jupyter."); continue; }
    el.setAttribute("aria-busy", "true");
    places.set(el, id);
    near ? near.observe(el) : show(id, el);
  }
  // on paper, everything is near the screen
  addEventListener("beforeprint", () => { for (const [el, id] of places) if (!el.dataset.state && near) { near.unobserve(el); el.dataset.state = "starting"; show(id, el); } });
})();
