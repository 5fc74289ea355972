"""What takes long to load or to compute is loaded once in a process, in a thread."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

_Loaded = TypeVar("_Loaded")


def loaded_once(load: Callable[..., _Loaded]) -> Callable[..., Coroutine[Any, Any, _Loaded]]:
    """Return a coroutine function that returns what `load` returns, for each list of positional, hashable arguments.

    `load` runs in a thread, while the event loop goes on, and only once: whoever asks meanwhile waits for it, in
    whatever event loop. What it raises is raised to the one for whom it ran; then it runs for the next.
    """
    loaded: dict[tuple[Hashable, ...], _Loaded] = {}
    loading = threading.Lock()

    def wait_or_load(arguments: tuple[Hashable, ...]) -> _Loaded:
        with loading:
            if arguments not in loaded:
                loaded[arguments] = load(*arguments)
            return loaded[arguments]

    async def get(*arguments: Hashable) -> _Loaded:
        return loaded[arguments] if arguments in loaded else await asyncio.to_thread(wait_or_load, arguments)

    return get
