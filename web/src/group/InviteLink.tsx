import { Copy, Link2, Unlink } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import { CreateInvite, RevokeInvite } from '../graphql/deeds.ts'
import { Members } from '../graphql/documents.ts'
import { Button } from '../ui/Button.tsx'
import { toast } from '../ui/toast.ts'
import { Section } from './Info.tsx'

/** The link by which others join, for those who manage the group. */
export function InviteLink({ chatId }: { chatId: string }) {
  const { t } = useTranslation()
  const act = useAct()
  const [{ data }] = useQuery({ query: Members, variables: { chatId } })
  const invite = data?.chat?.invite
  // To this very page: the server may not know by which name it is reached.
  const link = invite == null ? '' : new URL(`/join/${invite.code}`, location.origin).href
  return (
    <Section title={t('invite.title')}>
      {invite == null ? (
        <Button look="quiet" className="justify-start" onClick={() => void act(CreateInvite, { input: { chatId } })}>
          <Link2 className="size-5" aria-hidden /> {t('invite.create')}
        </Button>
      ) : (
        <>
          <input readOnly value={link} aria-label={t('invite.title')} onFocus={(event) => { event.target.select() }} className="field mx-2 mb-2 w-auto text-sm" />
          <Button look="quiet" className="justify-start" onClick={() => void navigator.clipboard?.writeText(link).then(() => { toast(t('copied')) })}>
            <Copy className="size-5" aria-hidden /> {t('copy')}
          </Button>
          <Button look="quiet" className="justify-start" onClick={() => void act(RevokeInvite, { input: { chatId } })}>
            <Unlink className="size-5" aria-hidden /> {t('invite.revoke')}
          </Button>
        </>
      )}
    </Section>
  )
}
