// Live exercises: what happens before, between and after the runs.  Small, and all that a page loads
// until a reader touches an exercise; the editor and Python come then.  SETTINGS stands above, from the build:
// {python: is there one, bytes: of everything Python loads, version}.
(() => {
  const here = new URL(".", document.currentScript.src);
  const asset = (name) => new URL(`${name}?${SETTINGS.version}`, here);
  const megabytes = (n) => (n / 1e6).toFixed(1);

  // ---- one Python a page -------------------------------------------------------------------------
  const python = {
    worker: null, ready: false, next: 0, waiting: null, progress: () => {},
    run(job, progress) {
      this.progress = progress;
      this.worker ??= this.start();
      return new Promise((answer) => {
        this.waiting = { id: ++this.next, answer };
        this.worker.postMessage({ ...job, id: this.next });
      });
    },
    start() {
      const worker = new Worker(asset("worker.js"), { type: "module" });
      worker.onmessage = ({ data }) => {
        if (data.type === "progress") this.progress(data.got);
        if (data.type === "ready") { this.ready = true; this.progress(null); }
        if (data.type === "broken") this.end({ status: "broken", message: data.message });
        if (data.type === "answer" && data.id === this.waiting?.id) this.settle(data);
      };
      worker.onerror = (event) => { event.preventDefault(); this.end({ status: "broken", message: event.message || "the worker could not start" }); };
      return worker;
    },
    settle(answer) { const waiting = this.waiting; this.waiting = null; waiting?.answer(answer); },
    end(answer) { this.worker?.terminate(); this.worker = null; this.ready = false; this.settle(answer); },
  };

  const WORDS = { passed: "Yes.", ran: "Done.", "not yet": "Not yet.", error: "Python stopped.", stopped: "Stopped.", broken: "Python could not be loaded." };

  class Exercise {
    get kept() { return unrolled.store; }

    constructor(box) {
      this.box = box;
      this.task = JSON.parse(box.querySelector(".live-data").textContent);
      const find = (name) => box.querySelector(`.live-${name}`);
      Object.assign(this, { code: find("code"), bar: find("bar"), status: find("status"), meter: find("progress"), result: find("result") });
      Object.assign(this, { runButton: find("run"), stopButton: find("stop"), resetButton: find("reset"), mark: find("solved") });
      this.runs = SETTINGS.python && this.task.runs;
      if (this.task.runs) {
        this.runButton.onclick = () => this.run();
        this.stopButton.onclick = () => python.end({ status: "stopped", message: "You stopped the run. The next one starts a fresh Python." });
        if (!SETTINGS.python) this.noPython();
      }
      this.resetButton.onclick = () => this.reset();
      this.bar.hidden = false;
      this.helpOneByOne([...box.querySelectorAll(".live-hints details")]);
      this.text = this.kept.get(this.task.id).code ?? this.task.stub;
      this.mark.hidden = !this.kept.get(this.task.id).solved;
      this.awaitTouch();
      // another tab wrote, or the browser shows a page that it had put by
      addEventListener("storage", ({ key }) => (key === null || key.endsWith("/" + this.task.id)) && this.readAgain());
      addEventListener("pageshow", (event) => event.persisted && this.readAgain());
    }

    // Before the first touch the code is plain text: it may be read, and it costs nothing.
    awaitTouch() {
      if (this.text !== this.task.stub) this.code.querySelector("pre").textContent = this.text;
      this.code.tabIndex = 0;
      this.code.setAttribute("role", "group");
      this.code.setAttribute("aria-label", "Your code. Press Enter to edit.");
      this.code.onclick = () => { if (!getSelection().toString()) this.edit().then((editor) => editor?.focus()); };
      this.code.onkeydown = (event) => {
        if (event.target !== this.code || event.key !== "Enter") return;
        event.preventDefault();
        if (event.ctrlKey || event.metaKey) this.run(); else this.edit().then((editor) => editor?.focus());
      };
    }

    edit() {
      return (this.editing ??= import(asset("editor.js")).then(({ createEditor }) => {
        this.code.replaceChildren();
        for (const name of ["tabindex", "role", "aria-label"]) this.code.removeAttribute(name);
        this.code.onclick = this.code.onkeydown = null;
        this.editor = createEditor({
          parent: this.code, doc: this.text, label: `Your code for ${this.task.title}`, describedBy: this.box.id + "-keys",
          onRun: () => this.run(),
          onChange: (text) => { if (text === this.text) return; this.text = text; this.kept.put(this.task.id, { code: text }); },
        });
        this.box.dataset.editor = "ready";
        return this.editor;
      }).catch((error) => { this.editing = null; console.error(error); this.say("broken", "The editor could not be loaded. Is the page served over http?"); }));
    }

    async run() {
      if (!this.runs || this.box.dataset.status === "running") return;
      if (python.waiting) { this.status.textContent = "Something else on this page is still running. Wait for it, or stop it."; return; }
      this.edit();
      const began = performance.now();
      this.busy(true);
      const { setup, checks } = this.task;
      const answer = await python.run({ setup, checks, code: this.text }, (got) => this.progress(got));
      this.busy(false);
      this.box.dataset.ms = Math.round(performance.now() - began);
      if (answer.status === "passed") this.solved();
      this.say(answer.status, answer.message, answer);
    }

    busy(now) {
      this.runButton.disabled = now;
      this.stopButton.hidden = !now;
      clearTimeout(this.patience);
      this.meter.hidden = true;
      if (!now) { if (document.activeElement === document.body) this.runButton.focus({ preventScroll: true }); return; }
      this.result.replaceChildren();
      this.box.dataset.status = "running";
      this.status.textContent = python.ready ? "Running …" : `Loading Python, ${megabytes(SETTINGS.bytes)} MB, once for this page …`;
      if (python.ready) this.wait();
    }

    wait() { this.patience = setTimeout(() => { this.status.textContent = "Still running … Stop ends it."; }, 3000); }

    progress(got) {
      if (got === null) { this.meter.hidden = true; this.status.textContent = "Running …"; this.wait(); return; }
      this.meter.hidden = false;
      this.meter.max = SETTINGS.bytes;
      this.meter.value = got;
      const label = `${megabytes(got)} of ${megabytes(SETTINGS.bytes)} MB`;
      this.meter.setAttribute("aria-valuetext", label);
      this.meter.nextElementSibling.textContent = label;
    }

    say(status, message, { trace = "", output = "" } = {}) {
      this.box.dataset.status = status.replace(" ", "-");
      const [said, ...evidence] = message.replace(/^Not yet\.\s*/, "").split("\n"); // the sentence is spoken, the arrays are to be read
      this.status.textContent = `${WORDS[status]} ${said}`;
      this.status.innerHTML = this.status.innerHTML.replace(WORDS[status], `<b>${WORDS[status]}</b>`).replace(/`([^`]+)`/g, "<code>$1</code>");
      this.result?.replaceChildren(...[["live-evidence", evidence.join("\n")], ["live-trace", trace], ["live-output", output]].filter(([, text]) => text.trim()).map(([name, text]) =>
        Object.assign(document.createElement("pre"), { className: name, textContent: text, tabIndex: 0 })));
    }

    solved() {
      this.kept.put(this.task.id, { code: this.text, solved: new Date().toISOString() });
      this.mark.hidden = false;
      this.box.querySelectorAll(".live-hints details[hidden]").forEach((help) => { help.hidden = false; });
    }

    show(text) {
      this.text = text;
      if (this.editor) this.editor.set(text); else this.code.querySelector("pre").textContent = text;
    }

    readAgain() {
      const { code, solved } = this.kept.get(this.task.id);
      if ((code ?? this.task.stub) !== this.text) this.show(code ?? this.task.stub);
      this.mark.hidden = !solved;
    }

    reset() {
      this.show(this.task.stub);
      this.kept.put(this.task.id, { code: undefined });
      this.result?.replaceChildren();
      this.box.dataset.status = "idle";
      this.status.textContent = "Your code is the starting point again.";
    }

    helpOneByOne(steps) {
      const solved = this.kept.get(this.task.id).solved;
      steps.forEach((step, n) => {
        step.hidden = n > 0 && !solved;
        step.ontoggle = () => { if (step.open && steps[n + 1]) steps[n + 1].hidden = false; };
      });
    }

    noPython() {
      this.runButton.disabled = true;
      this.box.dataset.status = "unavailable";
      this.box.querySelector(".live-notebook").hidden = false;
    }
  }

  unrolled.live = { Exercise, python: SETTINGS.python }; // cells.js makes exercises of a page's cells

  const begin = () => document.querySelectorAll(".live-exercise").forEach((box) => new Exercise(box));
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin); else begin();
})();
