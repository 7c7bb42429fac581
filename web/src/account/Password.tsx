import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import { ChangePassword } from '../graphql/deeds.ts'
import { Button } from '../ui/Button.tsx'
import { Field, Note } from '../ui/Field.tsx'
import { toast } from '../ui/toast.ts'
import { Card } from './Settings.tsx'
import { useForm } from './useForm.ts'

export function Password() {
  const { t } = useTranslation()
  const app = useApp()
  const [times, setTimes] = useState(0)
  const { busy, of, rest, onSubmit } = useForm(async ({ currentPassword = '', newPassword = '' }) => {
    const { faults } = await app.act(ChangePassword, { input: { currentPassword, newPassword } })
    if (faults.length === 0) {
      toast(t('saved'))
      setTimes(times + 1)
    }
    return faults
  })
  const fault = rest('currentPassword', 'newPassword')
  return (
    <Card title={t('settings.password')}>
      <form key={times} onSubmit={onSubmit} className="flex flex-col gap-4">
        {fault !== undefined && <Note>{fault}</Note>}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('settings.currentPassword')} name="currentPassword" type="password" autoComplete="current-password" required fault={of('currentPassword')} />
          <Field label={t('settings.newPassword')} name="newPassword" type="password" autoComplete="new-password" minLength={8} required fault={of('newPassword')} hint={t('settings.passwordHint')} />
        </div>
        <Button type="submit" disabled={busy} className="self-start">
          {t('settings.changePassword')}
        </Button>
      </form>
    </Card>
  )
}
