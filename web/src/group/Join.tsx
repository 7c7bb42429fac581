import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import { JoinChat } from '../graphql/deeds.ts'
import { InvitePreview } from '../graphql/documents.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'

const route = getRouteApi('/shell/join/$code')

/** What an invite leads to, and the way in. */
export function Join() {
  const { t } = useTranslation()
  const act = useAct()
  const navigate = useNavigate()
  const { code } = route.useParams()
  const [{ data, fetching }] = useQuery({ query: InvitePreview, variables: { code }, requestPolicy: 'network-only' })
  const group = data?.chatByInvite
  async function join(): Promise<void> {
    const done = await act(JoinChat, { input: { code } })
    if (done?.chat != null) await navigate({ to: '/chat/$chatId', params: { chatId: done.chat.id }, search: {}, replace: true })
  }
  if (fetching) return null
  return (
    <div className="flex h-full flex-col items-center justify-center gap-3 px-8 text-center">
      {group == null ? (
        <p className="text-soft">{t('invite.none')}</p>
      ) : (
        <>
          <Avatar id={code} name={group.title} group url={group.avatarUrl} size="lg" />
          <h2 className="text-2xl font-bold">{group.title}</h2>
          <p className="text-soft">{t('members', { count: group.memberCount })}</p>
          {group.description !== null && <p className="max-w-md">{group.description}</p>}
          <Button look="main" className="mt-3" onClick={() => void join()}>
            {t('invite.join')}
          </Button>
        </>
      )}
    </div>
  )
}
