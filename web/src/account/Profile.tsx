import { useTranslation } from 'react-i18next'
import { useAct } from '../app/act.ts'
import { useApp } from '../app/context.ts'
import { AvatarField } from '../files/AvatarField.tsx'
import type { AccountQuery, Availability } from '../generated/graphql.ts'
import { SetPresence, UpdateProfile } from '../graphql/deeds.ts'
import { Button } from '../ui/Button.tsx'
import { Field, Note } from '../ui/Field.tsx'
import { toast } from '../ui/toast.ts'
import { Card } from './Settings.tsx'
import { useForm } from './useForm.ts'

const STATES: readonly Availability[] = ['AVAILABLE', 'AWAY', 'BUSY', 'INVISIBLE']
const FIELDS = ['displayName', 'username', 'bio', 'email', 'currentPassword'] as const

export function Profile({ me }: { me: NonNullable<AccountQuery['me']> }) {
  const { t } = useTranslation()
  const app = useApp()
  const act = useAct()
  const { busy, of, rest, onSubmit } = useForm(async ({ displayName = '', username = '', bio = '', email = '', currentPassword = '' }) => {
    const isMoved = email !== me.email
    const { faults } = await app.act(UpdateProfile, { input: { displayName, username, bio: bio === '' ? null : bio, ...(isMoved ? { email, currentPassword } : {}) } })
    if (faults.length === 0) toast(t('saved'))
    return faults
  })
  const fault = rest(...FIELDS)
  return (
    <Card title={t('settings.profile')}>
      <div className="flex items-center gap-4">
        <AvatarField id={me.id} name={me.displayName} url={me.avatarUrl} onChange={(avatarAttachmentId) => act(UpdateProfile, { input: { avatarAttachmentId } })} />
        <div className="min-w-0">
          <p className="truncate text-lg font-bold">{me.displayName}</p>
          <p className="truncate text-soft">@{me.username}</p>
        </div>
      </div>
      <form onSubmit={onSubmit} className="flex flex-col gap-4">
        {fault !== undefined && <Note>{fault}</Note>}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('displayName')} name="displayName" defaultValue={me.displayName} maxLength={80} required fault={of('displayName')} />
          <Field label={t('username')} name="username" defaultValue={me.username} required fault={of('username')} />
        </div>
        <Field label={t('bio')} name="bio" defaultValue={me.bio ?? ''} maxLength={500} fault={of('bio')} />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('email')} name="email" type="email" defaultValue={me.email ?? ''} required fault={of('email')} />
          <Field label={t('settings.currentPassword')} name="currentPassword" type="password" autoComplete="current-password" hint={t('settings.forEmail')} fault={of('currentPassword')} />
        </div>
        <Button look="main" type="submit" disabled={busy} className="self-start">
          {t('save')}
        </Button>
      </form>
      <Status me={me} />
    </Card>
  )
}

/** What others see of one's being there. */
function Status({ me }: { me: NonNullable<AccountQuery['me']> }) {
  const { t } = useTranslation()
  const act = useAct()
  return (
    <form
      className="flex flex-col gap-4 border-t border-line pt-4"
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        const text = String(form.get('statusText') ?? '').trim()
        void act(SetPresence, { input: { availability: form.get('availability') as Availability, statusText: text === '' ? null : text } }).then((done) => {
          if (done !== null) toast(t('saved'))
        })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <label className="flex flex-col gap-1.5 text-sm font-semibold text-soft">
          {t('settings.availability')}
          <select name="availability" className="field font-normal" defaultValue={me.presence?.availability ?? 'AVAILABLE'}>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {t(`availability.${state}`)}
              </option>
            ))}
          </select>
        </label>
        <Field label={t('settings.statusText')} name="statusText" defaultValue={me.presence?.statusText ?? ''} maxLength={140} />
      </div>
      <Button type="submit" className="self-start">
        {t('settings.setStatus')}
      </Button>
    </form>
  )
}
