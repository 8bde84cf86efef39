-- wrk asks for pages at a pace like people's: each connection waits in between.
local paths = {}
for line in io.lines("pages.txt") do paths[#paths + 1] = line end

local agents = {
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
  "wrk",
}

function delay() return math.random(20, 260) end

function request()
  local path = paths[math.random(#paths)]
  if math.random() < 0.2 then path = path .. "?page=" .. math.random(40) end
  local headers = { ["User-Agent"] = agents[math.random(#agents)] }
  if math.random() < 0.6 then
    headers["Referer"] = "http://127.0.0.1:8086" .. paths[math.random(#paths)]
  end
  return wrk.format("GET", path, headers)
end
