"""The passwords that are tried first, because many people have them."""

from collections.abc import Collection
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from donebase.core.errors import Fault, InvalidInput
from donebase.loading import loaded_once

NUMBER = 10_000


async def refuse_common(field: str, password: str) -> None:
    """Raise InvalidInput, of this field, for one of the NUMBER most common passwords, in whatever case.

    The list is loaded when it is first needed: that takes 20 ms.
    """
    if password.casefold() in await _common():
        raise InvalidInput([Fault(field, "is one of the most common passwords", "common_password")])


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


_common = loaded_once(most_common)
