"""Modules that are joined into one do what they do apart."""

from pathlib import Path

import pytest

from donebase.http.joined_modules import CannotJoin, joined
from tests.support.npm import run_node

MODULES = {
    "main.js": """import { Counter, later as soon } from "./parts/counter.js";
import * as words from "./words.js";
import { told } from "./vendor/told.js";
const seen = [];
for await (const each of soon(2)) seen.push(each);
const counter = new Counter();
counter.add();
told({ seen, ...words, shouted: words.shout("a"), count: counter.count, evaluated: globalThis.evaluated });
""",
    "parts/counter.js": """import { START, told } from "../words.js";
globalThis.evaluated = [...(globalThis.evaluated ?? []), "counter"];
export class Counter {
  count = START;
  add() {
    this.count += told(1);
  }
}
export async function* later(count) {
  while (count) yield count--;
}
""",
    "words.js": """globalThis.evaluated = [...(globalThis.evaluated ?? []), "words"];
import { shout } from "./shout.js";
export { shout };
const told = (value) => value;
export { told };
export const START = 7;
""",
    "shout.js": """export async function unused() {}
export function shout(text) {
  const words = told(text);
  return words;
}
const told = (text) => text.toUpperCase();
""",
    "vendor/told.js": "const t=e=>console.log(JSON.stringify(e));export{t as told};\n",
}


def said(folder: Path, modules: dict[str, str]) -> str:
    for path, text in modules.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "package.json").write_text('{"type": "module"}')
    ran = run_node("main.js", cwd=folder)
    assert ran.stderr == ""
    return ran.stdout


def test_joined_modules_do_what_they_do_apart(folder: Path) -> None:
    one = joined(MODULES, "main.js", "vendor/")
    apart = said(folder / "apart", MODULES)
    assert '"count":8' in apart
    assert said(folder / "joined", {"main.js": one, "vendor/told.js": MODULES["vendor/told.js"]}) == apart


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('import { main } from "./main.js";\nexport const other = 1;\n', "main.js imports itself, by others"),
        ("export default 1;\n", "other.js: export default 1;"),
        ("export let other = 1;\n", "other.js: export let other = 1;"),
        ('export * from "./main.js";\n', r'other.js: export \* from "./main.js";'),
        ('import other from "./main.js";\nexport const a = 1;\n', 'other.js: import other from "./main.js";'),
        ('import "./main.js";\nexport const a = 1;\n', 'other.js: import "./main.js";'),
    ],
)
def test_what_cannot_be_joined_is_named(text: str, told: str) -> None:
    modules = {"main.js": 'import { other } from "./other.js";\nexport const main = other;\n', "other.js": text}
    with pytest.raises(CannotJoin, match=f"^{told}$"):
        joined(modules, "main.js", "vendor/")
