import type { TFunction } from 'i18next'
import { toast } from '../ui/toast.ts'
import { MOST_FILES } from './parcels.ts'
import type { Parcels } from './parcels.ts'

/** Puts files into the field of a chat, and says where they are too many. */
export function takeFiles(parcels: Parcels, chatId: string, files: readonly File[], t: TFunction): void {
  // A folder comes as a file without bytes.
  const whole = files.filter(({ size }) => size > 0)
  if (parcels.add(chatId, whole) > 0) toast(t('file.tooMany', { count: MOST_FILES }), 'alarm')
}
