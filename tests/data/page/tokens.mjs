// Prints each token of modules, with its line. Arguments: the installed packages, the modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, ...paths] = process.argv.slice(2);
const ts = createRequire(join(packages, "x.js"))("typescript");

for (const path of paths) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  visit(source, source, path);
}

function visit(node, source, path) {
  if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return;
  const children = node.getChildren(source);
  if (children.length === 0) {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    console.log(`${path}:${line + 1}: ${JSON.stringify(node.getText(source))}`);
  }
  for (const child of children) visit(child, source, path);
}
