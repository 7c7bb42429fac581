import { useTranslation } from 'react-i18next'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { useTypists } from '../live/hooks.ts'

/** Who types just now. */
export function TypingLine({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const typists = useTypists(chat.id)
  const [one, two] = typists
  return (
    <p aria-live="polite" className="flex h-6 items-center gap-2 px-5 text-xs font-medium text-soft sm:px-8">
      {one !== undefined && (
        <>
          <span aria-hidden className="flex gap-0.5">
            {['', '[animation-delay:150ms]', '[animation-delay:300ms]'].map((delay) => (
              <span key={delay} className={`size-1.5 animate-dot rounded-full bg-pine ${delay}`} />
            ))}
          </span>
          {typists.length > 2 ? t('typing.many', { count: typists.length }) : two !== undefined ? t('typing.two', { one: one.name, two: two.name }) : t('typing.one', { name: one.name })}
        </>
      )}
    </p>
  )
}
