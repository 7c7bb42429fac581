import type { SendRequest } from './messages.ts'

/** What a customer sees of a message, in words. */
export function textOf(type: SendRequest['type'], part: Record<string, unknown>): string {
  const word = (key: string) => (typeof part[key] === 'string' ? part[key] : '')
  switch (type) {
    case 'text':
      return word('body')
    case 'image':
    case 'video':
    case 'audio':
    case 'sticker':
      return `[${type}] ${word('caption')}`.trim()
    case 'document':
      return `[${word('filename') || 'document'}] ${word('caption')}`.trim()
    case 'location':
      return `[place] ${word('name')} ${word('address')}`.trim()
    case 'contacts':
      return `[contact] ${(part as unknown as { name: { formatted_name: string } }[]).map(({ name }) => name.formatted_name).join(', ')}`
    case 'reaction':
      return word('emoji')
    case 'interactive':
      return (part.body as { text: string }).text
    case 'template':
      return `[template] ${word('name')}`
  }
}
