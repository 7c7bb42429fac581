import { isMuted } from '../list/mute.ts'
import type { ChatPartsFragment, MessagePartsFragment } from '../generated/graphql.ts'

const FOCUSED = 'parley-focused'
const KEY = 'parley-notices'

/** Desktop notices of messages that nobody looks at, once for all tabs. */
export function createNotices(userId: string) {
  let open: ((chatId: string) => void) | null = null

  // The tab that somebody looks at holds this lock, so the others know to be quiet.
  const locks = (navigator as Partial<Navigator>).locks
  let release: (() => void) | null = null
  function hold(): void {
    const focused = document.hasFocus() && document.visibilityState === 'visible'
    if (!focused) {
      release?.()
      release = null
    } else if (release === null && locks !== undefined) {
      const held = new Promise<void>((resolve) => (release = resolve))
      void locks.request(FOCUSED, { mode: 'shared' }, () => held).catch(() => undefined)
    }
  }
  for (const name of ['focus', 'blur', 'visibilitychange']) window.addEventListener(name, hold)
  hold()

  async function isLookedAt(): Promise<boolean> {
    if (document.hasFocus()) return true
    const { held } = (await locks?.query()) ?? {}
    return held?.some(({ name }) => name === FOCUSED) ?? false
  }

  return {
    /** Whether notices are wanted and may be shown. */
    get on(): boolean {
      return 'Notification' in window && Notification.permission === 'granted' && localStorage.getItem(KEY) === 'on'
    },
    async turn(on: boolean): Promise<boolean> {
      const may = on && 'Notification' in window && (await Notification.requestPermission()) === 'granted'
      localStorage.setItem(KEY, may ? 'on' : 'off')
      return may
    },
    onOpen(run: (chatId: string) => void): void {
      open = run
    },
    tell(message: MessagePartsFragment, chat: ChatPartsFragment | null): void {
      if (!this.on || chat === null || isMuted(chat) || message.sender?.id === userId) return
      void isLookedAt().then((looked) => {
        if (looked) return
        const who = message.sender?.displayName ?? ''
        // The same tag in several tabs is one notice.
        const notice = new Notification(chat.kind === 'GROUP' ? `${who} · ${chat.title}` : who, { body: message.text ?? '', tag: message.id, icon: '/icon.svg' })
        notice.onclick = () => {
          window.focus()
          open?.(chat.id)
          notice.close()
        }
      })
    },
  }
}
