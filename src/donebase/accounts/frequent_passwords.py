"""The passwords that are tried first, because many people have them."""

import asyncio
import threading
from collections.abc import Collection
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from donebase.core.errors import Fault, InvalidInput

NUMBER = 10_000

_common: Collection[str] = ()
_loading = threading.Lock()


async def refuse_common(field: str, password: str) -> None:
    """Raise InvalidInput, of this field, for one of the NUMBER most common passwords, in whatever case.

    The list is loaded in a thread, when it is first needed: that takes 20 ms.
    """
    if not _common:
        await asyncio.to_thread(_load)
    if password.casefold() in _common:
        raise InvalidInput([Fault(field, "is one of the most common passwords", "common_password")])


def _load() -> None:
    """Load the list, once for all who wait for it."""
    global _common
    with _loading:
        _common = _common or most_common()


def most_common() -> Collection[str]:
    """Return the NUMBER most common passwords, in lower case, from the lists of zxcvbn.

    Only its file of lists is executed: the package would keep all that it makes of them, 14 MB instead of 3.
    """
    package = find_spec("zxcvbn")
    assert package
    assert package.origin
    lists = spec_from_file_location("zxcvbn_frequency_lists", Path(package.origin).with_name("frequency_lists.py"))
    assert lists
    assert lists.loader
    module = module_from_spec(lists)
    lists.loader.exec_module(module)
    return frozenset(module.FREQUENCY_LISTS["passwords"][:NUMBER])
