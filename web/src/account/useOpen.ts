import { useEffect, useState } from 'react'
import { useSession } from '../app/context.ts'

/** Whether anybody may sign up on this server; true until it has said no. */
export function useOpen(): boolean {
  const session = useSession()
  const [isOpen, setOpen] = useState(true)
  useEffect(() => { session.isOpen().then(setOpen, () => undefined) }, [session])
  return isOpen
}
