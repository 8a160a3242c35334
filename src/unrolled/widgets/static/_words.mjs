// The words of a text, one of them current.  It needs the kit.
import { button, clip, el, focused, later, put, write } from "./_kit.mjs";

/** The words as buttons, in rows that wrap; one is current, one stop for the Tab key. */
export function tokenRow(label, pick) {
  const list = el("ol", { class: "toks", "aria-label": label }), words = []; // each word's button and what it shows
  let at = -1;
  function show(it, word, unknown) {
    if (it.word === word && it.unknown === unknown) return false;
    Object.assign(it, { word, unknown });
    write(it.b, clip(word, 18));
    it.b.toggleAttribute("data-unknown", unknown);
    put(it.b, "title", unknown ? `${word}: not in the vocabulary, read as <unk>` : word.length > 18 ? word : "");
    return true;
  }
  function follow() {
    const now = words[at]?.b.parentNode, { scrollTop, clientHeight } = list, y = now ? now.offsetTop - list.offsetTop : 0;
    if (now && (y < scrollTop || y + now.offsetHeight > scrollTop + clientHeight)) list.scrollTop = y - clientHeight / 2;
  }
  return {
    el: list,
    update(tokens, current, unknown = []) {
      const had = list.contains(focused(list));
      while (words.length > tokens.length) words.pop().b.parentNode.remove();
      for (let i = words.length; i < tokens.length; i++) {
        words.push({ b: button("", () => pick(i), { tabindex: -1, "aria-current": "false" }) });
        list.append(el("li", {}, words[i].b));
      }
      let moved = at !== current;
      tokens.forEach((word, i) => { if (show(words[i], word, !!unknown[i])) moved = true; });
      for (const i of [at, current]) if (words[i]) { put(words[i].b, "tabindex", i === current ? 0 : -1); put(words[i].b, "aria-current", i === current ? "step" : "false"); }
      at = current;
      if (had) words[at]?.b.focus({ preventScroll: true });
      if (moved) later(follow);
    },
  };
}
