/** There is no room for more bytes just now. */
export class StorageFull extends Error {
  override readonly name = 'StorageFull'
  constructor() {
    super('There is no room for more files just now. Try again later.')
  }
}

/** Whether a fault of the file system says that it is full (or that its owner may have no more of it). */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT' || error.code === 'EFBIG')
}
