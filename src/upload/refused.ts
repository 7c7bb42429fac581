/** Bytes that are not taken, and why: `status` is HTTP's. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: 400 | 404 | 409 | 410 | 413 | 415 | 422 | 429
  /** How many bytes are there, where the sender has to know. */
  readonly size: number | null
  constructor(status: Refused['status'], message: string, size: number | null = null) {
    super(message)
    this.status = status
    this.size = size
  }
}
