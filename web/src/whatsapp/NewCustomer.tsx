import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useForm } from '../account/useForm.ts'
import { useApp } from '../app/context.ts'
import { StartWhatsAppChat } from '../graphql/deeds.ts'
import { Button } from '../ui/Button.tsx'
import { Field, Note } from '../ui/Field.tsx'

/** A customer by their number. */
export function NewCustomer({ onBack, onChat }: { onBack: () => void; onChat: (chat: { id: string } | null | undefined) => Promise<void> }) {
  const { t } = useTranslation()
  const app = useApp()
  const { busy, of, rest, onSubmit } = useForm(async ({ phone = '', displayName = '' }) => {
    const { data, faults } = await app.act(StartWhatsAppChat, { input: { phone: phone.replace(/[\s()/.-]/g, ''), displayName: displayName.trim() === '' ? null : displayName.trim() } })
    if (faults.length === 0) await onChat(data?.chat)
    return faults
  })
  const fault = rest('phone', 'displayName')
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      {fault !== undefined && <Note>{fault}</Note>}
      <Field label={t('whatsapp.phone')} name="phone" type="tel" autoFocus required placeholder="+14155550123" fault={of('phone')} hint={t('whatsapp.phoneHint')} />
      <Field label={t('displayName')} name="displayName" maxLength={80} fault={of('displayName')} />
      <div className="flex justify-between">
        <Button look="quiet" onClick={onBack}>
          <ArrowLeft className="size-4" aria-hidden /> {t('back')}
        </Button>
        <Button look="main" type="submit" disabled={busy}>
          {t('whatsapp.begin')}
        </Button>
      </div>
    </form>
  )
}
