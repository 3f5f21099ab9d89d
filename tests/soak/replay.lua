-- Sends requests from a file, one after the other, from a place that a number picks: replay.lua FILE NUMBER
-- Records: a line with a length, then so many bytes, which are a whole request.
local requests, at = {}, 0
local counts = {}
local threads = {}

function setup(thread)
  thread:set("id", #threads)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  for line in file:lines() do
    table.insert(requests, file:read(tonumber(line)))
  end
  file:close()
  -- Threads begin in different places.
  at = (tonumber(args[2]) + id * math.floor(#requests / 2)) % #requests
  for class = 1, 5 do
    _G["status" .. class] = 0
  end
  answered = 0
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function response(status)
  local name = "status" .. math.floor(status / 100)
  _G[name] = _G[name] + 1
  answered = answered + 1
end

function done(summary)
  local total = 0
  for class = 1, 5 do
    counts[class] = 0
  end
  for _, thread in ipairs(threads) do
    total = total + thread:get("answered")
    for class = 1, 5 do
      counts[class] = counts[class] + thread:get("status" .. class)
    end
  end
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", total, counts[2], counts[4], counts[5], errors.timeout))
end
