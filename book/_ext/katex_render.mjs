// One JSON request a line on stdin, one JSON answer a line on stdout; ends when stdin does, so it never outlives a build.
import { createInterface } from "node:readline";
import katex from "katex";

const ROLES = { inp: "input", hid: "hidden", out: "output", gat: "gate", cel: "cell", att: "attend", grd: "grad" };
const macros = Object.fromEntries(Object.entries(ROLES).map(([name, role]) => [`\\${name}`, `\\htmlClass{role-${role}}{#1}`]));

createInterface({ input: process.stdin }).on("line", (line) => {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(tex, {
      displayMode: display, throwOnError: true, strict: "ignore", macros: { ...macros },
      trust: ({ command }) => command === "\\htmlClass",
    }) };
  } catch (error) {
    answer = { error: error.message.replace(/^KaTeX parse error: /, "") };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
