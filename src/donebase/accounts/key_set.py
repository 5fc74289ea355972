"""The public keys of an issuer, which publishes them at a URL: loaded at the start, and again every ten minutes.

A request whose key is known never waits for the issuer. One whose key is unknown makes it be asked again: at most every
10 seconds, by one download for all requests, for which they wait at most 5 seconds. While the issuer is away, the keys
that it published last stay good.
"""

import asyncio
import math
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from jwt import PyJWK

from donebase.accounts.download import SECONDS, DownloadFailed, download
from donebase.accounts.public_keys import PublicKeys, read_public_keys
from donebase.telemetry import logs

REFRESH = 600.0
"""Seconds after which the keys are loaded again, in a service that has them."""
RETRY = 10.0
"""Seconds that lie at least between two downloads."""


class KeySet:
    """The keys at a URL of the scheme http or https. `start` begins to load them, and `close` ends that."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = urlsplit(url).hostname
        self._keys = PublicKeys([])
        self._download: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._began = -math.inf
        self._is_reachable = self._is_reported = False

    def start(self) -> None:
        """Begin to load the keys, and to load them again and again."""
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """End it. The keys stay known."""
        for task in (self._keeper, self._download):
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def named(self, key_id: str | None) -> Sequence[PyJWK]:
        """Return the known keys with this `kid`, or all for None."""
        return self._keys.named(key_id)

    async def ask_again(self) -> bool:
        """Have the issuer asked for its keys, unless that was less than RETRY seconds ago. Wait SECONDS at most.

        Return whether it has answered when it was last asked.
        """
        if self._download or time.monotonic() >= self._began + RETRY:
            await asyncio.wait({self._ask()}, timeout=SECONDS)
        return self._download is None and self._is_reachable

    async def _keep(self) -> None:
        while True:
            await asyncio.wait({self._ask()})
            # Services that were started together do not stay together.
            pause = REFRESH * random.uniform(0.9, 1.1) if self._is_reachable else RETRY  # noqa: S311 - nothing secret
            await asyncio.sleep(pause)

    def _ask(self) -> asyncio.Task[Any]:
        """Return the download that is under way, or begin one."""
        if self._download is None:
            self._began = time.monotonic()
            self._download = asyncio.create_task(self._load())
        return self._download

    async def _load(self) -> None:
        try:
            document = await download(self._url)
            # A thread: the largest set that is read takes longer than any request may wait.
            self._keys = await asyncio.to_thread(read_public_keys, document)
        except DownloadFailed as failure:
            self._unreachable(str(failure))
        except ValueError:
            self._unreachable("the answer is not a JSON Web Key Set")
        else:
            self._reachable()
        finally:
            self._download = None

    def _unreachable(self, cause: str) -> None:
        """Log it once, until the issuer answers again. The log has the host only: the URL may contain secrets."""
        self._is_reachable = False
        if not self._is_reported:
            self._is_reported = True
            logs.warning("issuer.unreachable", host=self._host, cause=cause)

    def _reachable(self) -> None:
        self._is_reachable = True
        if not self._keys:
            logs.warning("issuer.no_usable_key", host=self._host)
        elif self._is_reported:
            logs.info("issuer.reachable", host=self._host, keys=len(self._keys))
        self._is_reported = False
