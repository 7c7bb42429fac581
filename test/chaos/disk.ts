import type { Backing } from './cluster.ts'
import type { Disk } from './stage.ts'

export async function onDisk(_backing: Backing): Promise<{ backing: Backing; disk: Disk; stop(): Promise<void> }> {
  return Promise.reject(new Error('not yet'))
}
