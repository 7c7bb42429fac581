import { InvalidCredentials, InvalidInput } from '../base/errors.ts'
import { encodeId } from '../base/id.ts'
import { builder } from '../graphql/builder.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import type { Outcome } from '../graphql/errors.ts'
import { defineNode } from '../graphql/node.ts'
import type { User as UserShape } from '../user/domain.ts'
import { User } from '../user/schema.ts'
import { changePassword } from './change-password.ts'
import { login, refreshSession, register } from './domain.ts'
import type { SignedIn } from './domain.ts'
import { loadSession, logout, revokeOtherSessions, revokeSession, sessionsOf } from './sessions.ts'
import type { Session as SessionShape } from './sessions.ts'

// ------------------------------------------------------------------ signing in

const RegisterInput = builder.inputType('RegisterInput', {
  description: 'A new account.',
  fields: (t) => ({
    username: t.string({ required: true, description: '2 to 32 letters, digits, dots, hyphens and underscores; unique in any case.' }),
    email: t.string({ required: true, description: 'An e-mail address; unique in any case.' }),
    password: t.string({ required: true, description: '8 to 128 characters.' }),
    displayName: t.string({ description: 'The name to show, at most 80 characters; the username where it is left out.' }),
    externalId: t.string({ description: 'With the server key only: the subject by which the host product knows the user, whose tokens then sign in to this account.' }),
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
    extensions: { public: true, alone: true },
    args: { input: t.arg({ type: RegisterInput, required: true, description: 'The new account.' }) },
    resolve: (_root, { input }, ctx) => signIn(ctx, input.cookie ?? false, () => register(ctx, input)),
  }),
  login: t.field({
    type: LoginPayload,
    description: 'Signs in: a new session on this device.',
    // The verb counts the guesses at one name.
    extensions: { public: true, alone: true, quota: 'loginAddress' },
    args: { input: t.arg({ type: LoginInput, required: true, description: 'The log-in.' }) },
    resolve: (_root, { input }, ctx) => signIn(ctx, input.cookie ?? false, () => login(ctx, input)),
  }),
  refreshSession: t.field({
    type: RefreshSessionPayload,
    description: 'Trades a refresh token for new tokens. Each can be used once: an old one that comes again ends the session.',
    extensions: { public: true, alone: true },
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
}))

// ------------------------------------------------------------------ sessions

const Session = builder.objectRef<SessionShape>('Session')
defineNode('Session', Session, {
  description: 'A sign-in on one device, until it is ended there or from another one.',
  key: (session) => [session.id],
  load: (ctx, [id]) => loadSession(ctx, id),
  fields: (t) => ({
    current: t.boolean({ description: 'Whether this is the session that asks.', resolve: (session, _args, ctx) => session.id === ctx.viewer?.sessionId }),
    userAgent: t.exposeString('userAgent', { nullable: true, description: 'What the device said of itself at the sign-in.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', description: 'When it last took new tokens.' }),
  }),
})

builder.objectField(User, 'sessions', (t) =>
  t.field({
    type: [Session],
    nullable: true,
    description: 'Where the user is signed in, the newest use first, at most 100. Only of the viewer; null of anyone else.',
    resolve: (user, _args, ctx) => sessionsOf(ctx, user.id),
  }),
)

const LogoutPayload = definePayload<boolean>('LogoutPayload', 'The answer to logout.')

const RevokeSessionInput = builder.inputType('RevokeSessionInput', {
  description: 'Which session to end.',
  fields: (t) => ({ sessionId: t.id({ required: true, description: "Global ID of one of the viewer's sessions." }) }),
})

const RevokeSessionPayload = definePayload<number>('RevokeSessionPayload', 'The answer to revokeSession.', (t) => ({
  revokedSessionId: t.id({ nullable: true, description: 'Global ID of the session that has ended.', resolve: ({ value }) => (value === null ? null : encodeId('Session', value)) }),
}))

const RevokeOtherSessionsPayload = definePayload<number>('RevokeOtherSessionsPayload', 'The answer to revokeOtherSessions.', (t) => ({
  revokedCount: t.int({ nullable: true, description: 'How many sessions have ended.', resolve: ({ value }) => value }),
}))

/** The request came by a session that has ended: it reads as nobody's from here on. */
function signOut(ctx: GraphQLContext): void {
  ctx.viewer = null
  ctx.cookies?.setRefreshToken(null)
}

builder.mutationFields((t) => ({
  logout: t.field({
    type: LogoutPayload,
    description: "Ends the viewer's session: its tokens are void, its live connections close. Whoever was signed in elsewhere signs out there; this does nothing then.",
    resolve: (_root, _args, ctx) =>
      attempt(ctx, async () => {
        const ended = await logout(ctx)
        if (ended) signOut(ctx)
        return ended
      }),
  }),
  revokeSession: t.field({
    type: RevokeSessionPayload,
    description: "Ends one of the viewer's sessions, such as that of a lost phone.",
    args: { input: t.arg({ type: RevokeSessionInput, required: true, description: 'Which session.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () => {
        const sessionId = inputId('Session', input.sessionId, ['sessionId'])
        await revokeSession(ctx, sessionId)
        if (sessionId === ctx.viewer?.sessionId) signOut(ctx)
        return sessionId
      }),
  }),
  revokeOtherSessions: t.field({
    type: RevokeOtherSessionsPayload,
    description: "Ends all of the viewer's sessions but this one.",
    resolve: (_root, _args, ctx) => attempt(ctx, () => revokeOtherSessions(ctx)),
  }),
}))

// ------------------------------------------------------------------ the account

const ChangePasswordInput = builder.inputType('ChangePasswordInput', {
  description: 'A new password.',
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: 'The password so far.' }),
    newPassword: t.string({ required: true, description: '8 to 128 characters.' }),
  }),
})

const ChangePasswordPayload = definePayload<UserShape>('ChangePasswordPayload', 'The answer to changePassword.', (t) => ({
  user: t.field({ type: User, nullable: true, description: 'The viewer.', resolve: (outcome) => outcome.value }),
}))

builder.mutationFields((t) => ({
  changePassword: t.field({
    type: ChangePasswordPayload,
    description: "Sets another password; all of the viewer's other sessions end.",
    extensions: { alone: true },
    args: { input: t.arg({ type: ChangePasswordInput, required: true, description: 'Both passwords.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => changePassword(ctx, input)),
  }),
}))
