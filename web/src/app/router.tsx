import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { ChatPage } from '../chat/ChatPage.tsx'
import { Empty } from '../chat/Empty.tsx'
import { Root } from './Root.tsx'
import { Shell } from './Shell.tsx'
import type { Session } from './session.ts'

const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
const next = (search: Record<string, unknown>): { next?: string | undefined } => ({ next: text(search.next) })

export function createAppRouter(session: Session) {
  const root = createRootRoute({ component: Root })
  const toHome = () => {
    if (session.isSignedIn()) throw redirect({ to: '/' })
  }
  const signIn = createRoute({ getParentRoute: () => root, path: '/signin', component: lazyRouteComponent(() => import('../account/SignIn.tsx'), 'SignIn'), validateSearch: next, beforeLoad: toHome })
  const signUp = createRoute({ getParentRoute: () => root, path: '/signup', component: lazyRouteComponent(() => import('../account/SignUp.tsx'), 'SignUp'), validateSearch: next, beforeLoad: toHome })
  const shell = createRoute({
    getParentRoute: () => root,
    id: 'shell',
    component: Shell,
    beforeLoad: ({ location }) => {
      if (!session.isSignedIn()) throw redirect({ to: '/signin', search: location.pathname === '/' ? {} : { next: location.href } })
    },
  })
  const home = createRoute({ getParentRoute: () => shell, path: '/', component: Empty })
  const chat = createRoute({
    getParentRoute: () => shell,
    path: '/chat/$chatId',
    component: ChatPage,
    validateSearch: (search: Record<string, unknown>): { m?: string | undefined } => ({ m: text(search.m) }),
  })
  const join = createRoute({ getParentRoute: () => shell, path: '/join/$code', component: lazyRouteComponent(() => import('../group/Join.tsx'), 'Join') })
  const settings = createRoute({ getParentRoute: () => shell, path: '/settings', component: lazyRouteComponent(() => import('../account/Settings.tsx'), 'Settings') })
  return createRouter({ routeTree: root.addChildren([signIn, signUp, shell.addChildren([home, chat, join, settings])]), defaultPreload: false, scrollRestoration: false })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
