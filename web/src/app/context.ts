import { createContext, useContext } from 'react'
import type { App, Me } from './app.ts'
import type { Session } from './session.ts'

export const SessionContext = createContext<Session | null>(null)
export const AppContext = createContext<App | null>(null)
export const MeContext = createContext<Me | null>(null)

function present<T>(value: T | null): T {
  if (value === null) throw new Error('This part of the page is only for who is signed in.')
  return value
}

export const useSession = (): Session => present(useContext(SessionContext))
export const useApp = (): App => present(useContext(AppContext))
/** Who is signed in. */
export const useMe = (): Me => present(useContext(MeContext))

/** Whether somebody answers customers on WhatsApp. */
export const isAgent = ({ roles }: Pick<Me, 'roles'>): boolean => roles?.includes('AGENT') ?? false
