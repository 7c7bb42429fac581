import { useEffect } from 'react'
import { useQuery } from 'urql'
import { Chats } from '../graphql/documents.ts'
import { PAGE, filterOf } from '../list/filters.ts'
import { useMuted } from '../list/mute.ts'

/** How much is unread, in the title of the tab. */
export function TitleBadge() {
  const [{ data }] = useQuery({ query: Chats, variables: { first: PAGE, after: null, filter: filterOf('all') } })
  const chats = (data?.chats.edges ?? []).map(({ node }) => node)
  const isMuted = useMuted(chats)
  const unread = chats.reduce((sum, chat) => sum + (isMuted(chat) ? 0 : chat.unreadCount), 0)
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley'
    return () => {
      document.title = 'Parley'
    }
  }, [unread])
  return null
}
