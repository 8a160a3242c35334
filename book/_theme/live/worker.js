// One Python a page: Pyodide with NumPy and the course's own modules.  Messages in: {id, setup, code, checks}.
// Messages out: {type: "progress", got}, {type: "ready"}, {type: "answer", id, …runner.run}, {type: "broken", message}.
const here = new URL(".", import.meta.url);
const version = new URL(import.meta.url).search;

// Count bytes on a copy of each response; the original goes to Pyodide untouched, so the browser can
// keep the compiled WebAssembly.
const fetchPlainly = self.fetch.bind(self);
let got = 0, told = 0;
self.fetch = async (...request) => {
  const response = await fetchPlainly(...request);
  if (!response.ok) throw new Error(`${response.status} for ${response.url}`);
  count(response.clone());
  return response;
};
async function count(copy) {
  try {
    for (const reader = copy.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      got += value.length;
      if (performance.now() - told < 50) continue;
      told = performance.now();
      postMessage({ type: "progress", got });
    }
  } catch { /* the original reports it */ }
}

// NumPy is unpacked here and not by Pyodide's own installer, which would start every library of it, wanted or not.
async function start() {
  const fetched = ["pyodide/numpy.zip", "unrolled.zip"].map((name) => self.fetch(new URL(name + version, here)).then((r) => r.arrayBuffer()));
  const { loadPyodide } = await import(new URL("pyodide/pyodide.mjs", here).href);
  const stdLibURL = new URL("pyodide/stdlib.zip" + version, here).href;
  const python = await loadPyodide({ indexURL: new URL("pyodide/", here).href, stdLibURL });
  for (const archive of fetched) python.unpackArchive(await archive, "zip", { extractDir: "/lib/python3.12/site-packages" });
  const runner = python.pyimport("unrolled_runner");
  return (setup, code, checks) => {
    const answer = runner.run(setup, code, checks);
    try { return answer.toJs({ dict_converter: Object.fromEntries }); } finally { answer.destroy(); }
  };
}

const ready = start();
ready.then(() => postMessage({ type: "ready" }), (error) => postMessage({ type: "broken", message: String(error.message ?? error) }));

self.onmessage = async ({ data: { id, setup, code, checks } }) => {
  try {
    postMessage({ type: "answer", id, ...(await ready)(setup, code, checks) });
  } catch (error) {
    postMessage({ type: "answer", id, status: "error", message: String(error.message ?? error), trace: "", output: "" });
  }
};
