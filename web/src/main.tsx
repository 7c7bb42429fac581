import { RouterProvider } from '@tanstack/react-router'
import { setNonce } from 'get-nonce'
import { createRoot } from 'react-dom/client'
import { SessionContext } from './app/context.ts'
import { createAppRouter } from './app/router.tsx'
import { createSession } from './app/session.ts'
import { applyTheme } from './app/theme.ts'
import { startI18n } from './i18n/index.ts'
import './styles.css'

// The one style that a dialog makes while it is open may be made by this page alone.
setNonce(document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.content ?? '')
applyTheme()
const session = createSession()
const router = createAppRouter(session)
// Not awaited at the top of the module: other parts of the page could not be loaded out of it then.
void startI18n().then(() => {
  createRoot(document.getElementById('root') as HTMLElement).render(
    <SessionContext value={session}>
      <RouterProvider router={router} />
    </SessionContext>,
  )
})
