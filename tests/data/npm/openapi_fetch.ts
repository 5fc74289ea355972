// A front end on openapi-typescript and openapi-fetch: the addresses are in its types.
import createClient from "openapi-fetch";
import { check, one } from "./check.js";
import type { components, paths } from "./schema.js";

type Task = components["schemas"]["Task"];

export async function roundTrip(baseUrl: string, user_id: number): Promise<void> {
  const client = createClient<paths>({ baseUrl });
  const params = { path: { user_id } };

  // What has a default need not be sent, and a whole task can be sent.
  const created = await client.POST("/users/{user_id}/tasks", { params, body: { title: "Buy milk" } });
  const milk: Task = one(created.data);
  check([created.response.status, milk.title, milk.completed, milk.user_id], [201, "Buy milk", false, user_id]);
  const due = { date: "2026-12-01", time: "17:00", time_zone: "Europe/Berlin" };
  const whole = { title: "Bread", description: null, completed: true, due, priority: "low" as const, tags: ["shop"] };
  const second = await client.POST("/api/{user_id}/tasks", { params, body: { ...whole, order: 0.5 } });
  const bread: Task = one(second.data);
  check([bread.completed, bread.description, bread.due, bread.priority], [true, null, due, "low"]);
  check([bread.tags, bread.order, milk.due, milk.tags, milk.order], [["shop"], 0.5, null, [], milk.id]);
  const owned = await client.POST("/api/v1/tasks", { body: { title: "Salt", user_id } });
  const salt: Task = one(owned.data);

  const listed = await client.GET("/users/{user_id}/tasks", { params: { ...params, query: { limit: 10 } } });
  check(listed.data?.map((task) => task.id), [milk.id, bread.id, salt.id]);

  const query = { priority: ["low" as const, "none" as const], q: "bread", sort: "-due" as const, count: true };
  const found = await client.GET("/api/v1/tasks", { params: { query: { ...query, tag: ["shop"] } } });
  check([found.response.status, found.data?.some((task) => task.id === bread.id)], [200, true]);
  check(Number(found.response.headers.get("X-Total-Count")) >= 1, true);
  const tags = await client.GET("/users/{user_id}/tags", { params });
  check(tags.data, [{ tag: "shop", open: 0, completed: 1 }]);

  // A task goes back as it was read, with what has changed and the version that was read.
  const at = { path: { user_id, task_id: milk.id }, header: { "If-Match": `"${milk.version}"` } };
  const changed = await client.PUT("/users/{user_id}/tasks/{task_id}", {
    params: at,
    body: { ...milk, title: "Buy oat milk" },
  });
  check([changed.response.status, changed.data?.title], [200, "Buy oat milk"]);
  const late = await client.PATCH("/api/{user_id}/tasks/{task_id}", { params: at, body: { title: "Buy rice milk" } });
  check([late.error?.code, late.error?.current?.title], ["PRECONDITION_FAILED", "Buy oat milk"]);

  // What the service refuses does not compile.
  // @ts-expect-error: a title is required
  const untitled = await client.POST("/users/{user_id}/tasks", { params, body: { completed: true } });
  check([untitled.error?.code, untitled.error?.errors?.[0]?.field], ["VALIDATION_ERROR", "title"]);
  const one_task = { path: { task_id: milk.id } };
  // @ts-expect-error: there is no such priority
  const urgent = await client.PATCH("/api/v1/tasks/{task_id}", { params: one_task, body: { priority: "urgent" } });
  check([urgent.error?.code, urgent.error?.errors?.[0]?.field], ["VALIDATION_ERROR", "priority"]);

  const deleted = await client.DELETE("/users/{user_id}/tasks/{task_id}", {
    params: { path: { user_id, task_id: bread.id } },
  });
  check(deleted.data?.message, "Task deleted successfully");
  const change = Number(deleted.response.headers.get("Change"));
  const undone = await client.POST("/users/{user_id}/history/{change}/undo", {
    params: { path: { user_id, change } },
  });
  check(undone.data?.tasks.map((task) => task.title), ["Bread"]);
}
