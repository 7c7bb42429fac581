import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApp, useSession } from '../app/context.ts'
import { DeleteAccount as Delete } from '../graphql/deeds.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Field, Note } from '../ui/Field.tsx'
import { Card } from './Settings.tsx'
import { useForm } from './useForm.ts'

/** Leaving for good. */
export function DeleteAccount() {
  const { t } = useTranslation()
  const app = useApp()
  const session = useSession()
  const [open, setOpen] = useState(false)
  const { busy, of, rest, onSubmit } = useForm(async ({ password = '', keep }) => {
    const { faults } = await app.act(Delete, { input: { password, messages: keep === undefined ? 'ERASE' : 'KEEP' } })
    if (faults.length === 0) session.end()
    return faults
  })
  const fault = rest('password')
  return (
    <Card title={t('deleteAccount.title')}>
      <p className="text-soft">{t('deleteAccount.text')}</p>
      <Button look="alarm" className="self-start" onClick={() => { setOpen(true) }}>
        {t('deleteAccount.title')}
      </Button>
      {open && (
        <Dialog title={t('deleteAccount.title')} open onClose={() => { setOpen(false) }}>
          <form onSubmit={onSubmit} className="flex flex-col gap-4">
            {fault !== undefined && <Note>{fault}</Note>}
            <p className="text-soft">{t('deleteAccount.sure')}</p>
            <Field label={t('password')} name="password" type="password" autoComplete="current-password" required fault={of('password')} />
            <label className="flex items-center gap-3">
              <input type="checkbox" name="keep" className="size-5 accent-pine" /> {t('deleteAccount.keep')}
            </label>
            <Button look="alarm" type="submit" disabled={busy}>
              {t('deleteAccount.do')}
            </Button>
          </form>
        </Dialog>
      )}
    </Card>
  )
}
