import { Link } from '@tanstack/react-router'
import { ArrowLeft, LogOut } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useApp, useSession } from '../app/context.ts'
import { applyTheme, theme } from '../app/theme.ts'
import type { Theme } from '../app/theme.ts'
import { Account } from '../graphql/documents.ts'
import { LANGUAGES, setLanguage } from '../i18n/index.ts'
import type { Language } from '../i18n/index.ts'
import { Button } from '../ui/Button.tsx'
import { toast } from '../ui/toast.ts'
import { Blocked } from './Blocked.tsx'
import { DeleteAccount } from './DeleteAccount.tsx'
import { Password } from './Password.tsx'
import { Profile } from './Profile.tsx'
import { Sessions } from './Sessions.tsx'

export function Settings() {
  const { t } = useTranslation()
  const session = useSession()
  const [{ data }] = useQuery({ query: Account, requestPolicy: 'cache-and-network' })
  const me = data?.me
  return (
    <div className="h-full overflow-y-auto bg-paper">
      <div className="mx-auto flex max-w-2xl flex-col gap-5 px-4 py-6 sm:px-8">
        <header className="flex items-center gap-2">
          <Link to="/" aria-label={t('back')} className="inline-flex size-10 items-center justify-center rounded-xl text-soft hover:bg-hover md:hidden">
            <ArrowLeft className="size-5" />
          </Link>
          <h2 className="flex-1 text-2xl font-bold tracking-tight">{t('settings.title')}</h2>
          <Button onClick={() => void session.signOut()}>
            <LogOut className="size-4" aria-hidden /> {t('signOut')}
          </Button>
        </header>
        {me != null && (
          <>
            <Profile me={me} />
            <Looks />
            <Password />
            <Sessions sessions={me.sessions ?? []} />
            <Blocked people={me.blockedUsers?.nodes ?? []} />
            <DeleteAccount />
          </>
        )}
      </div>
    </div>
  )
}

export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-4 rounded-3xl border border-line bg-sheet p-5 sm:p-6">
      <h3 className="text-lg font-semibold">{title}</h3>
      {children}
    </section>
  )
}

function Looks() {
  const { t, i18n } = useTranslation()
  const { notices } = useApp()
  const [is, setTheme] = useState(theme())
  const [on, setOn] = useState(notices.on)
  return (
    <Card title={t('settings.looks')}>
      <div className="grid gap-4 sm:grid-cols-2">
        <label className="flex flex-col gap-1.5 text-sm font-semibold text-soft">
          {t('settings.theme')}
          <select
            className="field font-normal"
            value={is}
            onChange={(event) => {
              const next = event.target.value as Theme
              applyTheme(next)
              setTheme(next)
            }}
          >
            {(['system', 'light', 'dark'] as const).map((name) => (
              <option key={name} value={name}>
                {t(`theme.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <label className="flex flex-col gap-1.5 text-sm font-semibold text-soft">
          {t('settings.language')}
          <select className="field font-normal" value={i18n.language} onChange={(event) => void setLanguage(event.target.value as Language)}>
            {Object.entries(LANGUAGES).map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label className="flex items-center gap-3">
        <input
          type="checkbox"
          className="size-5 accent-pine"
          checked={on}
          onChange={(event) => {
            const wanted = event.target.checked
            void notices.turn(wanted).then((may) => {
              setOn(may)
              if (wanted && !may) toast(t('settings.noticesRefused'), 'alarm')
            })
          }}
        />
        <span>{t('settings.notices')}</span>
      </label>
    </Card>
  )
}
