/** What PostgreSQL saw as finished at one moment: everything below `xmin`, and of the rest all but `running` up to `xmax`. */
export interface Snapshot {
  xmin: bigint
  xmax: bigint
  running: bigint[]
}

/** Reads the text form of a pg_snapshot, `xmin:xmax:xip,...`. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin, xmax, running] = text.split(':')
  if (xmin === undefined || xmax === undefined) throw new Error(`not a snapshot: ${text}`)
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), running: running ? running.split(',').map(BigInt) : [] }
}
