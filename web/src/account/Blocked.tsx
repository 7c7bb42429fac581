import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import type { PersonPartsFragment } from '../generated/graphql.ts'
import { UnblockUser } from '../graphql/deeds.ts'
import { Account } from '../graphql/documents.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { Card } from './Settings.tsx'

export function Blocked({ people }: { people: readonly PersonPartsFragment[] }) {
  const { t } = useTranslation()
  const act = useAct()
  const [, refetch] = useQuery({ query: Account, pause: true })
  if (people.length === 0) return null
  return (
    <Card title={t('settings.blocked')}>
      <ul className="flex flex-col gap-2">
        {people.map((person) => (
          <li key={person.id} className="flex items-center gap-3">
            <Avatar id={person.id} name={person.displayName} url={person.avatarUrl} size="sm" />
            <span className="min-w-0 flex-1 truncate font-semibold">{person.displayName}</span>
            <Button look="quiet" onClick={() => void act(UnblockUser, { input: { userId: person.id } }).then(() => { refetch({ requestPolicy: 'network-only' }) })}>
              {t('unblock')}
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  )
}
