import type { RedisClient } from '../base/redis.ts'
import type { Connected, Seen } from './index.ts'

/** All keys have one hash tag, so that one script may touch them in a cluster as well. */
const ROOT = 'parley:{presence}'
/** A field among the people, which are numbers: another value tells that Redis has lost everything in between. */
const BORN = 'born'
/** So many people go into one call, and so many are reaped by one. */
const AT_ONCE = 500

/*
 * What Redis keeps:
 *   people             hash    user -> when last active, and whether idle; whoever is in it is there
 *   awake              sorted  those of them who are not idle, by when they were last active
 *   leaving            sorted  those without a connection, by the end of their grace
 *   servers            sorted  servers, by the end of their lease
 *   connected:<server> set     who has a connection there
 * A user arrives (connected, no more leaving), is active (awake), falls idle (no more awake), leaves (no more connected; leaving where no other
 * server has them) and is gone (in none of these). A server that dies leaves for all its users at the end of its lease. Times are those of Redis
 * but for when somebody was active.
 */
const SCRIPT = `
local root, op, server = KEYS[1], ARGV[1], ARGV[2]
local people, awake, leaving, servers = root .. ':people', root .. ':awake', root .. ':leaving', root .. ':servers'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number) return string.format('%.0f', number) end
local function connected(at) return root .. ':connected:' .. at end

local function find(user)
  local at, idle = string.match(redis.call('HGET', people, user) or '', '^(%d+):(%d)$')
  return tonumber(at), idle == '1'
end

local function put(user, at, idle)
  redis.call('HSET', people, user, text(at) .. (idle and ':1' or ':0'))
  if idle then redis.call('ZREM', awake, user) else redis.call('ZADD', awake, text(at), user) end
end

local function active(user, at)
  local known, idle = find(user)
  if known == nil or at <= known then return false end
  put(user, at, false)
  return idle
end

local function leave(user, at, graceEnd)
  for _, other in ipairs(redis.call('ZRANGE', servers, 0, -1)) do
    if redis.call('SISMEMBER', connected(other), user) == 1 then return end
  end
  local known, idle = find(user)
  if known == nil then return end
  if not idle and at > known then put(user, at, false) end
  redis.call('ZADD', leaving, text(graceEnd), user)
end

local function take(users, gone)
  for _, user in ipairs(users) do
    local at = find(user)
    redis.call('HDEL', people, user)
    redis.call('ZREM', awake, user)
    redis.call('ZREM', leaving, user)
    if at ~= nil then
      gone[#gone + 1] = user
      gone[#gone + 1] = text(at)
    end
  end
end

if op == 'join' then
  redis.call('HSETNX', people, '${BORN}', ARGV[4])
  redis.call('ZADD', servers, text(now + ARGV[3]), server)
  return { redis.call('HGET', people, '${BORN}'), redis.call('SMEMBERS', connected(server)), now }
end

if op == 'arrive' then
  if not redis.call('ZSCORE', servers, server) then return false end
  local changed = {}
  for n = 3, #ARGV, 4 do
    local user = ARGV[n]
    redis.call('SADD', connected(server), user)
    redis.call('ZREM', leaving, user)
    if find(user) == nil then
      put(user, tonumber(ARGV[n + 1]), ARGV[n + 2] == '1')
      changed[#changed + 1] = user
    elseif active(user, tonumber(ARGV[n + 3])) then
      changed[#changed + 1] = user
    end
  end
  return changed
end

if op == 'leave' then
  for n = 4, #ARGV, 2 do
    redis.call('SREM', connected(server), ARGV[n])
    leave(ARGV[n], tonumber(ARGV[n + 1]), now + ARGV[3])
  end
  return 1
end

if op == 'active' then
  local changed = {}
  for n = 3, #ARGV, 2 do
    if active(ARGV[n], tonumber(ARGV[n + 1])) then changed[#changed + 1] = ARGV[n] end
  end
  return changed
end

if op == 'tick' then
  local lease, idleAfter, grace, limit = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[8])
  local own = redis.call('ZSCORE', servers, server)
  if not own or tonumber(own) < now then return false end
  redis.call('ZADD', servers, text(now + lease), server)
  if ARGV[6] == '1' then
    for _, dead in ipairs(redis.call('ZRANGEBYSCORE', servers, '-inf', text(now))) do
      local graceEnd = redis.call('ZSCORE', servers, dead) + grace
      local left = redis.call('SPOP', connected(dead), limit)
      for _, user in ipairs(left) do leave(user, 0, graceEnd) end
      if #left < limit then redis.call('ZREM', servers, dead) end
    end
  end
  local gone = {}
  if ARGV[7] == '1' then take(redis.call('ZRANGEBYSCORE', leaving, '-inf', text(now), 'LIMIT', 0, limit), gone) end
  local idled = redis.call('ZRANGEBYSCORE', awake, '-inf', text(now - idleAfter), 'LIMIT', 0, limit)
  for _, user in ipairs(idled) do put(user, find(user) or 0, true) end
  return { redis.call('HGET', people, '${BORN}') or '', redis.call('SCARD', connected(server)), gone, idled, now }
end

if op == 'exit' then
  local left = redis.call('SMEMBERS', connected(server))
  redis.call('ZREM', servers, server)
  redis.call('DEL', connected(server))
  for _, user in ipairs(left) do leave(user, tonumber(ARGV[4]), now + ARGV[3]) end
  local gone = {}
  if redis.call('ZCOUNT', servers, text(now), '+inf') == 0 then take(redis.call('ZRANGE', leaving, 0, -1), gone) end
  return gone
end
`

