"""What must be true of tasks, whatever is done to them through whichever address: kept in memory."""

from tests.properties.rules import Json, is_changed, moment, sent_fields


class Model:
    """Each task by its id as it was last answered, and every id there has been."""

    def __init__(self) -> None:
        self.tasks: dict[int, Json] = {}
        self.ids: set[int] = set()

    def of(self, user: int) -> list[Json]:
        """Return the tasks of a user in order of creation."""
        return [task for task in self.all() if task["user_id"] == user]

    def all(self) -> list[Json]:
        """Return every task in order of id."""
        return [self.tasks[task_id] for task_id in sorted(self.tasks)]

    def has(self, user: int | None, task_id: int) -> bool:
        """Say whether a user has a task; None asks whether anybody has."""
        return task_id in self.tasks and user in (None, self.tasks[task_id]["user_id"])

    def create(self, answer: Json, user: int, body: Json) -> None:
        """Take in what was answered to a new task: an id above all earlier ones, and what was sent."""
        given = {field: answer[field] for field in ("id", "completed_at", "version", "created_at", "updated_at")}
        defaults = {"description": None, "completed": False, "priority": None}
        assert answer == {**defaults, **sent_fields(body), "user_id": user, **given}
        assert answer["completed_at"] == (answer["updated_at"] if answer["completed"] else None)
        assert answer["id"] > max(self.ids, default=0)
        assert moment(answer["created_at"]) <= moment(answer["updated_at"])
        self.ids.add(answer["id"])
        self.tasks[answer["id"]] = answer

    def change(self, answer: Json, body: Json) -> None:
        """Take in what was answered to a change: what was sent, a later time, and all else unchanged."""
        assert is_changed(self.tasks[answer["id"]], answer, body)
        self.tasks[answer["id"]] = answer

    def delete(self, task_id: int) -> None:
        """Forget a task, but not that its id was given."""
        del self.tasks[task_id]
