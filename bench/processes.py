"""Processes as Linux's /proc tells of them: their cores, their CPU time, their memory."""

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def split_cores() -> tuple[set[int], set[int]]:
    """Return the core of the server under test and those of everything else: the same where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[-1]}, set(cores[:-1])) if len(cores) > 1 else (set(cores), set(cores))


def pin(process: int, cores: set[int]) -> None:
    """Keep a process, and what it starts from now on, on these cores; 0 is this process."""
    os.sched_setaffinity(process, cores)


def tree(process: int) -> list[int]:
    """Return a process and all that come from it."""
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [process, *(each for child in children for each in tree(child))]


def parent(process: int) -> int:
    """Return the process that this one comes from."""
    return int(_stat(process)[1])


def cpu_seconds(process: int) -> float:
    """Return the CPU time of a process and all that come from it, ended ones too, in seconds to 1/100."""
    while True:
        there = tree(process)
        try:
            ticks = sum(sum(map(int, _stat(each)[11:15])) for each in there)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if tree(process) == there:  # else one has ended meanwhile, and its time is now its parent's
            return ticks / _TICKS


def exact_cpu_seconds(process: int) -> float:
    """Return the same to the nanosecond; only of processes that have ended, such as parallel workers, to 1/100."""
    while True:
        there = tree(process)
        try:
            running = sum(time.clock_gettime(_cpu_clock(each)) for each in there)
            ended = sum(sum(map(int, _stat(each)[13:15])) for each in there)
        except OSError:
            continue
        if tree(process) == there:
            return running + ended / _TICKS


def memory_mb(process: int) -> float:
    """Return the resident memory of a process and all that come from it, in MB (10⁶ bytes)."""
    return sum(_kib(each, "smaps_rollup", "Rss:") for each in tree(process)) * 1024 / 1e6


def forget_peak(process: int) -> None:
    """Begin `peak_mb` anew."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def peak_mb(process: int) -> float:
    """Return the most memory that a process, without what comes from it, has had resident, in MB (10⁶ bytes)."""
    return _kib(process, "status", "VmHWM:") * 1024 / 1e6


def _cpu_clock(process: int) -> int:
    """Return the clock of the CPU time of a process and its threads, as the C library's clock_getcpuclockid does."""
    return ~process << 3 | 2


def _stat(process: int) -> list[str]:
    # The name in front may hold blanks and brackets; what follows the last bracket begins with the state.
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _kib(process: int, file: str, name: str) -> int:
    lines = Path(f"/proc/{process}/{file}").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))
