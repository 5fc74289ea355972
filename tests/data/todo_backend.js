// What the browser suite of Todo-Backend asks of a service, 16 checks in its order and with its headers. A page of
// another origin runs them: `todoBackendChecks(root)` returns for each check its name and what is wrong, or null.

async function send(method, url, todo) {
  // The suite declares JSON on every request, also on those without a body: each needs a preflight.
  const headers = { "Content-Type": "application/json", Accept: "text/plain, */*; q=0.01" };
  const response = await fetch(url, { method, headers, body: todo && JSON.stringify(todo) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} is ${response.status} ${text}`);
  return text;
}

const sendJson = async (...request) => JSON.parse(await send(...request));

function same(found, expected) {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} instead of ${other}`);
}

function todoBackend(root) {
  const list = () => sendJson("GET", root);
  const create = (todo) => sendJson("POST", root, { title: "Buy milk", ...todo });
  const change = (todo, changes) => sendJson("PATCH", todo.url, changes);
  const read = (todo) => sendJson("GET", todo.url);
  const clear = () => send("DELETE", root);

  // The list begins empty for all but the first four.
  const alone = (check) => async () => {
    await clear();
    await check();
  };
  const bothSay = (check) =>
    alone(async () => {
      check(await create());
      check((await list())[0]);
    });

  return {
    "the list can be read": () => send("GET", root),
    "a todo that is posted is answered": async () => same((await create({ title: "Call Ada" })).title, "Call Ada"),
    "the list can be deleted": clear,
    "the list is empty after that": async () => {
      await clear();
      same(await list(), []);
    },
    "a new todo is in the list": alone(async () => {
      await create({ title: "Walk the dog" });
      const todos = await list();
      same([todos.length, todos[0].title], [1, "Walk the dog"]);
    }),
    "a new todo is not completed": bothSay((todo) => same(todo.completed, false)),
    "a new todo has a url": bothSay((todo) => same(typeof todo.url, "string")),
    "the url of a new todo answers it": alone(async () =>
      same((await read(await create({ title: "Call Ada" }))).title, "Call Ada"),
    ),
    "the list leads to each todo": alone(async () => {
      await Promise.all([create(), create()]);
      const todos = await list();
      same([todos.length, (await read(todos[0])).title], [2, "Buy milk"]);
    }),
    "a title can be changed": alone(async () =>
      same((await change(await create(), { title: "Buy bread" })).title, "Buy bread"),
    ),
    "a todo can be completed": alone(async () => same((await change(await create(), { completed: true })).completed, true)),
    "changes are kept": alone(async () => {
      const changed = await change(await create(), { title: "Buy bread", completed: true });
      const todos = await list();
      same(todos.length, 1);
      for (const todo of [await read(changed), todos[0]]) same([todo.title, todo.completed], ["Buy bread", true]);
    }),
    "a todo can be deleted": alone(async () => {
      await send("DELETE", (await create()).url);
      same(await list(), []);
    }),
    "a todo can be created with an order": alone(async () => same((await create({ order: 523 })).order, 523)),
    "the order can be changed": alone(async () => same((await change(await create({ order: 10 }), { order: 95 })).order, 95)),
    "the order is kept": alone(async () =>
      same((await read(await change(await create({ order: 10 }), { order: 95 }))).order, 95),
    ),
  };
}

async function todoBackendChecks(root) {
  const results = {};
  for (const [name, check] of Object.entries(todoBackend(root)))
    results[name] = await check().then(() => null, (error) => error.message);
  return results;
}
