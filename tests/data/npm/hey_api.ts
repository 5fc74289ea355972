// A front end on @hey-api/openapi-ts: a function for each operation.
import { check, one } from "./check.js";
import { createClient } from "./hey/client/index.js";
import * as api from "./hey/index.js";

export async function roundTrip(baseUrl: string, user_id: number): Promise<void> {
  const client = createClient({ baseUrl });
  const path = { user_id };

  const created = await api.createUserTask({ client, path, body: { title: "Buy milk" } });
  const milk: api.Task = one(created.data);
  check([created.response?.status, milk.title, milk.completed], [201, "Buy milk", false]);
  const owned = await api.createTask({ client, body: { title: "Bread", user_id, priority: "high" } });
  const bread: api.Task = one(owned.data);
  const listed = await api.listOwnerTasks({ client, path, query: { limit: 10 }, throwOnError: true });
  check(listed.data.map((task) => [task.title, task.priority]), [["Buy milk", null], ["Bread", "high"]]);

  const query = { priority: ["low" as const, "high" as const], completed: false, sort: "title" as const };
  const found = await api.listUserTasks({ client, path, query, throwOnError: true });
  check(found.data.map((task) => task.title), ["Bread"]);

  const at = { user_id, task_id: milk.id };
  const key = { "Idempotency-Key": `complete-${milk.id}` };
  const toggled = await api.completeUserTask({ client, path: at, headers: key });
  const again = await api.completeUserTask({ client, path: at, headers: key });
  check([toggled.data?.completed, again.data?.completed], [true, true]);
  check(again.response?.headers.get("Idempotent-Replayed"), "true");
  const changed = await api.changeOwnerTask({ client, path: at, body: { due: { date: "2026-12-01" } } });
  check([changed.data?.title, changed.data?.due], ["Buy milk", { date: "2026-12-01", time: null, time_zone: null }]);
  const refused = await api.replaceTask({ client, path: { task_id: bread.id }, body: { title: "" } });
  check([refused.error?.code, refused.error?.errors?.[0]?.field], ["VALIDATION_ERROR", "title"]);

  const deleted = await api.deleteOwnerTask({ client, path: { user_id, task_id: bread.id } });
  check(deleted.response?.status, 204);
  const missing = await api.readTask({ client, path: { task_id: bread.id } });
  check(missing.error?.code, "TASK_NOT_FOUND");
  const history = await api.listUserHistory({ client, path, query: { action: "deleted" }, throwOnError: true });
  check(history.data.map((entry) => entry.before?.title), ["Bread"]);

  const several = await api.createUserTask({ client, path, body: [{ title: "Salt" }, { title: "Pepper" }] });
  const spices: api.Task[] = Array.isArray(several.data) ? several.data : [];
  check(spices.map((task) => task.title), ["Salt", "Pepper"]);
  const last = { path: { user_id, task_id: milk.id }, body: { to: "last" as const } };
  await api.moveUserTask({ client, ...last, throwOnError: true });
  const ordered = await api.listUserTasks({ client, path, query: { sort: "order" }, throwOnError: true });
  check(ordered.data.map((task) => task.title), ["Salt", "Pepper", "Buy milk"]);

  const todo = await api.createTodoBackendTask({ client, path, body: { title: "Salt" } });
  check([todo.data?.title, todo.data?.url.startsWith(`${baseUrl}/`)], ["Salt", true]);
}
