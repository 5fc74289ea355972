"""The modules of the page that know nothing of a document, called in a browser without the page around them."""

import json
import re
from functools import cached_property
from typing import Any

from tests.support.processes import Service
from tests.support.web_page import NewPage

_NO_PAGE = "livez"


class Modules:
    """The modules that a service sends, in a window; `options` are those of Playwright's `Browser.new_context`."""

    def __init__(self, new_page: NewPage, service: Service, **options: Any) -> None:
        self._page = new_page(service, _NO_PAGE, bypass_csp=True, expected=["favicon.ico"], **options)

    def run(self, module: str, function: str, argument: Any = None) -> Any:
        """Call a function of JavaScript with a module and an argument, and return what it returns: both as JSON."""
        called = f"({function})(await import({self.address(module)!r}), JSON.parse(argument))"
        # Playwright's own serialization takes seconds for thousands of objects.
        code = f"async (argument) => JSON.stringify((await {called}) ?? null)"
        return json.loads(self._page.evaluate(code, json.dumps(argument)))

    def address(self, module: str) -> str:
        """Return the address of a module, relative to that of the service."""
        return f"/web/{self._release}/{module}"

    @cached_property
    def _release(self) -> str:
        document = self._page.evaluate("fetch('/').then((response) => response.text())")
        found = re.search(r'src="web/([^/]+)/main\.js"', document)
        assert found, document
        return found[1]
