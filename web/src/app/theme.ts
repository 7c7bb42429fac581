const KEY = 'parley-theme'

export type Theme = 'system' | 'light' | 'dark'

export const theme = (): Theme => (localStorage.getItem(KEY) as Theme | null) ?? 'system'

const dark = matchMedia('(prefers-color-scheme: dark)')

/** Light or dark as chosen here, else as the system has it. */
export function applyTheme(chosen?: Theme): void {
  if (chosen !== undefined) localStorage.setItem(KEY, chosen)
  const is = theme()
  document.documentElement.dataset.theme = is === 'system' ? (dark.matches ? 'dark' : 'light') : is
}

dark.addEventListener('change', () => {
  applyTheme()
})
