/** Everybody for whom the table says what they may do. What they are to each other is made in world.ts. */
export const ACTORS = [
  /** Nobody is signed in. */
  'anonymous',
  /** A token of the owner's whose time is over. */
  'expired',
  /** A token of the owner's whose session was ended. */
  'revoked',
  /** Shares no chat with anybody of the group. */
  'stranger',
  /** Was in the group and left it. */
  'left',
  /** Was in the group and was removed. */
  'kicked',
  /** Knows the group's invite code. */
  'invited',
  /** Answers WhatsApp chats; no member. */
  'agent',
  /** Runs the server; no member. */
  'serverAdmin',
  /** A plain member, blocked by the owner, with whom they have a direct chat, and by the admin, with whom they have none. */
  'blocked',
  'member',
  'admin',
  'owner',
] as const

export type Actor = (typeof ACTORS)[number]

/** Parts of a row speak of several actors at once, by their names with spaces between. */
export const SIGNED_OUT = 'anonymous expired revoked'
/** In the group. A block changes nothing there. */
export const INSIDERS = 'blocked member admin owner'
/** Signed in and not in the group: to all of them it does not exist, whatever they were or are elsewhere. */
export const OUTSIDERS = 'stranger left kicked invited agent serverAdmin'
export const SIGNED_IN = `${OUTSIDERS} ${INSIDERS}`
export const EVERYBODY = `${SIGNED_OUT} ${SIGNED_IN}`

/** All those of `who` but these. */
export function but(who: string, ...names: Actor[]): string {
  return who
    .split(' ')
    .filter((name) => !names.includes(name as Actor))
    .join(' ')
}

/** Reads such a list. */
export function actorsOf(who: string): Actor[] {
  return who.split(' ').map((name) => {
    const actor = ACTORS.find((known) => known === name)
    if (actor === undefined) throw new Error(`nobody is called ${name}`)
    return actor
  })
}
