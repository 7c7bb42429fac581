import { BlockList, isIP, isIPv6 } from 'node:net'

/** Addresses of proxies that are taken at their word. */
export type Proxies = BlockList

/** Names for what is often meant. `private`: RFC 1918, RFC 4193 and link-local addresses, and this machine. */
const NAMES: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'],
}

/** Reads a list such as `loopback,10.0.0.0/8,2001:db8::1`; answers what is wrong where something is. */
export function readProxies(text: string): Proxies | string {
  const list = new BlockList()
  for (const item of text.split(',').map((part) => part.trim()).filter((part) => part !== '')) {
    for (const net of NAMES[item] ?? [item]) {
      const [address = '', bits] = net.split('/')
      const family = isIP(address)
      const longest = family === 4 ? 32 : 128
      if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= longest))) return `must be a list of addresses, networks such as 10.0.0.0/8, or the names ${Object.keys(NAMES).join(' and ')}; "${item}" is none`
      list.addSubnet(address, bits === undefined ? longest : Number(bits), family === 4 ? 'ipv4' : 'ipv6')
    }
  }
  return list
}

/**
 * The address that limits are counted by: that of whoever connects, or, where that is a known proxy, of whoever it says has connected to it, and so on from
 * the right to the left of X-Forwarded-For. What stands further left anybody may have written. Of IPv6 the network of 64 bits, which is one customer's.
 */
export function clientAddress(peer: string | undefined, forwardedFor: string | undefined, proxies: Proxies | null): string {
  let address = peer === undefined ? null : plain(peer)
  if (proxies !== null && forwardedFor !== undefined) {
    const hops = forwardedFor.split(',')
    while (address !== null && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) {
      const before = hops.pop()
      const next = before === undefined ? null : plain(before.trim())
      // What is no address was not written by a proxy that is to be trusted.
      if (next === null) break
      address = next
    }
  }
  return address === null ? 'unknown' : isIPv6(address) ? networkOf(address) : address
}

/** An address without brackets, port and zone, and of IPv4 as IPv4; null where it is none. */
function plain(text: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text
  const address = bare.split('%', 1)[0] ?? ''
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return isIP(mapped ?? address) === 0 ? null : (mapped ?? address)
}

function networkOf(address: string): string {
  const [before = '', behind] = address.toLowerCase().split('::')
  const [head, tail] = [before, behind ?? ''].map((part) => (part === '' ? [] : part.split(':')))
  const groups = behind === undefined ? (head ?? []) : [...(head ?? []), ...Array.from({ length: 8 - (head?.length ?? 0) - (tail?.length ?? 0) }, () => '0'), ...(tail ?? [])]
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
