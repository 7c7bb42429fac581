import { useState } from 'react'
import type { KeyboardEvent, RefObject } from 'react'
import { useQuery } from 'urql'
import { useMe } from '../app/context.ts'
import type { ChatLinePartsFragment, PersonPartsFragment } from '../generated/graphql.ts'
import { Members } from '../graphql/documents.ts'

const MOST = 6

/** Suggests members while one types a name after an @. */
export function useMentions(chat: ChatLinePartsFragment, box: RefObject<HTMLTextAreaElement | null>, text: string, setText: (text: string) => void) {
  const me = useMe()
  const [at, setAt] = useState(0)
  const [dismissed, setDismissed] = useState<string | null>(null)
  const caret = box.current?.selectionStart ?? text.length
  const word = /(?:^|\s)@([\p{L}\p{N}_.-]*)$/u.exec(text.slice(0, caret))?.[1]
  const isWanted = word !== undefined && dismissed !== text && chat.kind === 'GROUP'
  const [{ data }] = useQuery({ query: Members, variables: { chatId: chat.id }, pause: !isWanted })
  const fits = ({ username, displayName }: PersonPartsFragment) => [username, ...displayName.split(' ')].some((name) => name.toLowerCase().startsWith((word ?? '').toLowerCase()))
  const people = isWanted ? (data?.chat?.members.nodes ?? []).map(({ user }) => user).filter((user) => user.id !== me.id && fits(user)).slice(0, MOST) : []
  const chosen = people[at % Math.max(1, people.length)]

  function take(person: PersonPartsFragment): void {
    const start = caret - (word ?? '').length
    const next = `${text.slice(0, start)}${person.username} ${text.slice(caret)}`
    setText(next)
    setAt(0)
    requestAnimationFrame(() => {
      box.current?.focus()
      box.current?.setSelectionRange(start + person.username.length + 1, start + person.username.length + 1)
    })
  }

  return {
    people,
    chosen,
    take,
    /** What tells a screen reader that there are suggestions. */
    field: people.length === 0 ? {} : { 'aria-controls': 'mentions', 'aria-activedescendant': `mention-${chosen?.username ?? ''}` },
    /** True: the key was for the suggestions. */
    onKeyDown(event: KeyboardEvent): boolean {
      if (chosen === undefined) return false
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') setAt((at + (event.key === 'ArrowDown' ? 1 : people.length - 1)) % people.length)
      else if (event.key === 'Enter' || event.key === 'Tab') take(chosen)
      else if (event.key === 'Escape') setDismissed(text)
      else return false
      event.preventDefault()
      return true
    },
  }
}
