import { useNavigate } from '@tanstack/react-router'
import { ArrowLeft, Phone, Users } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAct } from '../app/act.ts'
import { isAgent, useMe } from '../app/context.ts'
import type { PersonPartsFragment } from '../generated/graphql.ts'
import { CreateDirectChat, CreateGroupChat } from '../graphql/deeds.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'
import { NewCustomer } from '../whatsapp/NewCustomer.tsx'
import { PeoplePicker } from './PeoplePicker.tsx'

/** One person, or a group. */
export function NewChat({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const act = useAct()
  const navigate = useNavigate()
  const me = useMe()
  const [what, setWhat] = useState<'person' | 'group' | 'customer'>('person')
  const [chosen, setChosen] = useState<ReadonlyMap<string, PersonPartsFragment>>(new Map())
  const [title, setTitle] = useState('')
  // The same one over every try: a lost answer does not make a second group.
  const [clientId] = useState(() => crypto.randomUUID?.() ?? undefined)

  async function show(chat: { id: string } | null | undefined): Promise<void> {
    if (chat == null) return
    onClose()
    await navigate({ to: '/chat/$chatId', params: { chatId: chat.id }, search: {} })
  }
  const talkTo = async (userId: string) => show((await act(CreateDirectChat, { input: { userId } }))?.chat)
  const found = async () => show((await act(CreateGroupChat, { input: { title, memberIds: [...chosen.keys()], clientId } }))?.chat)
  const toggle = (person: PersonPartsFragment) => {
    const next = new Map(chosen)
    if (!next.delete(person.id)) next.set(person.id, person)
    setChosen(next)
  }

  return (
    <Dialog title={t(what === 'group' ? 'newChat.group' : what === 'customer' ? 'whatsapp.new' : 'newChat.title')} open onClose={onClose}>
      {what === 'customer' ? (
        <NewCustomer onBack={() => { setWhat('person') }} onChat={show} />
      ) : what === 'group' ? (
        <form
          className="flex min-h-0 flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            void found()
          }}
        >
          <Field label={t('group.name')} value={title} onChange={(event) => { setTitle(event.target.value) }} maxLength={120} required />
          <PeoplePicker chosen={chosen} onPick={toggle} />
          <div className="flex justify-between">
            <Button look="quiet" onClick={() => { setWhat('person') }}>
              <ArrowLeft className="size-4" /> {t('back')}
            </Button>
            <Button look="main" type="submit" disabled={title.trim() === ''}>
              {t('newChat.create', { count: chosen.size + 1 })}
            </Button>
          </div>
        </form>
      ) : (
        <div className="flex min-h-0 flex-col gap-3">
          <button type="button" onClick={() => { setWhat('group') }} className="-mx-3 flex items-center gap-3 rounded-2xl px-3 py-2 text-left font-semibold text-pine hover:bg-hover">
            <span className="flex size-8 items-center justify-center rounded-[10px] bg-pine text-on-pine">
              <Users className="size-4.5" aria-hidden />
            </span>
            {t('newChat.group')}
          </button>
          {isAgent(me) && (
            <button type="button" onClick={() => { setWhat('customer') }} className="-mx-3 flex items-center gap-3 rounded-2xl px-3 py-2 text-left font-semibold text-pine hover:bg-hover">
              <span className="flex size-8 items-center justify-center rounded-[10px] bg-[#1d7a4d] text-white">
                <Phone className="size-4.5" aria-hidden />
              </span>
              {t('whatsapp.new')}
            </button>
          )}
          <PeoplePicker onPick={(person) => void talkTo(person.id)} />
        </div>
      )}
    </Dialog>
  )
}
