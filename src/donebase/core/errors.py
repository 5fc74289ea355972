"""Everything that can go wrong, as one tree.

    DonebaseError
    ├── InvalidInput         what was sent breaks a rule; says which fields and why
    ├── TaskNotFound         no such task, or it is somebody else's: the same thing on purpose
    ├── DatabaseFailed       the database is away, or failed before it had answered
    ├── Overloaded           every connection stayed busy: nothing was begun
    ├── BackupFailed         a backup could not be written, read or restored
    └── SchemaMismatch       the tables are older or newer than this code, or the encoding is not UTF8

`http/errors.py` holds the one table that gives each kind its HTTP status.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong with one field: its name, a sentence for a person, a word for a machine."""

    field: str
    message: str
    code: str


class DonebaseError(Exception):
    """The root of what donebase raises on purpose."""


class InvalidInput(DonebaseError):
    """What was sent breaks a rule. `faults` names each field with its reason."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(f"{fault.field}: {fault.code}" for fault in faults[:3]))
        self.faults = faults


class TaskNotFound(DonebaseError):
    """There is no such task within the reach of who asked."""


class DatabaseFailed(DonebaseError):
    """The database did not do what was asked, or did not say whether it had."""


class Overloaded(DonebaseError):
    """There was no room to begin: every connection stayed busy for the whole wait."""


class SchemaMismatch(DonebaseError):
    """The database's tables or its encoding are not the ones this version of the code works on."""


class BackupFailed(DonebaseError):
    """A backup could not be written, or what it holds not restored. Nothing is half done."""
