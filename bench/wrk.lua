-- What wrk sends: one operation, on tasks that lie in order. Arguments: the operation, the first user, how many users,
-- the first task, how many tasks each user has, the first task to delete (one after the other, users in turn).

local first_user, users, first_task, each, next_delete, deleted
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
  create = function()
    return ask("POST", ("/users/%d/tasks"):format(any_user()), '{"title":"Buy milk and bread on the way home"}')
  end,
  change = function()
    return ask("PUT", ("/users/%d/tasks/%d"):format(any_task()), '{"title":"Buy milk, and no bread this time"}')
  end,
  toggle = function() return ask("PATCH", ("/api/%d/tasks/%d/complete"):format(any_task())) end,
  delete = function()
    local path = ("/users/%d/tasks/%d"):format(first_user + deleted % users, next_delete + deleted)
    deleted = deleted + 1
    return ask("DELETE", path)
  end,
}

local of_all_kinds = { operations.get, operations.list, operations.create, operations.change, operations.toggle }
operations.mixed = function() return of_all_kinds[random(#of_all_kinds)]() end

function init(arguments)
  first_user, users, first_task = tonumber(arguments[2]), tonumber(arguments[3]), tonumber(arguments[4])
  each, next_delete, deleted = tonumber(arguments[5]), tonumber(arguments[6]), 0
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
