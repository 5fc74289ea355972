"""The three families of addresses as a story sees them: what a test does, told in each family's own words."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx

Json = dict[str, Any]


class Family(NamedTuple):
    """Where a family is, and how it says what the others say differently."""

    name: str
    tasks: str
    change_methods: tuple[str, ...]
    delete_status: int

    @property
    def change_method(self) -> str:
        """The method that the family's specification has for a change of what is sent."""
        return self.change_methods[0]

    def address(self, user: int) -> str:
        """Return where the tasks of a user are."""
        return self.tasks.format(user_id=user)

    def body(self, user: int, **fields: Any) -> Json:
        """Return the body that creates a task for a user."""
        return fields if "{user_id}" in self.tasks else {"user_id": user, **fields}

    def create(self, client: httpx.Client, user: int, **fields: Any) -> httpx.Response:
        """Create a task."""
        return client.post(self.address(user), json=self.body(user, **fields))

    def created(self, client: httpx.Client, user: int, **fields: Any) -> Json:
        """Create a task, see that it was, and return it."""
        response = self.create(client, user, **{"title": "Buy milk", **fields})
        assert response.status_code == 201, response.text
        task: Json = response.json()
        return task

    def about(self, user: int, what: str, **query: Any) -> str:
        """Return an address beside a user's tasks, such as `changes`, with a query."""
        base = self.address(user).removesuffix("/tasks")
        parameters = query if "{user_id}" in self.tasks else {"user_id": user, **query}
        return f"{base}/{what}?{urlencode(parameters)}" if parameters else f"{base}/{what}"

    def one(self, user: int, task_id: int | str) -> str:
        """Return where one task is."""
        return f"{self.address(user)}/{task_id}"

    def beside(self, user: int, path: str, **query: object) -> str:
        """Return where something beside the tasks of a user is, such as `changes`."""
        named = {} if "{user_id}" in self.tasks else {"user_id": user}
        return str(httpx.URL(f"{self.address(user).removesuffix('/tasks')}/{path}", params=named | query))

    def read(self, client: httpx.Client, user: int, task_id: int) -> httpx.Response:
        """Read one task."""
        return client.get(self.one(user, task_id))

    def listed(self, client: httpx.Client, user: int) -> list[Json]:
        """Return the tasks of a user; from the flat list, those among the last thousand that are this user's.

        The flat list is long where many tests have made tasks, and the last ones are those of this test.
        """
        if "{user_id}" in self.tasks:
            response = client.get(self.address(user))
        else:
            response = client.get(self.tasks, params={"sort": "-created", "limit": 1_000})
        assert response.status_code == 200, response.text
        return sorted((task for task in response.json() if task["user_id"] == user), key=lambda task: task["id"])

    def change(self, client: httpx.Client, user: int, task_id: int, **fields: Any) -> httpx.Response:
        """Change the fields that are given and no other."""
        return client.request(self.change_method, self.one(user, task_id), json=fields)

    def completion(self, user: int, task_id: int | str) -> str:
        """Return where a task is completed."""
        return f"{self.one(user, task_id)}/complete"

    def delete(self, client: httpx.Client, user: int, task_id: int) -> httpx.Response:
        """Delete a task."""
        return client.delete(self.one(user, task_id))


V1 = Family("v1", "/api/v1/tasks", change_methods=("PATCH",), delete_status=204)
USERS = Family("users", "/users/{user_id}/tasks", change_methods=("PUT", "PATCH"), delete_status=200)
API = Family("api", "/api/{user_id}/tasks", change_methods=("PUT", "PATCH"), delete_status=204)

FAMILIES = (V1, USERS, API)
OWNED = (USERS, API)
