import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { Receipts as ReceiptsDocument } from '../graphql/documents.ts'
import { useTimes } from '../i18n/times.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Ticks } from './Ticks.tsx'

/** Who has received and read a message, and when. */
export function Receipts({ messageId, onClose }: { messageId: string; onClose: () => void }) {
  const { t } = useTranslation()
  const times = useTimes()
  const [{ data, fetching }] = useQuery({ query: ReceiptsDocument, variables: { messageId }, requestPolicy: 'network-only' })
  const edges = data?.message?.receipts?.edges ?? []
  return (
    <Dialog title={t('receipts')} open onClose={onClose}>
      <ul className="flex flex-col gap-3">
        {edges.map(({ node: { user, readAt, deliveredAt } }) => {
          const at = readAt ?? deliveredAt
          return (
            <li key={user.id} className="flex items-center gap-3">
              <Avatar id={user.id} name={user.displayName} url={user.avatarUrl} size="sm" />
              <span className="min-w-0 flex-1 truncate font-semibold">{user.displayName}</span>
              {at !== null && <time className="text-sm text-soft">{times.full(at)}</time>}
              <Ticks status={readAt !== null ? 'READ' : deliveredAt !== null ? 'DELIVERED' : 'SENT'} />
            </li>
          )
        })}
        {!fetching && edges.length === 0 && <li className="text-soft">{t('receiptsNone')}</li>}
      </ul>
    </Dialog>
  )
}
