// What this browser keeps of a reader's work: one entry a task, {code, changed, solved}, times in ISO 8601.
// Small, on every page; live.js and submission.js write, progress.js shows.  globalThis.unrolled.store is all there is.
(() => {
  const PREFIX = "unrolled/task/", UNDO = "unrolled/before-import";
  const FORM = "unrolled-progress", VERSION = 1;
  const TASK = /^ch\d\d_\w+\/[\w-]+$/;
  const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
  const LONGEST = 200_000; // characters of one answer: far more than any, and far less than a browser keeps

  const unkept = new Map(); // what a browser that keeps nothing still knows on this page

  function read(key) { try { return JSON.parse(unkept.get(key) ?? localStorage.getItem(key)); } catch { return null; } }
  function write(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } }
  const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const tell = (task) => dispatchEvent(new CustomEvent("unrolled:task", { detail: { task } }));

  function get(task) { const kept = read(PREFIX + task); return plain(kept) ? kept : {}; }

  function put(task, change) {
    const kept = get(task), next = { ...kept, ...change };
    if (next.code !== kept.code) next.changed = new Date().toISOString();
    if (write(PREFIX + task, next)) unkept.delete(PREFIX + task); else unkept.set(PREFIX + task, JSON.stringify(next));
    tell(task);
  }

  function all() {
    const keys = new Set(unkept.keys());
    try { Object.keys(localStorage).forEach((key) => keys.add(key)); } catch { /* storage is off */ }
    const tasks = [...keys].filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length)).filter((task) => TASK.test(task));
    return Object.fromEntries(tasks.sort().map((task) => [task, get(task)]));
  }

  function works() {
    const before = "unrolled/works";
    if (!write(before, 1)) return false;
    localStorage.removeItem(before);
    return true;
  }

  // ---- the file ----------------------------------------------------------------------------------
  function toFile() {
    return JSON.stringify({ form: FORM, version: VERSION, saved: new Date().toISOString(), tasks: all() }, null, 1) + "\n";
  }

  // The tasks of a progress file; throws an Error whose message is for the reader.
  function fromFile(text) {
    let file;
    try { file = JSON.parse(text); } catch { throw new Error("This file cannot be read: it is no JSON, or it is damaged."); }
    if (!plain(file) || file.form !== FORM) throw new Error("This is no progress file of this course.");
    if (file.version !== VERSION) throw new Error(`This file has version ${JSON.stringify(file.version)} and this page reads version ${VERSION}: reload the page, then try again.`);
    if (!plain(file.tasks)) throw new Error("This file is damaged: it lists no tasks.");
    const tasks = {};
    for (const [task, entry] of Object.entries(file.tasks)) {
      if (!TASK.test(task) || !isEntry(entry)) throw new Error(`This file is damaged at “${task.slice(0, 60)}”.`);
      const { code, changed, solved } = entry;
      tasks[task] = { code, changed, solved };
    }
    return tasks;
  }

  function isEntry(entry) {
    if (!plain(entry)) return false;
    const time = (value) => value === undefined || (typeof value === "string" && TIME.test(value));
    const code = entry.code === undefined || (typeof entry.code === "string" && entry.code.length <= LONGEST);
    return code && time(entry.changed) && time(entry.solved);
  }

  // One task, here and in the file: [what to keep, what was done].  The newer answer wins; with no telling, the one here.
  function merge(here, there) {
    const solved = here.solved ?? there.solved, marked = solved !== here.solved ? "marked" : "same";
    if (there.code === undefined || there.code === here.code) return [{ ...here, solved }, marked];
    const theirs = { ...there, solved: there.solved ?? here.solved };
    if (here.code === undefined) return [theirs, "added"];
    const newer = (there.changed ?? "") > (here.changed ?? "");
    return newer ? [theirs, "replaced"] : [{ ...here, solved }, "kept"];
  }

  // Merge the tasks of a file; {added, replaced, kept, marked, same}: lists of tasks.  Throws where the browser keeps nothing.
  function bring(tasks) {
    const done = { added: [], replaced: [], kept: [], marked: [], same: [] }, changes = {};
    for (const [task, there] of Object.entries(tasks)) {
      const before = get(task), [after, what] = merge(before, there);
      done[what].push(task);
      if (JSON.stringify(before) !== JSON.stringify(after)) changes[task] = { before, after };
    }
    if (Object.keys(changes).length) {
      // what was here is written down before anything is changed
      const fits = write(UNDO, changes) && Object.entries(changes).every(([task, { after }]) => write(PREFIX + task, after));
      if (!fits) { takeBack(); throw new Error("This browser has no room for it, or keeps nothing (a private window?). Nothing was changed."); }
    }
    tell(null);
    return done;
  }

  // Undo the last import, but for what has been changed since; the tasks that are as before again.
  function takeBack() {
    const changes = Object.entries(read(UNDO) ?? {}), back = [];
    for (const [task, { before, after }] of changes) {
      if (JSON.stringify(get(task)) !== JSON.stringify(after)) continue;
      if (Object.keys(before).length) write(PREFIX + task, before); else localStorage.removeItem(PREFIX + task);
      back.push(task);
    }
    try { localStorage.removeItem(UNDO); } catch { /* storage is off: there was nothing */ }
    tell(null);
    return back;
  }

  const canTakeBack = () => read(UNDO) !== null;
  const owns = (key) => key.startsWith(PREFIX) || key === UNDO;
  globalThis.unrolled = { ...globalThis.unrolled, store: { get, put, all, works, toFile, fromFile, bring, takeBack, canTakeBack, owns } };
})();
