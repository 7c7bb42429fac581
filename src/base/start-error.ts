/** A failure to start that its message explains to the person at the terminal, in one line. */
export class StartError extends Error {
  override readonly name = 'StartError'
  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/\s+/g, ' ').trim(), options)
  }
}
