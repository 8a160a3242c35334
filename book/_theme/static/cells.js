// "Edit and run" under the cells of a page that can run in the browser.  A click turns the cell into the box of an
// exercise, with its editor, its bar and the page's one Python; all of that is live.js's.  Nothing is kept: what a
// reader makes of an example lasts until they leave the page.
(() => {
  const page = document.getElementById("live-cells");
  if (!page || !globalThis.unrolled?.live?.python) return;
  // [cell, text, names that it makes or changes, statements before it] each; [cell, statements before it] each
  const { statements, cells } = JSON.parse(page.textContent);
  const open = [];

  class Cell extends unrolled.live.Exercise {
    get kept() { return { get: () => ({}), put() {} }; }

    constructor(box, number, before, shown) {
      super(box);
      Object.assign(this, { number, before, shown });
      Object.defineProperty(this.task, "setup", { get: () => this.setup() });
      open.push(this);
    }

    get changed() { return this.text !== this.task.stub; }

    // The statements of earlier cells that this one depends on; of a changed one, also those behind each name that it mentions now.
    needs() {
      const needed = new Set(this.before), names = new Set(this.changed ? this.text.match(/[A-Za-z_]\w*/g) : []);
      statements.forEach(([cell, , touches, before], n) => {
        if (cell < this.number && touches.some((name) => names.has(name))) [n, ...before].forEach((m) => needed.add(m));
      });
      return needed;
    }

    // Their text, in order.  An earlier cell that the reader has changed runs as it is now, whole, in place of its statements.
    setup() {
      const needed = this.needs(), parts = new Map();
      const changed = open.filter((cell) => cell.changed && cell.number < this.number).sort((a, b) => b.number - a.number);
      const theirs = changed.filter((cell) => {
        if (![...needed].some((n) => statements[n][0] === cell.number)) return false;
        cell.needs().forEach((n) => needed.add(n));
        return true;
      });
      for (const n of [...needed].sort((a, b) => a - b)) {
        const own = theirs.find((cell) => cell.number === statements[n][0]);
        parts.set(own ?? n, own?.text ?? statements[n][1]);
      }
      return [...parts.values()].join("\n");
    }

    // The reader's own output takes the place of the book's; Reset brings that back.
    say(status, ...rest) {
      super.say(status, ...rest);
      if (status === "ran" || status === "error") this.showBooks(false);
    }

    reset() {
      super.reset();
      this.status.textContent = "The book's own code again.";
      this.showBooks(true);
    }

    showBooks(yes) { this.shown.forEach((output) => { output.hidden = !yes; }); }
  }

  function turn(input, cell, [number, before]) {
    const source = input.querySelector('[class*="highlight-"]');
    const stub = source.querySelector("pre").textContent.replace(/\n$/, "");
    const box = document.getElementById("live-cell").content.firstElementChild.cloneNode(true);
    box.id = `live-cell-${number}`;
    box.setAttribute("aria-label", "A cell to edit and run");
    box.querySelector(".live-keys").id = `${box.id}-keys`;
    box.querySelector("pre").textContent = stub;
    const data = JSON.stringify({ id: "", title: "this cell", stub, checks: "", runs: true });
    box.append(Object.assign(document.createElement("script"), { type: "application/json", className: "live-data", textContent: data }));
    input.prepend(box);
    input.querySelector(".cell-edit").remove();
    source.hidden = true;
    const live = new Cell(box, number, before, cell.querySelectorAll(".cell_output"));
    live.run();
    live.edit().then((editor) => { if (matchMedia("(hover: hover)").matches) editor?.focus(); });
  }

  document.querySelectorAll(".cell-runs").forEach((cell, n) => {
    const input = cell.querySelector(".cell_input");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "cell-edit", textContent: "Edit and run" });
    button.onclick = () => turn(input, cell, cells[n]);
    input.append(button);
  });
})();
