import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { Line, closeLines } from '../support/line.ts'
import { conflict, expectRefused, globalId, invalid, notAllowed, notFound, succeed, wrongCredentials } from '../support/refusal.ts'

let server: TestServer
/** The first account, and so an admin. */
let alice: Client
let bob: Client
beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

const ME = '{ me { username email bio } }'
const CHANGES = 'subscription { events { events { __typename ... on UserChanged { actor { id } user { username roles } } } } }'

describe('another e-mail address', () => {
  test('takes the password, and signs in from then on', async () => {
    await succeed(bob, 'updateProfile', { email: 'Robert@example.com', currentPassword: PASSWORD, bio: 'moved' })
    expect(await bob.ask(ME)).toEqual({ me: { username: 'bob', email: 'Robert@example.com', bio: 'moved' } })
    expect(await succeed(server.anonymous(), 'login', { login: 'robert@example.com', password: PASSWORD })).toMatchObject({ user: { id: bob.id } })
  })

  test('that is the present one takes no password: a form may send it along', async () => {
    const { me } = await bob.ask(ME)
    await succeed(bob, 'updateProfile', { email: me.email, bio: 'still here' })
    expect(await bob.ask(ME)).toMatchObject({ me: { email: me.email, bio: 'still here' } })
  })

  test('is refused without the password, with a wrong one, and where it is taken or none', async () => {
    const email = 'new@example.com'
    const needed = invalid(['currentPassword'], 'currentPassword is needed to change the e-mail address.')
    await expectRefused(server, bob, 'updateProfile', { email, bio: 'x' }, needed)
    await expectRefused(server, bob, 'updateProfile', { email, currentPassword: null }, needed)
    await expectRefused(server, bob, 'updateProfile', { email, currentPassword: 'a wrong password' }, wrongCredentials(['currentPassword'], 'The password is wrong.'))
    await expectRefused(server, bob, 'updateProfile', { email: 'ALICE@example.com', currentPassword: PASSWORD }, conflict(['email'], 'This e-mail address has an account already.'))
    await expectRefused(server, bob, 'updateProfile', { email: 'none', username: 'b' }, invalid(['username'], 'username must have at least 2 characters.'), invalid(['email'], 'email must be an e-mail address.'), needed)
    await expectRefused(server, bob, 'updateProfile', { email: null }, invalid(['email'], 'email cannot be cleared.'))
  })
})

describe('roles', () => {
  test('are given and taken by an admin; the user hears of it on every device', async () => {
    const live = bob.subscribe(CHANGES)
    await live.next()
    expect(await succeed(alice, 'setUserRoles', { userId: bob.id, roles: ['ADMIN', 'ADMIN'] })).toEqual({ user: { username: 'bob', roles: ['ADMIN'] } })
    expect((await live.next()).events.events).toEqual([{ __typename: 'UserChanged', actor: { id: alice.id }, user: { username: 'bob', roles: ['ADMIN'] } }])
    // Who answers customers reads other chats: the connection comes again, with the same token.
    expect(await succeed(alice, 'setUserRoles', { userId: bob.id, roles: ['AGENT', 'ADMIN', 'AGENT'] })).toEqual({ user: { username: 'bob', roles: ['ADMIN', 'AGENT'] } })
    expect(await live.ended()).toMatchObject({ code: 1012 })
    await succeed(bob, 'setUserRoles', { userId: bob.id, roles: [] })
    expect(await bob.ask('{ me { roles } }')).toEqual({ me: { roles: [] } })
  })

  test('that were taken are gone from a live connection as well', async () => {
    const carol = await server.signUp('carol')
    await succeed(alice, 'setUserRoles', { userId: carol.id, roles: ['ADMIN'] })
    const line = await new Line(server).greet(carol)
    let asked = 0
    const rolesOfAlice = async () => {
      asked += 1
      line.send({ type: 'subscribe', id: String(asked), payload: { query: 'query ($id: ID!) { user(id: $id) { roles } }', variables: { id: alice.id } } })
      const [next] = [await line.next(), await line.next()]
      return next.payload.data.user.roles
    }
    expect(await rolesOfAlice()).toEqual(['ADMIN'])
    await succeed(alice, 'setUserRoles', { userId: carol.id, roles: [] })
    await expect.poll(rolesOfAlice).toBeNull()
  })

  test('are nobody else’s to give, and a user must be one', async () => {
    const refused = notAllowed(null, 'Only an admin of this server gives roles.')
    await expectRefused(server, bob, 'setUserRoles', { userId: bob.id, roles: ['ADMIN'] }, refused)
    await expectRefused(server, bob, 'setUserRoles', { userId: globalId('User', 999_999), roles: [] }, refused)
    await expectRefused(server, alice, 'setUserRoles', { userId: globalId('User', 999_999), roles: [] }, notFound(['userId'], 'No such user.'))
    await expectRefused(server, alice, 'setUserRoles', { userId: 'bob', roles: [] }, invalid(['userId'], 'userId is not the ID of a User.'))
  })
})
