import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAct } from '../app/act.ts'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { UpdateChat } from '../graphql/deeds.ts'
import { Button } from '../ui/Button.tsx'
import { Field } from '../ui/Field.tsx'

/** Name and purpose of a group, for those who manage it. */
export function EditGroup({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const act = useAct()
  const [open, setOpen] = useState(false)
  if (!open) {
    return (
      <Button look="quiet" className="mt-1 py-1.5 text-sm" onClick={() => { setOpen(true) }}>
        <Pencil className="size-4" aria-hidden /> {t('group.edit')}
      </Button>
    )
  }
  return (
    <form
      className="mt-3 flex w-full flex-col gap-3 text-left"
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        const description = String(form.get('description') ?? '').trim()
        void act(UpdateChat, { input: { chatId: chat.id, title: String(form.get('title') ?? ''), description: description === '' ? null : description } }).then((done) => {
          if (done !== null) setOpen(false)
        })
      }}
    >
      <Field label={t('group.name')} name="title" defaultValue={chat.title} maxLength={120} required />
      <Field label={t('group.description')} name="description" defaultValue={chat.description ?? ''} maxLength={1000} />
      <div className="flex justify-end gap-2">
        <Button look="quiet" onClick={() => { setOpen(false) }}>
          {t('cancel')}
        </Button>
        <Button look="main" type="submit">
          {t('save')}
        </Button>
      </div>
    </form>
  )
}
