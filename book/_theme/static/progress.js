// How far a reader has come: a count by each chapter of the contents, and the overview where a page has one,
// with the file in which the work can be taken elsewhere.  What counts is in #course-tasks, from the build.
(() => {
  const { store } = unrolled;
  const course = JSON.parse(document.getElementById("course-tasks").textContent); // chapter → tasks that can be checked in a page
  const number = (chapter) => Number(chapter.slice(2, 4));
  const solvedOf = (chapter) => course[chapter].map((task) => Boolean(store.get(`${chapter}/${task}`).solved));

  // ---- the contents: quiet until something is solved ---------------------------------------------
  const links = [...document.querySelectorAll(".contents a:not(.sections a)")]
    .map((link) => [link, /\/book\/(ch\d\d_\w+)\.html$/.exec(link.pathname)?.[1]])
    .filter(([, chapter]) => chapter in course);

  function markContents() {
    for (const [link, chapter] of links) {
      link.querySelector(".contents-mark")?.remove();
      const solved = solvedOf(chapter), n = solved.filter(Boolean).length;
      if (!n) continue;
      const mark = Object.assign(document.createElement("span"), { className: "contents-mark", textContent: `${n}/${solved.length}` });
      mark.append(Object.assign(document.createElement("span"), { className: "only-read", textContent: " exercises solved" }));
      mark.classList.toggle("is-whole", n === solved.length);
      link.append(mark);
    }
  }

  // ---- the overview ------------------------------------------------------------------------------
  const box = document.querySelector(".progress-overview");
  const keeps = store.works();
  const find = (name) => box.querySelector(`.progress-${name}`);

  function showOverview() {
    let all = 0, done = 0;
    for (const row of box.querySelectorAll("[data-chapter]")) {
      const solved = solvedOf(row.dataset.chapter), n = solved.filter(Boolean).length;
      all += solved.length;
      done += n;
      row.querySelector(".progress-count").textContent = `${n} of ${solved.length} solved`;
      row.querySelector(".progress-dots").replaceChildren(...solved.map((is) => Object.assign(document.createElement("i"), { className: is ? "is-solved" : "" })));
    }
    const answers = Object.values(store.all()).filter(({ code }) => code?.trim()).length;
    find("sum").textContent = !keeps ? "This browser keeps nothing (a private window?), so what you solve here is gone when the page closes."
      : done ? `You have solved ${done} of ${all} exercises. That is noted in this browser, on this machine.`
      : answers ? `You have begun ${answers} ${answers === 1 ? "answer" : "answers"}. What passes its checks is marked here.`
      : `Nothing is solved yet. Of ${all} exercises, those that pass their checks are marked here, in this browser.`;
    find("save").disabled = Object.keys(store.all()).length === 0;
    find("undo").hidden = !store.canTakeBack();
  }

  function say(text, wrong = false) {
    find("said").textContent = text;
    find("said").classList.toggle("is-wrong", wrong);
  }

  const count = (tasks) => `${tasks.length} ${tasks.length === 1 ? "answer" : "answers"}`;
  const names = (tasks) => tasks.map((task) => `${task.split("/")[1]} (chapter ${number(task)})`).join(", ");

  function account({ added, replaced, kept, marked, same }) {
    const parts = [
      added.length && `${count(added)} added.`,
      marked.length && `${marked.length} solved ${marked.length === 1 ? "mark" : "marks"} added.`,
      replaced.length && `Newer in the file, so taken from it: ${names(replaced)}.`,
      kept.length && `Newer here, so left as it is here: ${names(kept)}; the other version is still in the file.`,
      same.length && `${same.length} ${same.length === 1 ? "was" : "were"} here already.`,
    ].filter(Boolean);
    return parts.join(" ") || "The file is whole, and empty: nothing was changed.";
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([store.toFile()], { type: "application/json" }));
    link.download = `unrolled-progress-${new Date().toISOString().slice(0, 10)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`Saved as ${link.download}. Read it in another browser, or keep it.`);
  }

  async function open(file) {
    try {
      if (file.size > 20e6) throw new Error("This file is too large to be a progress file.");
      say(account(store.bring(store.fromFile(await file.text()))));
    } catch (error) { say(`${error.message} Nothing here was changed.`.replace(/(Nothing was changed\.) .*/, "$1"), true); }
  }

  function begin() {
    const chosen = find("file");
    find("tools").hidden = false;
    find("save").onclick = save;
    find("open").onclick = () => chosen.click();
    chosen.onchange = async () => { if (chosen.files.length) await open(chosen.files[0]); chosen.value = ""; };
    find("undo").onclick = () => {
      const back = store.takeBack();
      say(`${back.length} ${back.length === 1 ? "task is" : "tasks are"} as before the file; what you changed since is left alone.`);
      find("open").focus();
    };
  }

  const show = () => { markContents(); if (box) showOverview(); };
  if (box) begin();
  show();
  addEventListener("unrolled:task", show);
  addEventListener("storage", ({ key }) => (key === null || store.owns(key)) && show()); // another tab, or a write of the page before that arrives late
  addEventListener("pageshow", (event) => event.persisted && show()); // back to a page that the browser kept
})();