/** Somebody who is connected here. */
export interface Arrival {
  userId: number
  /** When they were active, where Redis does not know them. */
  activeAt: number
  idle: boolean
  /** When they asked for something here, if they did: to be connected alone is no activity. */
  touchedAt: number
}

/** What one server tells Redis of its people, and asks it. Everything is sent at once and in order, and fails where Redis is away. */
export interface PresenceTable {
  /** Takes a lease; answers what Redis was born as, whom it believes to be connected here, and its time. */
  join(leaseMs: number, bornAs: string): Promise<{ born: string; connected: number[]; now: number }>
  /** Answers of whom others see something else now; null without a lease. */
  arrive(arrivals: readonly Arrival[]): Promise<number[] | null>
  /** `at`: they were active until then; 0 where that is not known. */
  leave(userIds: readonly number[], at: number, graceMs: number): Promise<void>
  active(touches: readonly (readonly [userId: number, at: number])[]): Promise<number[]>
  /** Renews the lease and takes out who is due; null where the lease is lost. */
  tick(options: { leaseMs: number; idleMs: number; graceMs: number; reapServers: boolean; reapPeople: boolean }): Promise<{ born: string; connected: number; gone: Seen[]; idled: number[]; more: boolean; now: number } | null>
  /** Gives the lease back. The grace of those who were here goes on; where no other server is left to end it, it is over for all, who are the answer. */
  exit(at: number, graceMs: number): Promise<Seen[]>
  read(userIds: readonly number[]): Promise<{ born: string | null; states: (Connected | null)[] }>
}

export function createPresenceTable(redis: RedisClient, self: string): PresenceTable {
  redis.defineCommand('parleyPresence', { numberOfKeys: 1, lua: SCRIPT })
  const script = redis as unknown as { parleyPresence(key: string, op: string, self: string, ...args: (string | number)[]): Promise<unknown> }
  const call = (op: string, ...args: (string | number)[]) => script.parleyPresence(ROOT, op, self, ...args)
  const inParts = async <T, R>(items: readonly T[], one: (part: T[]) => Promise<R>): Promise<R[]> => {
    const parts: Promise<R>[] = []
    for (let at = 0; at < items.length; at += AT_ONCE) parts.push(one(items.slice(at, at + AT_ONCE)))
    return Promise.all(parts)
  }
  return {
    async join(leaseMs, bornAs) {
      const [born, connected, now] = (await call('join', leaseMs, bornAs)) as [string, string[], number]
      return { born, connected: connected.map(Number), now }
    },
    async arrive(arrivals) {
      const parts = await inParts(arrivals, (part) => call('arrive', ...part.flatMap(({ userId, activeAt, idle, touchedAt }) => [userId, activeAt, idle ? 1 : 0, touchedAt])) as Promise<string[] | null>)
      return parts.includes(null) ? null : parts.flatMap((part) => part ?? []).map(Number)
    },
    async leave(userIds, at, graceMs) {
      await inParts(userIds, (part) => call('leave', graceMs, ...part.flatMap((userId) => [userId, at])))
    },
    async active(touches) {
      return (await inParts(touches, (part) => call('active', ...part.flat()) as Promise<string[]>)).flat().map(Number)
    },
    async tick({ leaseMs, idleMs, graceMs, reapServers, reapPeople }) {
      const answer = (await call('tick', leaseMs, idleMs, graceMs, reapServers ? 1 : 0, reapPeople ? 1 : 0, AT_ONCE)) as [string, number, string[], string[], number] | null
      if (answer === null) return null
      const [born, connected, taken, idled, now] = answer
      const gone = seenIn(taken)
      return { born, connected, gone, idled: idled.map(Number), more: gone.length === AT_ONCE || idled.length === AT_ONCE, now }
    },
    async exit(at, graceMs) {
      return seenIn((await call('exit', graceMs, at)) as string[])
    },
    async read(userIds) {
      const [born = null, ...found] = await redis.hmget(`${ROOT}:people`, BORN, ...userIds.map(String))
      return {
        born,
        states: found.map((entry) => {
          if (entry === null) return null
          const [at, idle] = entry.split(':')
          return { idle: idle === '1', activeAt: new Date(Number(at)) }
        }),
      }
    },
  }
}

/** Pairs of a user and when they were last active. */
function seenIn(flat: readonly string[]): Seen[] {
  return flat.flatMap((userId, n) => (n % 2 === 0 ? [{ userId: Number(userId), at: new Date(Number(flat[n + 1])) }] : []))
}
