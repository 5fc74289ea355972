// Prints each text that a module shows without asking texts.js for it: words between the tags of a template, in an
// attribute that is read out or shown, or assigned to such a property. Arguments: the installed packages, the modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, ...paths] = process.argv.slice(2);
const ts = createRequire(join(packages, "x.js"))("typescript");
const ATTRIBUTE = /\s(?:alt|aria-(?:description|label|placeholder|roledescription|valuetext)|placeholder|title)="([^"]*)"/g;
const PROPERTIES = new Set(["alt", "ariaLabel", "innerText", "placeholder", "textContent", "title"]);
const NAME = "donebase";
const HOLE = "\u0000";
const LETTER = /\p{L}/u;

for (const path of paths) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  visit(source, source, path);
}

function visit(node, source, path) {
  for (const text of shown(node)) {
    if (LETTER.test(text.replaceAll(NAME, ""))) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      console.log(`${path}:${line + 1}: ${JSON.stringify(text.replaceAll(HOLE, "…").trim())}`);
    }
  }
  ts.forEachChild(node, (child) => visit(child, source, path));
}

function shown(node) {
  if (ts.isTaggedTemplateExpression(node) && ["html", "svg"].includes(node.tag.getText())) {
    const markup = quasis(node.template).replace(/<!--[^]*?-->/g, "");
    const texts = markup.replace(/<(?:"[^"]*"|[^">])*>/g, "\n").split("\n");
    return [...texts, ...[...markup.matchAll(ATTRIBUTE)].map((found) => found[1])];
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const property = ts.isPropertyAccessExpression(node.left) && PROPERTIES.has(node.left.name.text);
    return property && ts.isStringLiteralLike(node.right) ? [node.right.text] : [];
  }
  return [];
}

function quasis(template) {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return template.head.text + template.templateSpans.map((span) => HOLE + span.literal.text).join("");
}
