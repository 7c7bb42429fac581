import { Link, useRouter, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useSession } from '../app/context.ts'
import { Button } from '../ui/Button.tsx'
import { Field, Note } from '../ui/Field.tsx'
import { Frame } from './Frame.tsx'
import { useForm } from './useForm.ts'
import { useOpen } from './useOpen.ts'

export function SignIn() {
  const { t } = useTranslation()
  const session = useSession()
  const router = useRouter()
  const { next } = useSearch({ from: '/signin' })
  const { busy, rest, onSubmit } = useForm(async ({ login = '', password = '' }) => {
    const faults = await session.signIn({ login, password })
    if (faults.length === 0) router.history.push(next !== undefined && /^\/(?!\/)/.test(next) ? next : '/')
    return faults
  })
  const isOpen = useOpen()
  const fault = rest()
  return (
    <Frame title={t('signIn.title')}>
      <form onSubmit={onSubmit} className="flex flex-col gap-4">
        {fault !== undefined && <Note>{fault}</Note>}
        <Field label={t('signIn.login')} name="login" autoComplete="username" autoCapitalize="none" required autoFocus />
        <Field label={t('password')} name="password" type="password" autoComplete="current-password" required />
        <Button look="main" type="submit" disabled={busy} className="mt-2">
          {t('signIn.submit')}
        </Button>
      </form>
      {isOpen && (
        <p className="mt-7 text-soft">
          {t('signIn.new')}{' '}
          <Link to="/signup" search={{ next }} className="font-semibold text-pine underline-offset-4 hover:underline">
            {t('signUp.submit')}
          </Link>
        </p>
      )}
    </Frame>
  )
}
