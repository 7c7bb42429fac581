import { Link, useRouter, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useSession } from '../app/context.ts'
import { Button } from '../ui/Button.tsx'
import { Field, Note } from '../ui/Field.tsx'
import { Frame } from './Frame.tsx'
import { useForm } from './useForm.ts'
import { useOpen } from './useOpen.ts'

export function SignUp() {
  const { t } = useTranslation()
  const session = useSession()
  const router = useRouter()
  const { next } = useSearch({ from: '/signup' })
  const { busy, of, rest, onSubmit } = useForm(async ({ username = '', displayName = '', email = '', password = '' }) => {
    const faults = await session.signUp({ username, email, password, displayName: displayName.trim() === '' ? null : displayName })
    if (faults.length === 0) router.history.push(next !== undefined && /^\/(?!\/)/.test(next) ? next : '/')
    return faults
  })
  const isOpen = useOpen()
  const fault = rest('username', 'displayName', 'email', 'password')
  return (
    <Frame title={t('signUp.title')}>
      <form onSubmit={onSubmit} className="flex flex-col gap-4">
        {!isOpen && <Note>{t('signUp.closed')}</Note>}
        {fault !== undefined && <Note>{fault}</Note>}
        <Field label={t('displayName')} name="displayName" autoComplete="name" maxLength={80} autoFocus />
        <Field label={t('username')} name="username" autoComplete="username" autoCapitalize="none" required fault={of('username')} hint={t('signUp.usernameHint')} />
        <Field label={t('email')} name="email" type="email" autoComplete="email" required fault={of('email')} />
        <Field label={t('password')} name="password" type="password" autoComplete="new-password" required minLength={8} fault={of('password')} hint={t('signUp.passwordHint')} />
        <Button look="main" type="submit" disabled={busy || !isOpen} className="mt-2">
          {t('signUp.submit')}
        </Button>
      </form>
      <p className="mt-7 text-soft">
        {t('signUp.known')}{' '}
        <Link to="/signin" search={{ next }} className="font-semibold text-pine underline-offset-4 hover:underline">
          {t('signIn.submit')}
        </Link>
      </p>
    </Frame>
  )
}
