// The editor, bundled with esbuild and fetched when a reader first touches an exercise.
import { indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { EditorView, minimalSetup } from "codemirror";

const quiet = HighlightStyle.define([
  { tag: tags.comment, color: "var(--ink-2)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.bool, tags.null], color: "var(--ink)", fontWeight: "600" },
  { tag: [tags.string, tags.docString], color: "var(--output)" },
  { tag: tags.number, color: "var(--input)" },
]);

// Tab indents; Esc, then Tab, leaves: CodeMirror lets one Tab through after Esc.  Not after an Esc that only ended
// a selection, so that is said again here.
const leave = EditorView.domEventHandlers({ keydown: (event, view) => { if (event.key === "Escape") view.setTabFocusMode(2000); } });

export function createEditor({ parent, doc, label, describedBy, onRun, onChange }) {
  const view = new EditorView({
    parent,
    doc,
    extensions: [
      leave,
      keymap.of([{ key: "Mod-Enter", run: () => (onRun(), true) }, indentWithTab]),
      minimalSetup,
      python(),
      indentUnit.of("    "),
      syntaxHighlighting(quiet),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, spellcheck: "false", autocapitalize: "off" }),
      EditorView.updateListener.of((update) => update.docChanged && onChange(view.state.doc.toString())),
    ],
  });
  return {
    focus: () => view.focus(),
    get: () => view.state.doc.toString(),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
  };
}
