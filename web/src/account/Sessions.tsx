import { Monitor, Smartphone } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import type { AccountQuery } from '../generated/graphql.ts'
import { RevokeOtherSessions, RevokeSession } from '../graphql/deeds.ts'
import { Account } from '../graphql/documents.ts'
import { useTimes } from '../i18n/times.ts'
import { Button } from '../ui/Button.tsx'
import { Card } from './Settings.tsx'

type Session = NonNullable<NonNullable<AccountQuery['me']>['sessions']>[number]

/** Where one is signed in, and the way to end that. */
export function Sessions({ sessions }: { sessions: readonly Session[] }) {
  const { t } = useTranslation()
  const times = useTimes()
  const act = useAct()
  const [, refetch] = useQuery({ query: Account, pause: true })
  const again = () => { refetch({ requestPolicy: 'network-only' }) }
  return (
    <Card title={t('settings.sessions')}>
      <ul className="flex flex-col gap-3">
        {sessions.map((session) => {
          const isPhone = /mobile|android|iphone/i.test(session.userAgent ?? '')
          const Icon = isPhone ? Smartphone : Monitor
          return (
            <li key={session.id} className="flex items-center gap-3">
              <Icon aria-hidden className="size-5 shrink-0 text-faint" />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-semibold" title={session.userAgent ?? undefined}>{deviceOf(session.userAgent) ?? t('settings.device')}</span>
                <span className="block text-sm text-soft">{session.current ? t('settings.thisDevice') : times.ago(session.lastUsedAt)}</span>
              </span>
              {!session.current && (
                <Button look="quiet" onClick={() => void act(RevokeSession, { input: { sessionId: session.id } }).then(again)}>
                  {t('settings.endSession')}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      {sessions.length > 1 && (
        <Button look="alarm" className="self-start" onClick={() => void act(RevokeOtherSessions, {}).then(again)}>
          {t('settings.endOthers')}
        </Button>
      )}
    </Card>
  )
}

/** Browser and system, as far as the device told. */
function deviceOf(userAgent: string | null): string | null {
  const browser = [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']].find(([mark]) => userAgent?.includes(mark ?? ''))?.[1]
  const system = [['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']].find(([mark]) => userAgent?.includes(mark ?? ''))?.[1]
  return browser === undefined ? userAgent : [browser, system].filter(Boolean).join(' · ')
}
