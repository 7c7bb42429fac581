import { InvalidCredentials, InvalidInput } from '../base/errors.ts'
import { builder } from '../graphql/builder.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { attempt, definePayload } from '../graphql/errors.ts'
import type { Outcome } from '../graphql/errors.ts'
import { User } from '../user/schema.ts'
import { login, logout, refreshSession, register } from './domain.ts'
import type { SignedIn } from './domain.ts'

const RegisterInput = builder.inputType('RegisterInput', {
  description: 'A new account.',
  fields: (t) => ({
    username: t.string({ required: true, description: '2 to 32 letters, digits, dots, hyphens and underscores; unique in any case.' }),
    email: t.string({ required: true, description: 'An e-mail address; unique in any case.' }),
    password: t.string({ required: true, description: '8 to 128 characters.' }),
    displayName: t.string({ description: 'The name to show, at most 80 characters; the username where it is left out.' }),
    cookie: t.boolean({ defaultValue: false, description: 'Puts the refresh token into an httpOnly cookie rather than into the answer; over HTTP only.' }),
  }),
})

const LoginInput = builder.inputType('LoginInput', {
  description: 'A log-in.',
  fields: (t) => ({
    login: t.string({ required: true, description: 'Username or e-mail address.' }),
    password: t.string({ required: true, description: 'The password.' }),
    cookie: t.boolean({ defaultValue: false, description: 'Puts the refresh token into an httpOnly cookie rather than into the answer; over HTTP only.' }),
  }),
})

const RefreshSessionInput = builder.inputType('RefreshSessionInput', {
  description: 'A refresh token to trade for new tokens.',
  fields: (t) => ({ refreshToken: t.string({ description: 'Left out where the cookie holds it.' }) }),
})

/** A sign-in, and whether its refresh token went into a cookie. */
type SignIn = SignedIn & { inCookie: boolean }

function defineSignInPayload(name: string, mutation: string) {
  return definePayload<SignIn>(name, `The answer to ${mutation}.`, (t) => ({
    user: t.field({ type: User, nullable: true, description: 'The user, now signed in.', resolve: ({ value }) => value?.user }),
    accessToken: t.string({
      nullable: true,
      description: 'Goes into the header `authorization: Bearer ...`, and into connectionParams over WebSocket as `token`.',
      resolve: ({ value }) => value?.accessToken,
    }),
    accessTokenExpiresAt: t.field({ type: 'DateTime', nullable: true, description: 'When the access token ends; refresh a little before.', resolve: ({ value }) => value?.accessTokenExpiresAt }),
    refreshToken: t.string({
      nullable: true,
      description: 'Trades for new tokens once, by refreshSession; null where it went into a cookie.',
      resolve: ({ value }) => (value === null || value.inCookie ? null : value.refreshToken),
    }),
  }))
}

const RegisterPayload = defineSignInPayload('RegisterPayload', 'register')
const LoginPayload = defineSignInPayload('LoginPayload', 'login')
const RefreshSessionPayload = defineSignInPayload('RefreshSessionPayload', 'refreshSession')
const LogoutPayload = definePayload<true>('LogoutPayload', 'The answer to logout.')

/** Signs in by a verb: from here on the request reads as the new viewer. */
function signIn(ctx: GraphQLContext, cookie: boolean, verb: () => Promise<SignedIn>): Promise<Outcome<SignIn>> {
  return attempt(ctx, async () => {
    if (cookie && ctx.cookies === null) throw new InvalidInput('cookie needs a request over HTTP: over WebSocket none can be set.', ['cookie'])
    const result = await verb()
    ctx.viewer = result.viewer
    if (cookie) ctx.cookies?.setRefreshToken(result.refreshToken)
    return { ...result, inCookie: cookie }
  })
}

builder.mutationFields((t) => ({
  register: t.field({
    type: RegisterPayload,
    description: 'Makes an account and signs it in.',
    extensions: { public: true },
    args: { input: t.arg({ type: RegisterInput, required: true, description: 'The new account.' }) },
    resolve: (_root, { input }, ctx) => signIn(ctx, input.cookie ?? false, () => register(ctx, input)),
  }),
  login: t.field({
    type: LoginPayload,
    description: 'Signs in: a new session on this device.',
    extensions: { public: true },
    args: { input: t.arg({ type: LoginInput, required: true, description: 'The log-in.' }) },
    resolve: (_root, { input }, ctx) => signIn(ctx, input.cookie ?? false, () => login(ctx, input)),
  }),
  refreshSession: t.field({
    type: RefreshSessionPayload,
    description: 'Trades a refresh token for new tokens. Each can be used once: an old one that comes again ends the session.',
    extensions: { public: true },
    args: { input: t.arg({ type: RefreshSessionInput, required: true, description: 'The refresh token.' }) },
    resolve: (_root, { input }, ctx) => {
      const inCookie = input.refreshToken == null
      return signIn(ctx, inCookie && ctx.cookies !== null, async () => {
        const token = input.refreshToken ?? ctx.cookies?.refreshToken
        if (token == null) throw new InvalidCredentials('There is no refresh token, neither in the input nor in a cookie.', ['refreshToken'])
        return refreshSession(ctx, token)
      })
    },
  }),
  logout: t.field({
    type: LogoutPayload,
    description: "Ends the viewer's session: its tokens are void, its live connections close.",
    resolve: (_root, _args, ctx) =>
      attempt(ctx, async () => {
        await logout(ctx)
        ctx.viewer = null
        ctx.cookies?.setRefreshToken(null)
        return true as const
      }),
  }),
}))
