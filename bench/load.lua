-- What wrk sends: each line of REQUESTS is one request (method, path, headers as k=v joined by \1,
-- body, separated by tabs), sent once each in order, or round and round with LOOP=1. Prints JSON.
local requests, at = {}, 0
local loop = os.getenv("LOOP") == "1"

function init()
  for line in io.lines(os.getenv("REQUESTS")) do
    local method, path, head, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
    local headers = {}
    for name, value in head:gmatch("([^=\1]+)=([^\1]*)") do headers[name] = value end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  at = at + 1
  if at > #requests then
    if not loop then
      io.open(os.getenv("DONE"), "w"):close()
      wrk.thread:stop()
      return requests[#requests]
    end
    at = 1
  end
  return requests[at]
end

function done(summary, latency)
  local bad = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.4f, "p50_us": %d, "p99_us": %d, "refused": %d, "broken": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    bad.status, bad.connect + bad.read + bad.write + bad.timeout))
end
