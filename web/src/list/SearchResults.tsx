import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import { useMe } from '../app/context.ts'
import { Chats, People, SearchMessages } from '../graphql/documents.ts'
import { CreateDirectChat } from '../graphql/deeds.ts'
import { useTimes } from '../i18n/times.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { ChatRow } from './ChatRow.tsx'
import { SHORTEST } from './filters.ts'

/** Chats, people and messages that fit what was typed. */
export function SearchResults({ query, onDone }: { query: string; onDone: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const act = useAct()
  const times = useTimes()
  const navigate = useNavigate()
  const pause = query.length < SHORTEST
  const [chats] = useQuery({ query: Chats, variables: { first: 10, filter: { search: query } }, pause, requestPolicy: 'cache-and-network' })
  const [people] = useQuery({ query: People, variables: { search: query, first: 10 }, pause })
  const [messages] = useQuery({ query: SearchMessages, variables: { query, first: 30 }, pause, requestPolicy: 'cache-and-network' })
  const found = { chats: chats.data?.chats.edges ?? [], people: (people.data?.users.nodes ?? []).filter(({ id }) => id !== me.id), messages: messages.data?.searchMessages.edges ?? [] }
  const isDone = !pause && !chats.fetching && !people.fetching && !messages.fetching
  const isEmpty = found.chats.length + found.people.length + found.messages.length === 0

  async function talkTo(userId: string): Promise<void> {
    const done = await act(CreateDirectChat, { input: { userId } })
    if (done?.chat == null) return
    onDone()
    await navigate({ to: '/chat/$chatId', params: { chatId: done.chat.id }, search: {} })
  }

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4" role="region" aria-label={t('search.results')}>
      {pause && <p className="px-4 pt-8 text-center text-sm text-soft">{t('search.more')}</p>}
      {isDone && isEmpty && <p role="status" className="px-4 pt-8 text-center text-sm text-soft">{t('search.none', { query })}</p>}
      <Section title={t('chats')} count={found.chats.length}>
        {found.chats.map(({ node }) => (
          <li key={node.id} className="h-19">
            <ChatRow chat={node} />
          </li>
        ))}
      </Section>
      <Section title={t('people')} count={found.people.length}>
        {found.people.map((person) => (
          <li key={person.id}>
            <button type="button" onClick={() => void talkTo(person.id)} className="flex w-full items-center gap-3 rounded-2xl px-3 py-2 text-left hover:bg-hover">
              <Avatar id={person.id} name={person.displayName} url={person.avatarUrl} />
              <span className="min-w-0">
                <span className="block truncate font-semibold">{person.displayName}</span>
                <span className="block truncate text-sm text-soft">@{person.username}</span>
              </span>
            </button>
          </li>
        ))}
      </Section>
      <Section title={t('messages')} count={found.messages.length}>
        {found.messages.map(({ node, snippet, highlights }) => (
          <li key={node.id}>
            {node.chat !== null && (
              <Link to="/chat/$chatId" params={{ chatId: node.chat.id }} search={{ m: node.id }} className="block rounded-2xl px-3 py-2 hover:bg-hover">
                <span className="flex items-baseline gap-2">
                  <span className="min-w-0 flex-1 truncate font-semibold">{node.chat.title}</span>
                  <time className="text-xs text-faint">{times.brief(node.createdAt)}</time>
                </span>
                <span className="line-clamp-2 text-sm text-soft">
                  {node.sender?.displayName}: <Marked text={snippet} ranges={highlights} />
                </span>
              </Link>
            )}
          </li>
        ))}
      </Section>
    </div>
  )
}

function Section({ title, count, children }: { title: string; count: number; children: ReactNode }) {
  if (count === 0) return null
  return (
    <section>
      <h2 className="px-3 pt-4 pb-1 text-xs font-bold tracking-wide text-faint uppercase">{title}</h2>
      <ul>{children}</ul>
    </section>
  )
}

function Marked({ text, ranges }: { text: string; ranges: readonly { start: number; end: number }[] }) {
  const parts: ReactNode[] = []
  let at = 0
  for (const { start, end } of ranges) {
    parts.push(text.slice(at, start), <mark key={start} className="rounded bg-amber/40 px-0.5 text-ink">{text.slice(start, end)}</mark>)
    at = end
  }
  return <>{[...parts, text.slice(at)]}</>
}
