import { memo } from 'react'
import type { ReactNode } from 'react'

const LINK = /https?:\/\/[^\s<>"']+|www\.[a-z0-9-]+\.[^\s<>"']+|@[\p{L}\p{N}_.-]+/giu
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s){1,12}$/u
const TAIL = /[.,;:!?)\]]+$/

/** A text with its links, and the mentions that the server knows of. */
export const MessageText = memo(function MessageText({ text, mentions, me }: { text: string; mentions: readonly { username: string }[]; me: string }) {
  const names = new Set(mentions.map(({ username }) => username.toLowerCase()))
  const parts: ReactNode[] = []
  let at = 0
  for (const match of text.matchAll(LINK)) {
    // What ends the sentence is no part of it.
    let found = match[0].replace(TAIL, '')
    if (found.endsWith('/') === false && match[0].includes('(') && match[0].startsWith(`${found})`)) found = `${found})`
    const isMention = found.startsWith('@')
    if (isMention && !names.has(found.slice(1).toLowerCase())) continue
    parts.push(text.slice(at, match.index))
    parts.push(
      isMention ? (
        <span key={match.index} className={`rounded font-semibold text-pine ${found.slice(1).toLowerCase() === me.toLowerCase() ? 'bg-amber/35 px-0.5 text-ink' : ''}`}>
          {found}
        </span>
      ) : (
        <a key={match.index} href={found.startsWith('www.') ? `https://${found}` : found} target="_blank" rel="noopener noreferrer nofollow" className="text-pine underline underline-offset-2 [overflow-wrap:anywhere]">
          {found}
        </a>
      ),
    )
    at = match.index + found.length
  }
  parts.push(text.slice(at))
  const isBig = /\p{Extended_Pictographic}/u.test(text) && ONLY_EMOJI.test(text)
  return <span dir="auto" className={`block [overflow-wrap:anywhere] whitespace-pre-wrap ${isBig ? 'text-4xl leading-tight' : ''}`}>{parts}</span>
})
