import { Check, CornerUpLeft, Paperclip, Pencil, SendHorizontal, X } from 'lucide-react'
import { Suspense, lazy, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { ClipboardEvent, KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useAct } from '../app/act.ts'
import { useApp } from '../app/context.ts'
import { takeFiles } from '../files/take.ts'
import { EditMessage, SetTyping } from '../graphql/deeds.ts'
import { IconButton } from '../ui/Button.tsx'
import type { History } from './history.ts'
import { TemplateButton } from '../whatsapp/ReplyWindow.tsx'
import { Mentions } from './Mentions.tsx'
import { useMentions } from './useMentions.ts'
import { useRoom } from './room.ts'
import type { Aim } from './room.ts'
import { unsent } from './unsent.ts'

const Tray = lazy(() => import('../files/Tray.tsx').then(({ Tray }) => ({ default: Tray })))

/** The server forgets who types after six seconds. */
const TYPING_MS = 4000
const LONGEST = 10_000

export function Composer({ aim, onAim, onSaid, history }: { aim: Aim; onAim: (aim: Aim) => void; onSaid: () => void; history: History }) {
  const { t } = useTranslation()
  const app = useApp()
  const act = useAct()
  const { me, chat } = useRoom()
  const box = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(() => unsent.read(me.id, chat.id))
  const kept = useRef(text)
  const picker = useRef<HTMLInputElement>(null)
  const uploads = useSyncExternalStore(app.parcels.subscribe, () => app.parcels.chosen(chat.id))
  const mentions = useMentions(chat, box, text, setText)

  // What one had begun before an edit is there again after it.
  const editing = aim?.kind === 'edit' ? aim.message : null
  useEffect(() => {
    setText(editing === null ? kept.current : (editing.text ?? ''))
  }, [editing])
  useEffect(() => {
    if (aim !== null || matchMedia('(pointer: fine)').matches) box.current?.focus()
  }, [aim])
  useEffect(() => unsent.tell, [])
  // Where the stylesheet cannot do it.
  useLayoutEffect(() => {
    if (box.current === null || CSS.supports('field-sizing', 'content')) return
    box.current.style.height = 'auto'
    box.current.style.height = `${Math.min(box.current.scrollHeight, 180)}px`
  }, [text])

  const typedAt = useRef(0)
  function tellTyping(typing: boolean): void {
    const now = Date.now()
    if (typing ? now - typedAt.current < TYPING_MS : typedAt.current === 0) return
    typedAt.current = typing ? now : 0
    // Of the moment only: nothing is lost with it.
    if (app.connection.state === 'open') void app.tell(SetTyping, { input: { chatId: chat.id, typing } }).catch(() => undefined)
  }

  function change(value: string): void {
    setText(value)
    if (editing !== null) return
    kept.current = value
    unsent.write(me.id, chat.id, value)
    tellTyping(value.trim() !== '')
  }

  function submit(): void {
    const said = text.trim()
    if (said.length > LONGEST || (said === '' && (editing !== null || uploads.length === 0)) || uploads.some(({ fault }) => fault !== null)) return
    if (editing !== null) {
      onAim(null)
      if (said !== editing.text) void act(EditMessage, { input: { messageId: editing.id, text: said, expectedRevision: editing.revision } })
      return
    }
    if (uploads.length > 0) app.parcels.post(chat.id, said, aim?.message.id)
    else app.outbox.here.send({ chatId: chat.id, text: said, ...(aim === null ? {} : { replyToId: aim.message.id }) })
    typedAt.current = 0
    kept.current = ''
    unsent.write(me.id, chat.id, '')
    setText('')
    onAim(null)
    onSaid()
    void history.jump(null).catch(() => undefined)
  }

  function onPaste(event: ClipboardEvent<HTMLTextAreaElement>): void {
    const files = [...event.clipboardData.files]
    // A table or a page brings its picture along; what one wants is the text.
    if (files.length === 0 || editing !== null || event.clipboardData.types.includes('text/plain')) return
    event.preventDefault()
    takeFiles(app.parcels, chat.id, files, t)
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (mentions.onKeyDown(event)) return
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault()
      submit()
    } else if (event.key === 'Escape' && aim !== null) onAim(null)
    else if (event.key === 'ArrowUp' && text === '' && chat.kind !== 'WHATSAPP') {
      const own = history.run().messages.findLast(({ sender, text: has, deletedAt, forwarded }) => sender?.id === me.id && has !== null && deletedAt === null && !forwarded)
      if (own === undefined) return
      event.preventDefault()
      onAim({ kind: 'edit', message: own })
    }
  }

  return (
    <div className="relative px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6">
      <Mentions {...mentions} />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
        className="rounded-3xl border border-line bg-raised shadow-bubble focus-within:border-pine"
      >
        {aim !== null && (
          <div className="flex items-center gap-3 border-b border-line py-2 pr-2 pl-4">
            {aim.kind === 'edit' ? <Pencil aria-hidden className="size-4 text-pine" /> : <CornerUpLeft aria-hidden className="size-4 text-pine" />}
            <p className="min-w-0 flex-1 text-sm">
              <span className="block font-semibold text-pine">{aim.kind === 'edit' ? t('editing') : t('replyTo', { name: aim.message.sender?.displayName ?? '' })}</span>
              <span className="block truncate text-soft">{aim.message.text ?? t(`kind.${aim.message.kind}`)}</span>
            </p>
            <IconButton label={t('cancel')} onClick={() => { onAim(null) }}>
              <X className="size-4" />
            </IconButton>
          </div>
        )}
        {uploads.length > 0 && (
          <Suspense fallback={<span className="block h-25" />}>
            <Tray chatId={chat.id} uploads={uploads} />
          </Suspense>
        )}
        <div className="flex items-end gap-1 p-1.5">
          <IconButton label={t('file.attach')} disabled={editing !== null} onClick={() => picker.current?.click()} className="rounded-full">
            <Paperclip className="size-5" />
          </IconButton>
          {chat.kind === 'WHATSAPP' && <TemplateButton chat={chat} />}
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label={t('file.attach')}
            onChange={({ target }) => {
              takeFiles(app.parcels, chat.id, [...(target.files ?? [])], t)
              target.value = ''
              box.current?.focus()
            }}
          />
          <textarea
            ref={box}
            rows={1}
            value={text}
            dir="auto"
            maxLength={LONGEST}
            aria-label={t('write')}
            placeholder={t('write')}
            onChange={(event) => { change(event.target.value) }}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            onBlur={() => { tellTyping(false) }}
            {...mentions.field}
            className="field-sizing-content max-h-45 min-h-10 min-w-0 flex-1 resize-none bg-transparent py-2 leading-6 outline-none placeholder:text-faint"
          />
          <button
            type="submit"
            disabled={text.trim() === '' && (uploads.length === 0 || editing !== null)}
            aria-label={t(editing === null ? 'send' : 'save')}
            title={t(editing === null ? 'send' : 'save')}
            className="flex size-10 shrink-0 items-center justify-center rounded-full bg-pine text-on-pine transition hover:brightness-110 disabled:bg-hover disabled:text-faint"
          >
            {editing === null ? <SendHorizontal className="size-5" /> : <Check className="size-5" />}
          </button>
        </div>
      </form>
    </div>
  )
}
