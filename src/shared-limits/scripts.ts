import { createHash } from "node:crypto";

/** A script that a server runs as one step, on one key. It answers with a whole number of microseconds to wait, 0 for none. */
export interface LimitScript {
  readonly text: string;
  readonly sha1: string;
}

function script(text: string): LimitScript {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

/**
 * ARGV: hits, window in microseconds. The key is a list of the times of the last hits, oldest first, never longer than `hits`: the one that
 * has to be over for another to come stands at its head. The time is the server's, so that routers need not agree on one.
 */
export const HIT = script(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local hits, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local over = redis.call('LLEN', KEYS[1]) - hits
if over >= 0 then
  local edge = tonumber(redis.call('LINDEX', KEYS[1], over))
  if edge > now - window then return math.ceil(math.min(edge, now) + window - now) end
  redis.call('LTRIM', KEYS[1], over + 1, -1)
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return 0
`);

/**
 * ARGV: capacity, microseconds in which a unit leaks, units of this hit. The key is the time at which the bucket will be empty.
 */
export const POUR = script(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local capacity, emission, increment = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local empty = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local excess = empty - now + (increment - capacity) * emission
if excess > 0 then return math.ceil(excess) end
empty = empty + increment * emission
redis.call('SET', KEYS[1], string.format('%.0f', empty), 'PX', math.max(1, math.ceil((empty - now) / 1000)))
return 0
`);
