import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'

const KEY = 'parley-language'
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES

function wanted(): Language {
  const stored = localStorage.getItem(KEY)
  const all = [stored, ...navigator.languages].map((name) => name?.slice(0, 2))
  return all.find((name): name is Language => name !== undefined && name in LANGUAGES) ?? 'en'
}

/** English comes with the page, others when they are wanted. */
async function load(language: Language): Promise<void> {
  if (language === 'de' && !i18next.hasResourceBundle('de', 'translation')) i18next.addResourceBundle('de', 'translation', (await import('./de.ts')).de)
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({ lng: 'en', fallbackLng: 'en', resources: { en: { translation: en } }, interpolation: { escapeValue: false } })
  await setLanguage(wanted(), false)
}

export async function setLanguage(language: Language, store = true): Promise<void> {
  if (store) localStorage.setItem(KEY, language)
  await load(language)
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}
