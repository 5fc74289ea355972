"""What must be true of tasks, whatever is done to them through whichever address: kept in memory."""

from collections import Counter, defaultdict
from itertools import pairwise

from tests.properties.rules import DEFAULTS, Json, is_changed, moment, sent_fields


class Model:
    """Each task by its id as it was last answered, and every id there has been."""

    def __init__(self) -> None:
        self.tasks: dict[int, Json] = {}
        self.ids: set[int] = set()
        self.last_change: Counter[int] = Counter()
        """The number of the last change of each user."""
        self.past: defaultdict[int, list[list[Json]]] = defaultdict(lambda: [[]])
        """The tasks of each user as each change left them, from before the first one."""

    def _count(self, user: int) -> int:
        self.last_change[user] += 1
        self.past[user].append(self.of(user))
        return self.last_change[user]

    def of(self, user: int) -> list[Json]:
        """Return the tasks of a user in order of creation."""
        return [task for task in self.all() if task["user_id"] == user]

    def all(self) -> list[Json]:
        """Return every task in order of id."""
        return [self.tasks[task_id] for task_id in sorted(self.tasks)]

    def has(self, user: int | None, task_id: int) -> bool:
        """Say whether a user has a task; None asks whether anybody has."""
        return task_id in self.tasks and user in (None, self.tasks[task_id]["user_id"])

    def version(self, task_id: int) -> int:
        """Return the version of a task, 1 of one that is gone."""
        version: int = self.tasks.get(task_id, {"version": 1})["version"]
        return version

    def create(self, answer: Json, user: int, body: Json) -> None:
        """Take in what was answered to a new task: an id above all earlier ones, and what was sent."""
        given = {field: answer[field] for field in ("id", "completed_at", "version", "created_at", "updated_at")}
        defaults = DEFAULTS | {"order": answer["id"]}
        assert answer == {**defaults, **sent_fields(body), "user_id": user, **given}
        assert answer["completed_at"] == (answer["updated_at"] if answer["completed"] else None)
        assert answer["id"] > max(self.ids, default=0)
        assert moment(answer["created_at"]) <= moment(answer["updated_at"])
        self.ids.add(answer["id"])
        self.tasks[answer["id"]] = answer
        assert answer["version"] == self._count(user)

    def change(self, answer: Json, body: Json) -> int | None:
        """Take in what was answered to a change: what was sent, a later time, and all else unchanged.

        Return the number of the change, None if there was nothing new.
        """
        before, user = self.tasks[answer["id"]], answer["user_id"]
        assert is_changed(before, answer, body)
        if answer == before:
            return None
        self.tasks[answer["id"]] = answer
        assert answer["version"] == self._count(user)
        return self.last_change[user]

    def delete(self, task_id: int) -> int:
        """Forget a task, but not that its id was given. Return the number of the change."""
        return self._count(self.tasks.pop(task_id)["user_id"])

    def undo(self, answer: Json, user: int) -> None:
        """Take in what was answered to an undo of a user's last change: all is as before it, but for the version."""
        before = self.past[user][-2]
        for task_id in answer["deleted"]:
            del self.tasks[task_id]
        for task in answer["tasks"]:
            if former := self.tasks.get(task["id"]):
                assert moment(task["updated_at"]) > moment(former["updated_at"])
            self.tasks[task["id"]] = task
        assert [_lasting(task) for task in self.of(user)] == [_lasting(task) for task in before]
        assert answer["change"] == self._count(user)
        assert all(task["version"] == answer["change"] for task in answer["tasks"])

    def history(self, user: int) -> list[Json]:
        """Return what each change of a user did, the newest first, but for when."""
        entries: list[Json] = []
        for number, states in enumerate(pairwise(self.past[user]), start=1):
            before, after = ({task["id"]: task for task in state} for state in states)
            [task_id] = [each for each in {**before, **after} if before.get(each) != after.get(each)]
            was, became = before.get(task_id), after.get(task_id)
            action = "created" if was is None else "deleted" if became is None else "changed"
            if was and became:
                moved = [name for name in _lasting(was) if was[name] != became[name]]
                was, became = ({name: task[name] for name in moved} for task in (was, became))
            entry = {"change": number, "task_id": task_id, "action": action, "before": was, "after": became}
            entries.insert(0, entry)
        return entries


def _lasting(task: Json) -> Json:
    return {name: value for name, value in task.items() if name not in ("version", "updated_at")}
