/**
 * How much one request, one connection or one address may ask for. LIMITS sets single ones anew. They hold alike over HTTP, event streams and WebSocket;
 * what concerns the document is checked once for each text, before it is validated against the schema.
 */
export const LIMITS = {
  /** Bytes of a request's body over HTTP, and of a frame over WebSocket; files apart. */
  bodyBytes: 256 * 1024,
  /** Lexical tokens of a document (names, braces, values; comments are none): reading ends with the first one too many. */
  tokens: 2000,
  /** Levels of fields, fragments followed: `{ me { username } }` has two. What describes the schema itself is not counted, where it may be asked for at all. */
  depth: 12,
  /** Fields of a document, fragments counted wherever they are spread: a few fragments in one another are many fields. */
  fields: 1000,
  /** Times that one field, by the name that it has in the answer, stands in one place, fragments followed. */
  repeats: 50,
  /** Fields under another name, fragments counted wherever they are spread. */
  aliases: 30,
  /** Directives on one field, fragment, variable or operation. */
  directives: 8,
  /** Fields at the top of an operation. Those that sign in or take a password stand alone, whatever this says. */
  rootFields: 10,
  /** Objects that an operation may answer at most: pages by the sizes that it asks for (variables too), other lists by five. A hundred messages with all that belongs to them and who reacted are 22,000. */
  cost: 30_000,
  /** Milliseconds that a query or mutation may take; a statement of the database that takes longer is cancelled there. */
  operationMs: 5000,
  /** Documents that one network address may have refused in a minute. Then its new ones are not read until the minute is over; those that the server knows are. */
  refusedPerMinute: 300,
  /** Subscriptions at once on one WebSocket. */
  subscriptionsPerSocket: 10,
  /** Live connections at once of one user to one server: WebSockets and event streams over HTTP. */
  connectionsPerUser: 20,
  /** WebSockets at once that nobody has signed in on, from one network address, to one server. */
  anonymousPerAddress: 60,
}

export type LimitName = keyof typeof LIMITS
export type Limits = Readonly<Record<LimitName, number>>

/** Reads limits that are set anew, such as `depth=15,cost=20000`. Answers the whole table, or what is wrong. */
export function readLimits(text: string): { limits: Limits; faults: string[] } {
  const limits: Record<LimitName, number> = { ...LIMITS }
  const faults: string[] = []
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue
    const [, name = '', value] = /^(\w+) *= *(\d{1,9})$/.exec(item) ?? []
    if (value === undefined || Number(value) < 1) faults.push(`must be a list of names and whole numbers from 1 on, such as depth=15,cost=20000; "${item}" is no such line`)
    else if (!Object.hasOwn(LIMITS, name)) faults.push(`has no line called "${name}"; there are ${Object.keys(LIMITS).join(', ')}`)
    else limits[name as LimitName] = Number(value)
  }
  return { limits, faults }
}
