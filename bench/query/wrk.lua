-- Sends the bodies of a file in turn, one a line; see wrk.py.
-- Arguments: the file, the mark of a counter in a body (empty: none), its first number.
-- Prints one line of JSON at the end.
local requests, mark, count, turn = {}, "", 0, 0

function init(arguments)
  local headers = {
    ["content-type"] = "application/json",
    ["accept"] = "application/graphql-response+json, application/json;q=0.9",
  }
  mark, count = arguments[2], tonumber(arguments[3])
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("POST", "/graphql", headers, body)
  end
  if mark ~= "" then
    local from, to = requests[1]:find(mark, 1, true)
    local before, after = requests[1]:sub(1, from - 1), requests[1]:sub(to + 1)
    local digits = "%0" .. #mark .. "d"
    request = function()
      count = count + 1
      return before .. digits:format(count) .. after
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  print(("\n{\"requests\":%d,\"seconds\":%.6f,\"bytes\":%d,\"p50_ms\":%.4f,"
    .. "\"p99_ms\":%.4f,\"refused\":%d,\"broken\":%d}"):format(
      summary.requests, summary.duration / 1e6, summary.bytes,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
