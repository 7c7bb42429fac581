import { Link } from '@tanstack/react-router'
import { PenSquare, Search as Glass, X } from 'lucide-react'
import { Suspense, lazy, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isAgent, useMe } from '../app/context.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { IconButton } from '../ui/Button.tsx'
import { ChatList } from './ChatList.tsx'
import { AGENT_VIEWS, VIEWS } from './filters.ts'
import type { View } from './filters.ts'

const SearchResults = lazy(() => import('./SearchResults.tsx').then(({ SearchResults }) => ({ default: SearchResults })))
const NewChat = lazy(() => import('./NewChat.tsx').then(({ NewChat }) => ({ default: NewChat })))

/** A search goes out when the typing pauses. */
const PAUSE_MS = 200

export function Sidebar() {
  const { t } = useTranslation()
  const me = useMe()
  const views = isAgent(me) ? AGENT_VIEWS : VIEWS
  const [chosen, setView] = useState<View>('all')
  // Who answers customers no more has no view of them.
  const view = views.includes(chosen) ? chosen : 'all'
  const [text, setText] = useState('')
  const [query, setQuery] = useState('')
  const [isNew, setNew] = useState(false)
  const input = useRef<HTMLInputElement>(null)

  useEffect(() => {
    const timer = setTimeout(() => { setQuery(text.trim()) }, PAUSE_MS)
    return () => { clearTimeout(timer) }
  }, [text])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        input.current?.focus()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => { window.removeEventListener('keydown', onKey) }
  }, [])

  return (
    <nav aria-label={t('chats')} className="flex min-h-0 flex-1 flex-col">
      <header className="flex items-center gap-3 px-4 pt-4 pb-3">
        <Link to="/settings" aria-label={t('settings.title')} title={t('settings.title')} className="rounded-[14px]">
          <Avatar id={me.id} name={me.displayName} url={me.avatarUrl} size="sm" />
        </Link>
        <h1 className="flex-1 text-xl font-bold tracking-tight">{t('chats')}</h1>
        <IconButton label={t('newChat.title')} onClick={() => { setNew(true) }}>
          <PenSquare className="size-5" />
        </IconButton>
      </header>
      <div className="relative mx-4">
        <Glass aria-hidden className="pointer-events-none absolute top-1/2 left-3.5 size-4 -translate-y-1/2 text-faint" />
        <input
          ref={input}
          type="search"
          value={text}
          onChange={(event) => { setText(event.target.value) }}
          onKeyDown={(event) => { if (event.key === 'Escape') setText('') }}
          placeholder={t('search.placeholder')}
          aria-label={t('search.placeholder')}
          className="field bg-paper py-2 pr-9 pl-10 [&::-webkit-search-cancel-button]:hidden"
        />
        {text !== '' && (
          <button type="button" aria-label={t('search.clear')} onClick={() => { setText('') }} className="absolute top-1/2 right-2 -translate-y-1/2 rounded-lg p-1.5 text-faint hover:text-ink">
            <X className="size-4" />
          </button>
        )}
      </div>
      {query === '' ? (
        <>
          <div role="group" aria-label={t('view.label')} className="flex gap-1.5 overflow-x-auto px-4 pt-3 pb-2 [mask-image:linear-gradient(to_right,black_calc(100%-2rem),transparent)] [scrollbar-width:none]">
            {views.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={view === name}
                onClick={() => { setView(name) }}
                className="shrink-0 rounded-full px-3 py-1 text-sm font-medium text-soft transition hover:bg-hover aria-pressed:bg-pine aria-pressed:text-on-pine"
              >
                {t(`view.${name}`)}
              </button>
            ))}
          </div>
          <ChatList key={view} view={view} onNew={() => { setNew(true) }} />
        </>
      ) : (
        <Suspense>
          <SearchResults query={query} onDone={() => { setText(''); setQuery('') }} />
        </Suspense>
      )}
      {isNew && (
        <Suspense>
          <NewChat onClose={() => { setNew(false) }} />
        </Suspense>
      )}
    </nav>
  )
}
