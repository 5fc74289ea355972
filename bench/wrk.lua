-- What wrk sends: one operation, on tasks that lie in order. Arguments: the operation, the first user, how many users,
-- the first task, how many tasks each user has, the first task to spend (one after the other, users in turn), and a file
-- with a token in each line, for one user after the other.

local first_user, users, first_task, each, next_spent, spent, requested, began
local bearers = {}
local random, floor = math.random, math.floor

local function ask(method, path, body, headers)
  local head = method .. " " .. path .. " HTTP/1.1\r\nHost: bench\r\n" .. (headers or "")
  if not body then return head .. "\r\n" end
  return head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

local function any_user() return first_user + random(0, users - 1) end

local function any_task()
  local number = random(0, users * each - 1)
  return first_user + floor(number / each), first_task + number
end

local function spend()
  spent = spent + 1
  return first_user + (spent - 1) % users, next_spent + spent - 1
end

local expected = 'If-Match: "1"\r\n'

local function key()
  requested = requested + 1
  return ("Idempotency-Key: %08x-%d\r\n"):format(began, requested)
end

local function bearer(user) return bearers[user - first_user + 1] end

-- A token that was not among the last ones, and its user.
local function new_bearer()
  requested = requested + 1
  local number = (requested - 1) % #bearers
  return bearers[number + 1], first_user + number % users
end

-- Each title is new, also after another run with the same random tasks: a change of nothing new is not a change.
local function title()
  requested = requested + 1
  return ('{"title":"Buy milk, and no bread: %08x-%d"}'):format(began, requested)
end

local function create(headers, user)
  local body = '{"title":"Buy milk and bread on the way home"}'
  return ask("POST", ("/users/%d/tasks"):format(user or any_user()), body, headers)
end

local function change(headers, user, task)
  return ask("PUT", ("/users/%d/tasks/%d"):format(user, task), title(), headers)
end

local function toggle(headers, user, task)
  return ask("PATCH", ("/api/%d/tasks/%d/complete"):format(user, task), nil, headers)
end

local function delete(headers)
  return ask("DELETE", ("/users/%d/tasks/%d"):format(spend()), nil, headers)
end

local operations = {
  get = function() return ask("GET", ("/users/%d/tasks/%d"):format(any_task())) end,
  list = function() return ask("GET", ("/users/%d/tasks"):format(any_user())) end,
  page = function()
    local user, task = any_task()
    return ask("GET", ("/users/%d/tasks?limit=100&after=%d"):format(user, task))
  end,
  page_of_50 = function() return ask("GET", ("/users/%d/tasks?limit=50"):format(any_user())) end,
  origin = function()
    return ask("GET", ("/users/%d/tasks/%d"):format(any_task()), nil, "Origin: http://localhost:5173\r\n")
  end,
  traceparent = function()
    local trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
    return ask("GET", ("/users/%d/tasks/%d"):format(any_task()), nil, trace)
  end,
  get_304 = function()
    return ask("GET", ("/users/%d/tasks/%d"):format(any_task()), nil, 'If-None-Match: "1"\r\n')
  end,
  list_304 = function() return ask("GET", ("/users/%d/tasks"):format(any_user()), nil, 'If-None-Match: W/"1"\r\n') end,
  changes_none = function() return ask("GET", ("/users/%d/changes?since=1"):format(any_user())) end,
  get_token = function()
    local user, task = any_task()
    return ask("GET", ("/users/%d/tasks/%d"):format(user, task), nil, bearer(user))
  end,
  get_new_token = function()
    local header, user = new_bearer()
    local task = first_task + (user - first_user) * each + random(0, each - 1)
    return ask("GET", ("/users/%d/tasks/%d"):format(user, task), nil, header)
  end,
  list_token = function()
    local user = any_user()
    return ask("GET", ("/users/%d/tasks"):format(user), nil, bearer(user))
  end,
  create_token = function()
    local user = any_user()
    return create(bearer(user), user)
  end,
  create = function() return create() end,
  create_key = function() return create(key()) end,
  change = function() return change(nil, any_task()) end,
  change_if_match = function() return change(expected, spend()) end,
  change_key = function() return change(key(), any_task()) end,
  toggle = function() return toggle(nil, any_task()) end,
  toggle_if_match = function() return toggle(expected, spend()) end,
  toggle_key = function() return toggle(key(), any_task()) end,
  delete = function() return delete() end,
  delete_if_match = function() return delete(expected) end,
  delete_key = function() return delete(key()) end,
}

local of_all_kinds = { operations.get, operations.list, operations.create, operations.change, operations.toggle }
operations.mixed = function() return of_all_kinds[random(#of_all_kinds)]() end

function init(arguments)
  first_user, users, first_task = tonumber(arguments[2]), tonumber(arguments[3]), tonumber(arguments[4])
  each, next_spent, spent, requested = tonumber(arguments[5]), tonumber(arguments[6]), 0, 0
  if arguments[7] then
    for token in io.lines(arguments[7]) do bearers[#bearers + 1] = "Authorization: Bearer " .. token .. "\r\n" end
  end
  began = os.time()
  math.randomseed(1) -- the same for every server
  request = operations[arguments[1]]
end

function done(summary, latency)
  local reached = {}
  for _, percent in ipairs({ 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9 }) do
    reached[#reached + 1] = ('"%g":%.3f'):format(percent, latency:percentile(percent) / 1000)
  end
  local errors = summary.errors
  print(('{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"latency_ms":{%s}}'):format(
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, table.concat(reached, ",")))
end
