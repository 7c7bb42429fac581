import { Check } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useMe } from '../app/context.ts'
import type { PersonPartsFragment } from '../generated/graphql.ts'
import { People } from '../graphql/documents.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { SHORTEST } from './filters.ts'

/** A search for people, and those that were found. With `chosen` one may choose several. */
export function PeoplePicker({ without, chosen, onPick }: { without?: ReadonlySet<string>; chosen?: ReadonlyMap<string, PersonPartsFragment>; onPick: (person: PersonPartsFragment) => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const [text, setText] = useState('')
  const [search, setSearch] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => { setSearch(text.trim().length < SHORTEST ? null : text.trim()) }, 200)
    return () => { clearTimeout(timer) }
  }, [text])
  const [{ data, fetching }] = useQuery({ query: People, variables: { search, first: 50 } })
  const people = (data?.users.nodes ?? []).filter(({ id, deletedAt }) => id !== me.id && deletedAt === null && without?.has(id) !== true)
  return (
    <div className="flex min-h-0 flex-col gap-2">
      <input type="search" autoFocus value={text} onChange={(event) => { setText(event.target.value) }} placeholder={t('people_search')} aria-label={t('people_search')} className="field shrink-0" />
      <ul className="-mx-3 max-h-80 min-h-24 overflow-y-auto">
        {people.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              aria-pressed={chosen === undefined ? undefined : chosen.has(person.id)}
              onClick={() => { onPick(person) }}
              className="flex w-full items-center gap-3 rounded-2xl px-3 py-2 text-left hover:bg-hover"
            >
              <Avatar id={person.id} name={person.displayName} url={person.avatarUrl} size="sm" />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-semibold">{person.displayName}</span>
                <span className="block truncate text-sm text-soft">@{person.username}</span>
              </span>
              {chosen?.has(person.id) === true && <Check aria-hidden className="size-5 text-pine" />}
            </button>
          </li>
        ))}
        {people.length === 0 && !fetching && <li className="px-3 py-6 text-center text-sm text-soft">{t('people_none')}</li>}
      </ul>
    </div>
  )
}
