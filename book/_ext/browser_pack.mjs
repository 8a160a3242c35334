// node browser_pack.mjs FOLDER: run browser_pack.py in Pyodide itself, so that what it compiles is what Pyodide reads.
// FOLDER holds python_stdlib.zip and numpy.whl; it is left with stdlib.zip and numpy.zip beside them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";

const program = new URL("browser_pack.py", import.meta.url);
const core = dirname(createRequire(import.meta.url).resolve("pyodide/pyodide.mjs"));
const { loadPyodide } = await import(`${core}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: core });
python.mountNodeFS("/pack", process.argv[2]);
python.runPython(readFileSync(program, "utf8"), { globals: python.toPy({ __name__: "__main__" }) });
