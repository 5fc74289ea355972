"""The process that serves, as the operating system sees it."""

import resource
from pathlib import Path

from tests.support.processes import Service


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(database_url: str, folder: Path) -> None:
    """Each client is an open file, and the usual limit is 1,024."""
    with Service(folder, DATABASE_URL=database_url, MAX_CONNECTIONS="3000") as service:
        service.ready()
        soft, hard = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    assert soft >= min(5000, hard)
