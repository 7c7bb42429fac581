import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import type { ChatLinePartsFragment, TemplatesQuery } from '../generated/graphql.ts'
import { SendTemplate } from '../graphql/deeds.ts'
import { Templates as TemplatesQuestion } from '../graphql/documents.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'

type Template = NonNullable<TemplatesQuery['whatsappTemplates']>['nodes'][number]

const PLACE = /\{\{\s*([\w.]+)\s*\}\}/g

/** The places of a text where values go, in the order in which they first come. */
function placesOf(body: string): string[] {
  return [...new Set([...body.matchAll(PLACE)].map(([, name]) => name ?? ''))]
}

/** The approved templates, and what to fill into the one that was chosen. */
export function Templates({ chat, onClose }: { chat: ChatLinePartsFragment; onClose: () => void }) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<Template | null>(null)
  const [{ data, fetching }] = useQuery({ query: TemplatesQuestion, variables: {}, requestPolicy: 'cache-and-network' })
  const templates = (data?.whatsappTemplates?.nodes ?? []).filter(({ status }) => status === 'APPROVED')
  return (
    <Dialog title={t('whatsapp.template')} open onClose={onClose}>
      {chosen === null ? (
        <ul className="-mx-2 flex flex-col gap-1">
          {templates.map((template) => (
            <li key={template.id}>
              <button type="button" onClick={() => { setChosen(template) }} className="block w-full rounded-2xl px-3 py-2.5 text-left hover:bg-hover">
                <span className="flex items-baseline justify-between gap-3">
                  <span className="truncate font-semibold">{template.name.replaceAll('_', ' ')}</span>
                  <span className="shrink-0 text-xs text-faint">{template.language}</span>
                </span>
                <span className="line-clamp-2 text-sm text-soft">{template.body}</span>
              </button>
            </li>
          ))}
          {templates.length === 0 && !fetching && <li className="px-3 py-6 text-center text-soft">{t('whatsapp.noTemplates')}</li>}
        </ul>
      ) : (
        <Fill chat={chat} template={chosen} onBack={() => { setChosen(null) }} onClose={onClose} />
      )}
    </Dialog>
  )
}

function Fill({ chat, template, onBack, onClose }: { chat: ChatLinePartsFragment; template: Template; onBack: () => void; onClose: () => void }) {
  const { t } = useTranslation()
  const act = useAct()
  const places = placesOf(template.body)
  const [values, setValues] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  // The same one over every try: a lost answer does not send it twice.
  const [clientId] = useState(() => crypto.randomUUID())
  async function send(): Promise<void> {
    setBusy(true)
    const done = await act(SendTemplate, { input: { chatId: chat.id, clientId, name: template.name, language: template.language, parameters: places.map((place) => values[place]?.trim() ?? '') } })
    setBusy(false)
    if (done !== null) onClose()
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <p aria-label={t('whatsapp.preview')} className="rounded-2xl rounded-br-md bg-mine px-4 py-3 whitespace-pre-wrap">
        {template.body.replace(PLACE, (place, name: string) => (values[name] ?? '') || place)}
      </p>
      {places.map((place, index) => (
        <Field key={place} label={/^\d+$/.test(place) ? t('whatsapp.value', { number: index + 1 }) : place} value={values[place] ?? ''} onChange={({ target }) => { setValues({ ...values, [place]: target.value }) }} required />
      ))}
      <div className="flex justify-between">
        <Button look="quiet" onClick={onBack}>
          <ArrowLeft className="size-4" aria-hidden /> {t('back')}
        </Button>
        <Button look="main" type="submit" disabled={busy || places.some((place) => (values[place]?.trim() ?? '') === '')}>
          {t('send')}
        </Button>
      </div>
    </form>
  )
}
