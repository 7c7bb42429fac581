import { useCallback, useMemo, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { useApp } from '../app/context.ts'
import { Chats } from '../graphql/documents.ts'
import { PAGE, filterOf, inOrder, matches } from './filters.ts'
import type { View } from './filters.ts'

/** The chats of a view, in order; `more` brings the next page. */
export function useChats(view: View) {
  const { userId } = useApp()
  const filter = useMemo(() => filterOf(view), [view])
  const [after, setAfter] = useState<string | null>(null)
  const [{ data: answer, fetching }] = useQuery({ query: Chats, variables: { first: PAGE, after, filter } })
  // While the next page comes, what was there stays.
  const kept = useRef(answer)
  if (answer !== undefined) kept.current = answer
  const data = answer ?? kept.current
  const chats = useMemo(() => inOrder((data?.chats.edges ?? []).map(({ node }) => node).filter((chat) => matches(chat, filter, userId))), [data, filter, userId])
  const { hasNextPage = false, endCursor = null } = data?.chats.pageInfo ?? {}
  const more = useCallback(() => {
    if (hasNextPage) setAfter(endCursor)
  }, [hasNextPage, endCursor])
  return { chats, more, fetching, isKnown: data !== undefined }
}
