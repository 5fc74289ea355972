"""Joins ES modules into one, so that a browser asks once and gzip compresses them together.

What a module exports must be declared where it is exported, once and for good (`const`, `function`, `class`), and no
module may import itself by way of others. Each becomes a function that is called once, in the order in which a browser
would evaluate them, and that returns what the module exports.
"""

import posixpath
import re
from collections.abc import Mapping

_IMPORT = re.compile(r'^import (?:\* as (?P<all>\w+)|\{(?P<names>[^}]*)\}) from "(?P<path>[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE)
_EXPORTS = re.compile(r"^export \{(?P<names>[^}]*)\};\n", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class CannotJoin(Exception):
    """A module is not written as it must be. The text names it."""


def joined(modules: Mapping[str, str], entry: str, separate: str) -> str:
    """Return a module that does what the module `entry` does with all that it imports, directly or not.

    Modules below the folder `separate` stay as they are, and are imported. Raises CannotJoin.
    """
    joint = _Joint(modules, separate)
    joint.add(entry)
    imports = [f'import * as {name} from "./{path}";\n' for path, name in joint.imported.items()]
    return "".join([*imports, *joint.parts])


class _Joint:
    """Modules that have been joined: their text, and the names under which others find what they export."""

    def __init__(self, modules: Mapping[str, str], separate: str) -> None:
        self.parts: list[str] = []
        self.imported: dict[str, str] = {}
        self._modules = modules
        self._separate = separate
        self._names: dict[str, str | None] = {}

    def add(self, path: str) -> str:
        """Add a module after those that it imports, unless it is there already, and return its name."""
        if path in self._names:
            name = self._names[path]
            if name is None:
                raise CannotJoin(f"{path} imports itself, by others")
            return name
        self._names[path] = None
        name = f"$m{len(self._names)}"
        if path.startswith(self._separate):
            self.imported[path] = name
        else:
            self.parts.append(self._function(path, name))
        self._names[path] = name
        return name

    def _function(self, path: str, name: str) -> str:
        """Return a module as a call of a function, or as a block if it exports nothing: the first module of all."""
        text = _IMPORT.sub(lambda found: self._constants(path, found), self._modules[path])
        exports = [found["name"] for found in _EXPORT.finditer(text)]
        exports += [each for found in _EXPORTS.finditer(text) for each in _listed(found["names"])]
        text = _EXPORTS.sub("", _EXPORT.sub("", text))
        if left := _LEFT.search(text):
            raise CannotJoin(f"{path}: {left[0]}")
        if not exports:
            return f"{{ // {path}\n{text}}}\n"
        return f"const {name} = (() => {{ // {path}\n{text}return {{ {', '.join(exports)} }};\n}})();\n"

    def _constants(self, path: str, found: re.Match[str]) -> str:
        """Return what takes the place of an import."""
        name = self.add(posixpath.normpath(posixpath.join(posixpath.dirname(path), found["path"])))
        if found["all"]:
            return f"const {found['all']} = {name};\n"
        return f"const {{ {', '.join(each.replace(' as ', ': ') for each in _listed(found['names']))} }} = {name};\n"


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
