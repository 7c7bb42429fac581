import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { appoint, numberIn, rolesIn } from '../support/groups.ts'
import { whileHeld } from '../support/locks.ts'
import { contentOf, expectRefused, mutation, notAllowed, notFound, succeed } from '../support/refusal.ts'
import type { Fault, MutationName } from '../support/refusal.ts'

// One group with an owner, two admins and two members; and somebody outside.

let server: TestServer
const people: Record<string, Client> = {}
const person = (name: string) => people[name] as Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  for (const name of ['owner', 'admin', 'admin2', 'member', 'member2', 'stranger', 'friend']) people[name] = await server.signUp(name)
})
afterAll(() => server.close())

beforeEach(async () => {
  chatId = await person('owner').group('Garden', person('admin'), person('admin2'), person('member'), person('member2'))
  for (const admin of ['admin', 'admin2']) await appoint(person('owner'), chatId, 'ADMIN', person(admin))
})

const NO_CHAT = notFound(['chatId'], 'No such chat.')
const MANAGERS = notAllowed(['chatId'], 'Only owners and admins may do this.')
const OWNERS = notAllowed(['chatId'], 'Only an owner may give roles.')

/** What somebody tries, and how it ends: null is well. */
type Case = [who: string, name: MutationName, input: () => object, fault: Fault | null]

const on = (name: string, more: object = {}) => () => ({ userId: person(name).id, ...more })
const whoMay = (name: MutationName, input: () => object, refused: Fault, allowed: string[]): Case[] =>
  ['owner', 'admin', 'member', 'stranger'].map((who) => [who, name, input, allowed.includes(who) ? null : who === 'stranger' ? NO_CHAT : refused])

const CASES: Case[] = [
  ...whoMay('addMembers', () => ({ userIds: [person('friend').id] }), MANAGERS, ['owner', 'admin']),
  ...whoMay('removeMember', on('member2'), MANAGERS, ['owner', 'admin']),
  ...whoMay('createInvite', () => ({}), MANAGERS, ['owner', 'admin']),
  ...whoMay('revokeInvite', () => ({}), MANAGERS, ['owner', 'admin']),
  ...whoMay('updateChat', () => ({ title: 'Roses' }), MANAGERS, ['owner', 'admin']),
  ...whoMay('setMemberRole', on('member2', { role: 'ADMIN' }), OWNERS, ['owner']),
  ...whoMay('deleteChat', () => ({}), notAllowed(['chatId'], 'Only an owner may end a group for all.'), ['owner']),
  ...whoMay('leaveChat', () => ({}), MANAGERS, ['owner', 'admin', 'member']),
  ...whoMay('updateChatSettings', () => ({ pinned: true }), MANAGERS, ['owner', 'admin', 'member']),
  ['owner', 'removeMember', on('admin'), null],
  ['owner', 'removeMember', on('owner'), notAllowed(['userId'], 'Nobody removes themselves: leave the chat instead.')],
  ['admin', 'removeMember', on('admin'), notAllowed(['userId'], 'Nobody removes themselves: leave the chat instead.')],
  ['admin', 'removeMember', on('admin2'), notAllowed(['userId'], 'Only an owner may remove owners and admins.')],
  ['admin', 'removeMember', on('owner'), notAllowed(['userId'], 'Only an owner may remove owners and admins.')],
  ['member', 'removeMember', on('member'), MANAGERS],
  ['owner', 'removeMember', on('stranger'), notFound(['userId'], 'No such member.')],
  ['admin', 'setMemberRole', on('admin', { role: 'OWNER' }), OWNERS],
  ['member', 'setMemberRole', on('member', { role: 'ADMIN' }), OWNERS],
  ['owner', 'setMemberRole', on('stranger', { role: 'ADMIN' }), notFound(['userId'], 'No such member.')],
  ['owner', 'setMemberRole', on('admin', { role: 'MEMBER' }), null],
  ['owner', 'setMemberRole', on('member', { role: 'OWNER' }), null],
  ['owner', 'setMemberRole', on('owner', { role: 'MEMBER' }), notAllowed(['role'], 'A group needs an owner: make somebody else one first.')],
]

