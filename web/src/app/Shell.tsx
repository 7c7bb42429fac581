import { Outlet, useMatchRoute, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Provider, useQuery } from 'urql'
import { Viewer } from '../graphql/documents.ts'
import { ConnectionBadge } from '../live/ConnectionBadge.tsx'
import { TitleBadge } from '../live/TitleBadge.tsx'
import { Sidebar } from '../list/Sidebar.tsx'
import { Logo } from '../ui/Logo.tsx'
import { createApp } from './app.ts'
import type { Me } from './app.ts'
import { AppContext, MeContext, useSession } from './context.ts'

const LONGEST_MS = 15_000

/** The page of who is signed in: the list beside what is open; on a phone one of the two. */
export function Shell() {
  const session = useSession()
  const navigate = useNavigate()
  const [app] = useState(() => createApp(session))
  const [me, setMe] = useState<Me | null>(null)
  const isHome = useMatchRoute()({ to: '/' }) !== false

  useEffect(() => {
    session.onEnd = () => {
      app.stop()
      void navigate({ to: '/signin', search: {}, replace: true })
    }
    let stopped = false
    void (async () => {
      for (let wait = 500; !stopped; wait = Math.min(wait * 2, LONGEST_MS)) {
        try {
          const started = await app.start()
          if (started !== null) setMe(started)
          return
        } catch {
          // Tried again after a pause, or as soon as the browser says that there is a network.
          await new Promise<void>((resolve) => {
            setTimeout(resolve, wait)
            window.addEventListener('online', () => { resolve() }, { once: true })
          })
        }
      }
    })()
    app.notices.onOpen((chatId) => void navigate({ to: '/chat/$chatId', params: { chatId }, search: {} }))
    return () => {
      stopped = true
    }
  }, [app, session, navigate])

  if (me === null) return <Waiting />
  return (
    <AppContext value={app}>
      <Provider value={app.client}>
        <AsViewer atStart={me}>
          <TitleBadge />
          <div className="flex h-dvh overflow-hidden">
            <div className={`flex w-full shrink-0 flex-col border-line bg-sheet md:w-[22rem] md:border-r lg:w-[24rem] ${isHome ? '' : 'max-md:hidden'}`}>
              <Sidebar />
            </div>
            <main className={`relative min-w-0 flex-1 ${isHome ? 'max-md:hidden' : ''}`}>
              <Outlet />
            </main>
          </div>
          <ConnectionBadge />
        </AsViewer>
      </Provider>
    </AppContext>
  )
}

/** Who is signed in, as it has changed since: the name, the picture, what they may do. */
function AsViewer({ atStart, children }: { atStart: Me; children: ReactNode }) {
  const [{ data }] = useQuery({ query: Viewer, requestPolicy: 'cache-only' })
  return <MeContext value={data?.me ?? atStart}>{children}</MeContext>
}

function Waiting() {
  const { t } = useTranslation()
  return (
    <main className="flex h-dvh flex-col items-center justify-center gap-4 bg-paper">
      <h1 className="sr-only">Parley</h1>
      <Logo className="size-16 animate-pulse" />
      <p role="status" className="text-soft">{t('connecting')}</p>
    </main>
  )
}
