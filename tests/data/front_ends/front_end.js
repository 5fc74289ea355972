// What the pages share: where the service and its tasks are, a request, and a place to show what came of it.
// With a token, the user is the string by which another issuer knows them.
const asked = new URLSearchParams(location.search);
const service = asked.get("service");
export const auth = `${service}/auth`;
export const token = asked.get("token");
export const user = token ? asked.get("user") : Number(asked.get("user"));
export const families = {
  v1: { tasks: `${service}/api/v1/tasks`, owner: token ? {} : { user_id: user } },
  users: { tasks: `${service}/users/${encodeURIComponent(user)}/tasks`, owner: {} },
  api: { tasks: `${service}/api/${encodeURIComponent(user)}/tasks`, owner: {} },
};

// Send JSON as front ends do: the type is declared whether there is a body or not.
export async function send(method, address, body, options = {}) {
  const { headers, ...others } = options;
  const response = await fetch(address, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "undefined" ? undefined : JSON.stringify(body),
    ...others,
  });
  const text = await response.text();
  return {
    status: response.status,
    redirected: response.redirected,
    headers: Object.fromEntries(response.headers),
    body: text ? JSON.parse(text) : null,
  };
}

export async function create(family, fields) {
  const { body } = await send("POST", family.tasks, { title: "Buy milk", ...family.owner, ...fields });
  return body;
}

// Do the same at every family, and show what came of it.
export async function atEveryFamily(habit) {
  const seen = {};
  try {
    for (const [name, family] of Object.entries(families)) seen[name] = await habit(family);
  } catch (error) {
    seen.failed = String(error);
  }
  const place = document.createElement("pre");
  place.id = "seen";
  place.textContent = JSON.stringify(seen);
  document.body.append(place);
}
