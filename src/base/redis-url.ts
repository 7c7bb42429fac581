/** Where a Redis is, and how it is made up. */
export type RedisSettings =
  | { kind: 'standalone'; url: string }
  /** The sentinels are asked who the master of this name is just now; the password is the master's. */
  | ({ kind: 'sentinel'; sentinels: RedisAddress[]; master: string; sentinelPassword: string | null } & Access)
  /** Any of the nodes tells of the others. */
  | ({ kind: 'cluster'; nodes: RedisAddress[] } & Access)

interface RedisAddress {
  host: string
  port: number
}

interface Access {
  username: string | null
  password: string | null
  tls: boolean
}

const FORMS = /^(rediss?)-(sentinel|cluster):\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/
const ADDRESS = /^(?:\[([\da-f:]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i

/** Reads the address of a Redis in any of its forms; a text says what is wrong with it. */
export function readRedisUrl(value: string): RedisSettings | string {
  if (URL.canParse(value) && ['redis:', 'rediss:'].includes(new URL(value).protocol)) return { kind: 'standalone', url: value }
  const match = FORMS.exec(value)
  if (match === null) return 'must be a URL that starts with redis://, rediss://, redis-sentinel:// or redis-cluster://'
  const [, scheme, kind, credentials, hosts = '', path = '', query = ''] = match
  const example = kind === 'sentinel' ? 'redis-sentinel://one:26379,two:26379/mymaster' : 'redis-cluster://one:6379,two:6379'
  const addresses = hosts.split(',').map((host) => addressOf(host, kind === 'sentinel' ? 26_379 : 6379))
  if (!addresses.every((address) => address !== null)) return `must name every host with its port, such as ${example}`
  const access = accessOf(credentials, scheme === 'rediss')
  const master = unescape(path)
  if (access === null || master === null) return 'must write special characters of a name or password as in any URL, such as %40 for @'
  if (kind === 'cluster') {
    if (path !== '' || query !== '') return `must end with the hosts, such as ${example}`
    return { kind, nodes: addresses, ...access }
  }
  if (master === '' || master.includes('/')) return `must end with the name by which the sentinels know the master, such as ${example}`
  const more = new URLSearchParams(query)
  if ([...more.keys()].some((name) => name !== 'sentinelPassword')) return 'must have no parameter but sentinelPassword'
  return { kind: 'sentinel', sentinels: addresses, master, sentinelPassword: more.get('sentinelPassword'), ...access }
}

function addressOf(text: string, defaultPort: number): RedisAddress | null {
  const [, ipv6, name, port = String(defaultPort)] = ADDRESS.exec(text.trim()) ?? []
  const host = ipv6 ?? name
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? null : { host, port: Number(port) }
}

function accessOf(credentials: string | undefined, tls: boolean): Access | null {
  if (credentials === undefined) return { username: null, password: null, tls }
  const at = credentials.indexOf(':')
  const username = unescape(at < 0 ? credentials : credentials.slice(0, at))
  const password = at < 0 ? '' : unescape(credentials.slice(at + 1))
  return username === null || password === null ? null : { username: username || null, password: password || null, tls }
}

function unescape(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
