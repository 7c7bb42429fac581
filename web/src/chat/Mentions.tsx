import { useTranslation } from 'react-i18next'
import type { PersonPartsFragment } from '../generated/graphql.ts'
import { Avatar } from '../ui/Avatar.tsx'

/** The members that an @ may mean. */
export function Mentions({ people, chosen, take }: { people: readonly PersonPartsFragment[]; chosen: PersonPartsFragment | undefined; take: (person: PersonPartsFragment) => void }) {
  const { t } = useTranslation()
  if (people.length === 0) return null
  return (
    <ul id="mentions" role="listbox" aria-label={t('people')} className="absolute bottom-full left-4 z-10 mb-2 w-72 animate-rise rounded-2xl border border-line bg-raised p-1.5 shadow-card">
      {people.map((person) => (
        <li
          key={person.id}
          id={`mention-${person.username}`}
          role="option"
          aria-selected={person.id === chosen?.id}
          onMouseDown={(event) => {
            event.preventDefault()
            take(person)
          }}
          className="flex cursor-pointer items-center gap-3 rounded-xl px-2 py-1.5 hover:bg-hover aria-selected:bg-hover"
        >
          <Avatar id={person.id} name={person.displayName} url={person.avatarUrl} size="sm" />
          <span className="min-w-0 flex-1 truncate font-semibold">{person.displayName}</span>
          <span className="truncate text-sm text-soft">@{person.username}</span>
        </li>
      ))}
    </ul>
  )
}
