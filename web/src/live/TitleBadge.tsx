import { useEffect } from 'react'
import { useQuery } from 'urql'
import { Chats } from '../graphql/documents.ts'
import { PAGE, filterOf, isMuted } from '../list/filters.ts'

/** How much is unread, in the title of the tab. */
export function TitleBadge() {
  const [{ data }] = useQuery({ query: Chats, variables: { first: PAGE, after: null, filter: filterOf('all') } })
  const unread = (data?.chats.edges ?? []).reduce((sum, { node }) => sum + (isMuted(node) ? 0 : node.unreadCount), 0)
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley'
    return () => {
      document.title = 'Parley'
    }
  }, [unread])
  return null
}
