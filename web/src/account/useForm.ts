import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { faultText } from '../app/act.ts'

interface Fault {
  code: string
  message: string
  path?: readonly string[] | null | undefined
}

/** A form whose `send` answers what was wrong: each fault by its field, the rest for the whole. */
export function useForm(send: (values: Record<string, string>) => Promise<readonly Fault[]>) {
  const { t, i18n } = useTranslation()
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [busy, setBusy] = useState(false)
  const text = (fault: Fault | undefined) => (fault === undefined ? undefined : faultText(t, i18n.language, fault))
  return {
    busy,
    /** What is wrong with a field. */
    of: (name: string) => text(faults.find(({ path }) => path?.[0] === name)),
    /** What is wrong that is no field of the form. */
    rest: (...names: string[]) => text(faults.find(({ path }) => path?.[0] === undefined || !names.includes(path[0]))),
    onSubmit(event: SubmitEvent<HTMLFormElement>) {
      event.preventDefault()
      const values = Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, typeof value === 'string' ? value : '']))
      setBusy(true)
      send(values)
        .then(setFaults, () => { setFaults([{ code: 'AWAY', message: '', path: ['away'] }]) })
        .finally(() => { setBusy(false) })
    },
  }
}
