"""nginx before a service, as deploy/ sets it up: nothing is changed there but the lines that name a machine."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.programs import program
from tests.support.servers import Server, a_folder
from tests.support.waiting import DEADLINE, wait_for

CONFIGURATION = Path(__file__).parent.parent.parent / "deploy" / "nginx.conf"
_OF_A_MACHINE = re.compile(r"^( *)(\w+) (.*);( +# here)$", re.MULTILINE)
# nginx makes these as it starts, unused as they are: only root can, where it was built to put them.
_UNUSED = ("fastcgi_temp_path", "scgi_temp_path", "uwsgi_temp_path")


class Nginx(Server):
    """An nginx on any free port; `upstream` is the host and the port of the service.

    `http_version` is what it speaks to the service; nginx's own default is 1.0.
    """

    def __init__(self, folder: Path, upstream: str, http_version: str = "1.1") -> None:
        super().__init__(folder, password="")
        self.address = f"http://127.0.0.1:{self.port}"
        here = {
            "user": "nobody",
            "pid": f"{folder}/pid",
            "error_log": "stderr warn",
            "access_log": f"{folder}/access.log lines",
            "client_body_temp_path": f"{folder}/body",
            "proxy_temp_path": f"{folder}/proxy",
            "server": upstream,
            "listen": f"127.0.0.1:{self.port}",
        }
        written = CONFIGURATION.read_text().replace("proxy_http_version 1.1;", f"proxy_http_version {http_version};")
        assert sorted(name for _, name, _, _ in _OF_A_MACHINE.findall(written)) == sorted(here)
        changed = _OF_A_MACHINE.sub(lambda line: f"{line[1]}{line[2]} {here[line[2]]};{line[4]}", written)
        unused = "".join(f"    {name} {folder}/unused;\n" for name in _UNUSED)
        (folder / "nginx.conf").write_text(changed.replace("http {\n", f"http {{\n{unused}", 1))

    @property
    def _command(self) -> list[str | Path]:
        nginx = program("nginx", "nginx", "/usr/sbin")
        return [nginx, "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", "stderr", "-g", "daemon off;"]

    def logged(self, request_id: str) -> dict[str, Any]:
        """Return the line of its log for a request, as soon as it is there."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            lines = (json.loads(line) for line in (self.folder / "access.log").read_text().splitlines())
            found.extend(line for line in lines if line["request_id"] == request_id)
            return bool(found)

        wait_for(there, lambda: f"no request {request_id} in the log")
        return found[0]

    def kill(self) -> None:
        """End it at once, with its workers, which a SIGKILL would leave behind."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(DEADLINE)
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def nginx(upstream: str, http_version: str = "1.1") -> Iterator[Nginx]:
    """Start an nginx before a service and take it away again."""
    with a_folder() as folder:
        server = Nginx(folder, upstream, http_version)
        try:
            yield server.start()
        finally:
            server.kill()
