// The way from the page to the mark: fields for written answers, and a panel that puts what this browser keeps
// into the released notebook, cell by cell by grade_id.  Nothing else in the notebook is touched.
(() => {
  const { store } = unrolled;

  // ---- written answers ---------------------------------------------------------------------------
  class Written {
    constructor(box) {
      this.task = box.dataset.task;
      this.field = box.querySelector("textarea");
      box.querySelectorAll("[hidden]").forEach((part) => { part.hidden = false; });
      this.read();
      this.field.oninput = () => store.put(this.task, { code: this.field.value || undefined });
      addEventListener("storage", ({ key }) => (key === null || key.endsWith("/" + this.task)) && this.read());
      addEventListener("pageshow", (event) => event.persisted && this.read());
    }
    read() {
      const text = store.get(this.task).code ?? "";
      if (text !== this.field.value) this.field.value = text;
    }
  }

  // ---- the notebook ------------------------------------------------------------------------------
  const isFilled = (code, stub) => Boolean(code?.trim()) && code !== stub;
  const lines = (text) => text.match(/[^\n]*\n|[^\n]+/g); // as nbformat writes a source; older Safari has no lookbehind

  // The notebook's text with the answers in it, and the ids of the tasks that have one.
  function fill(released, answerOf) {
    const notebook = JSON.parse(released), filled = [];
    for (const cell of notebook.cells) {
      const { solution, grade_id: id } = cell.metadata.nbgrader ?? {};
      const answer = solution ? answerOf(id) : undefined;
      if (!isFilled(answer, [cell.source].flat().join(""))) continue;
      cell.source = lines(answer);
      filled.push(id);
    }
    return { text: JSON.stringify(notebook, null, 1) + "\n", filled };
  }

  function save(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  // ---- the panel ---------------------------------------------------------------------------------
  class Panel {
    constructor(box) {
      this.box = box;
      Object.assign(this, JSON.parse(box.querySelector(".submission-data").textContent));
      this.button = box.querySelector(".submission-save");
      this.said = box.querySelector(".submission-said");
      this.sum = box.querySelector(".submission-sum");
      this.button.onclick = () => this.download();
      this.sum.hidden = box.querySelector(".submission-tools").hidden = false;
      const show = () => this.show();
      show();
      addEventListener("unrolled:task", show);
      addEventListener("storage", show);
      addEventListener("pageshow", (event) => event.persisted && show());
    }

    entry(id) { return store.get(`${this.chapter}/${id}`); }

    show() {
      const filled = this.tasks.filter(({ id, stub }) => isFilled(this.entry(id).code, stub));
      this.sum.textContent = filled.length ? `${filled.length} of ${this.tasks.length} tasks filled in.`
        : `None of ${this.tasks.length} tasks is filled in yet.`;
      this.button.disabled = filled.length === 0;
      for (const task of this.tasks) {
        const state = this.box.querySelector(`[data-task="${task.id}"] .submission-state`);
        if (state) [state.textContent, state.dataset.state] = this.state(task, filled.includes(task));
      }
    }

    state({ id, written, runs }, filled) {
      const { changed, solved } = this.entry(id);
      if (!filled) return ["empty", "empty"];
      if (written) return ["written", "filled"];
      if (!runs) return ["filled in; its checks run in the notebook", "filled"];
      if (!solved) return ["filled in; its checks have not passed", "filled"];
      return (changed ?? "") > solved ? ["changed since its checks passed", "filled"] : ["passes the visible checks", "passed"];
    }

    async download() {
      this.button.disabled = true;
      try {
        const answer = await fetch(this.notebook, { cache: "no-cache" });
        if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`.trim());
        const { text, filled } = fill(await answer.text(), (id) => this.entry(id).code);
        save(`${this.chapter}.ipynb`, text);
        this.say(`Saved ${this.chapter}.ipynb with ${filled.length} of ${this.tasks.length} tasks filled in. Hand it in where your course says, under this name.`);
      } catch (error) {
        console.warn(error);
        this.say(`The released notebook could not be fetched (${error.message}). What you wrote is safe in this browser: try again when you are online.`, true);
      } finally { this.button.disabled = false; }
    }

    say(text, wrong = false) {
      this.said.textContent = text;
      this.said.classList.toggle("is-wrong", wrong);
    }
  }

  document.querySelectorAll(".written-answer").forEach((box) => new Written(box));
  document.querySelectorAll(".submission").forEach((box) => new Panel(box));
})();
