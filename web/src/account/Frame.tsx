import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Logo } from '../ui/Logo.tsx'

/** Around the forms of who is not signed in. */
export function Frame({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className="grid min-h-dvh lg:grid-cols-[1.1fr_1fr]">
      <aside className="relative hidden overflow-hidden bg-[#17483e] p-14 text-white lg:flex lg:flex-col lg:justify-between">
        <p className="flex items-center gap-3 text-xl font-semibold">
          <Logo className="size-11" /> Parley
        </p>
        <div aria-hidden className="flex max-w-md flex-col gap-3 text-lg">
          <p className="max-w-[80%] self-start rounded-2xl rounded-bl-md bg-white/12 px-5 py-3.5">{t('hello.one')}</p>
          <p className="max-w-[80%] self-end rounded-2xl rounded-br-md bg-[#f0b45a] px-5 py-3.5 text-[#3a2608]">{t('hello.two')}</p>
          <p className="max-w-[80%] self-start rounded-2xl rounded-bl-md bg-white/12 px-5 py-3.5">{t('hello.three')}</p>
        </div>
        <p className="max-w-sm text-white/85">{t('hello.line')}</p>
      </aside>
      <main className="flex flex-col justify-center px-6 py-10">
        <div className="mx-auto w-full max-w-sm">
          <Logo className="mb-6 size-12 lg:hidden" />
          <h1 className="mb-7 text-3xl font-bold tracking-tight">{title}</h1>
          {children}
        </div>
      </main>
    </div>
  )
}