test.each(CASES)('%s: %s', async (who, name, input, fault) => {
  if (fault === null) await succeed(person(who), name, { chatId, ...input() })
  else await expectRefused(server, person(who), name, { chatId, ...input() }, fault)
})

describe('an owner', () => {
  test('steps back once there is another, and is an owner no more', async () => {
    await appoint(person('owner'), chatId, 'OWNER', person('member'))
    expect((await succeed(person('owner'), 'setMemberRole', { chatId, userId: person('owner').id, role: 'MEMBER' })).member.role).toBe('MEMBER')
    expect(await rolesIn(person('owner'), chatId)).toEqual(['member OWNER', 'admin ADMIN', 'admin2 ADMIN', 'owner MEMBER', 'member2 MEMBER'])
    await expectRefused(server, person('owner'), 'deleteChat', { chatId }, notAllowed(['chatId'], 'Only an owner may end a group for all.'))
  })

  test('who gives a role that somebody has writes nothing', async () => {
    const before = await contentOf(server)
    await appoint(person('owner'), chatId, 'ADMIN', person('admin'))
    await appoint(person('owner'), chatId, 'OWNER', person('owner'))
    expect(await contentOf(server)).toEqual(before)
  })

  test('stays, when two step back at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const group = await person('owner').group('Two', person('member'))
      await appoint(person('owner'), group, 'OWNER', person('member'))
      const STEP = 'mutation ($input: SetMemberRoleInput!) { setMemberRole(input: $input) { errors { __typename } } }'
      await Promise.all(['owner', 'member'].map((name) => person(name).ask(STEP, { input: { chatId: group, userId: person(name).id, role: 'MEMBER' } })))
      expect((await rolesIn(person('owner'), group)).filter((role) => role.endsWith('OWNER'))).toHaveLength(1)
    }
  })

  test('whom another one demotes while they act may not act any more', async () => {
    for (let round = 0; round < 5; round++) {
      const group = await person('owner').group('Two', person('member'))
      await appoint(person('owner'), group, 'OWNER', person('member'))
      const demote = (by: string, whom: string) =>
        person(by).ask('mutation ($input: SetMemberRoleInput!) { setMemberRole(input: $input) { errors { __typename } } }', { input: { chatId: group, userId: person(whom).id, role: 'MEMBER' } })
      const answers = await Promise.all([demote('owner', 'member'), demote('member', 'owner')])
      expect(answers.map(({ setMemberRole }) => setMemberRole.errors).sort()).toEqual([[], [{ __typename: 'NotAllowed' }]])
    }
  })
})

test('a role is no longer than the membership', async () => {
  await succeed(person('admin'), 'leaveChat', { chatId })
  await expectRefused(server, person('admin'), 'addMembers', { chatId, userIds: [person('friend').id] }, NO_CHAT)
  await succeed(person('owner'), 'addMembers', { chatId, userIds: [person('admin').id] })
  await expectRefused(server, person('admin'), 'addMembers', { chatId, userIds: [person('friend').id] }, MANAGERS)
})

test('whoever is removed while they wait for the group to be free does nothing in it', async () => {
  const { answer } = await whileHeld(server, async ({ tx, waiters }) => {
    await tx`select from stream where id = ${numberIn(chatId)} for update`
    const answer = person('admin').ask(mutation('addMembers'), { input: { chatId, userIds: [person('friend').id] } })
    await waiters(1)
    await tx`update member set to_seq = 1 where chat_id = ${numberIn(chatId)} and user_id = ${numberIn(person('admin').id)}`
    return { answer }
  })
  expect(await answer).toEqual({ addMembers: { chat: null, errors: [NO_CHAT] } })
})
