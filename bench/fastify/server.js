// A peer: Fastify with pg, the same addresses and the floor's statements, prepared by name. No log, no request ids.
// Environment: PORT; PGHOST, PGPORT, PGUSER, PGDATABASE; STATEMENTS, as JSON {name: SQL}.
import Fastify from "fastify";
import pg from "pg";

pg.types.setTypeParser(pg.types.builtins.INT8, Number);

const pool = new pg.Pool({ max: 10 });
const statements = JSON.parse(process.env.STATEMENTS);

async function run(name, values) {
  const { rows } = await pool.query({ name, text: statements[name], values });
  return rows;
}

const task = {
  type: "object",
  properties: {
    id: { type: "integer" },
    title: { type: "string" },
    description: { type: "string", nullable: true },
    completed: { type: "boolean" },
    due: {
      type: "object",
      nullable: true,
      properties: {
        date: { type: "string" },
        time: { type: "string", nullable: true },
        time_zone: { type: "string", nullable: true },
      },
    },
    priority: { type: "string", nullable: true },
    tags: { type: "array", items: { type: "string" } },
    order: { type: "number" },
    completed_at: { type: "string", format: "date-time", nullable: true },
    user_id: { type: "integer" },
    version: { type: "integer" },
    created_at: { type: "string", format: "date-time" },
    updated_at: { type: "string", format: "date-time" },
  },
};
const id = { type: "integer", minimum: 1 };
const params = { type: "object", properties: { user_id: id, task_id: id } };
const title = { type: "string", minLength: 1, maxLength: 500 };
const description = { type: "string", nullable: true, maxLength: 5000 };
const completed = { type: "boolean" };
const due = {
  type: "object",
  nullable: true,
  properties: {
    date: { type: "string", format: "date" },
    time: { type: "string", nullable: true, default: null, pattern: "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$" },
    time_zone: { type: "string", nullable: true, default: null },
  },
  required: ["date"],
  additionalProperties: false,
};
const priority = { type: "string", nullable: true, enum: ["low", "medium", "high", null] };
const tag = { type: "string", minLength: 1, maxLength: 50 };
const tags = { type: "array", items: tag, maxItems: 20, uniqueItems: true };
const order = { type: "number" };
const properties = { title, description, completed, due, priority, tags, order };
const fields = { type: "object", properties, additionalProperties: false };
const answers = { 200: task, 201: task };

const app = Fastify();

// Removing fields nobody knows is Fastify's default; so is turning "1" into 1.
app.post(
  "/users/:user_id/tasks",
  { schema: { params, body: { ...fields, required: ["title"] }, response: answers } },
  async (request, reply) => {
    const { user_id } = request.params;
    const { title, description = null, completed = false, due = null, priority = null } = request.body;
    const { tags = [], order = null } = request.body;
    const values = [user_id, title, description, completed, due, priority, tags, order];
    const [row] = await run("create", values);
    return reply.code(201).header("location", `/users/${user_id}/tasks/${row.id}`).send(row);
  },
);

const page = { type: "object", properties: { after: { type: "integer", minimum: 0, default: 0 }, limit: id } };
const list = { schema: { params, querystring: page, response: { 200: { type: "array", items: task } } } };
app.get("/users/:user_id/tasks", list, (request) =>
  run("list", [request.params.user_id, request.query.after, request.query.limit ?? null]),
);

async function one(name, request, reply, ...values) {
  const { user_id, task_id } = request.params;
  const rows = await run(name, [user_id, task_id, ...values]);
  if (rows.length === 0) return reply.code(404).send({ message: "Task not found" });
  return reply.send(rows[0]);
}

app.get("/users/:user_id/tasks/:task_id", { schema: { params, response: answers } }, (request, reply) =>
  one("read", request, reply),
);

app.put("/users/:user_id/tasks/:task_id", { schema: { params, body: fields, response: answers } }, (request, reply) => {
  const { title = null, description = null, completed = null, due = null, priority = null } = request.body;
  const { tags = null, order = null } = request.body;
  const sent = (name) => name in request.body;
  const nullable = [sent("due"), due, sent("priority"), priority];
  const values = [title, sent("description"), description, completed, ...nullable, tags, order];
  return one("change", request, reply, ...values);
});

app.patch("/api/:user_id/tasks/:task_id/complete", { schema: { params, response: answers } }, (request, reply) =>
  one("toggle", request, reply),
);

app.delete("/users/:user_id/tasks/:task_id", { schema: { params } }, async (request, reply) => {
  const { user_id, task_id } = request.params;
  const rows = await run("delete", [user_id, task_id]);
  if (rows.length === 0) return reply.code(404).send({ message: "Task not found" });
  return reply.send({ message: "Task deleted successfully" });
});

process.on("SIGTERM", () => app.close().then(() => pool.end()));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
