import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import type { AnyVariables, TypedDocumentNode } from 'urql'
import type { FaultFragment } from '../generated/graphql.ts'
import { toast } from '../ui/toast.ts'
import { useApp } from './context.ts'

/** What was wrong, in the reader's language: the server's own words are English. */
export function faultText(t: TFunction, language: string, fault: { code: string; message: string; path?: readonly string[] | null | undefined }): string {
  const path = fault.path?.[0] ?? ''
  if (path === 'away') return t('fault.AWAY')
  if (language.startsWith('en') && fault.message !== '') return fault.message.replaceAll('`', '')
  return t([`fault.${fault.code}_${path}`, `fault.${fault.code}`])
}

/** Does a mutation; a failure is told in a few words. Answers what came where it worked. */
export function useAct() {
  const app = useApp()
  const { t, i18n } = useTranslation()
  return useCallback(
    async <R extends { deed: { errors: readonly FaultFragment[] } }, V extends AnyVariables>(document: TypedDocumentNode<R, V>, variables: V): Promise<R['deed'] | null> => {
      const { data, faults } = await app.act(document, variables)
      const fault = faults[0]
      if (fault === undefined) return data
      toast(faultText(t, i18n.language, fault), 'alarm')
      return null
    },
    [app, t, i18n],
  )
}
