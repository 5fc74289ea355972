"""The memory of a process."""

import re
from pathlib import Path

import psutil


def highest_rss(process: psutil.Process) -> int:
    """Return the most memory that a process had in RAM at any time, in bytes."""
    [found] = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(found) * 1024
