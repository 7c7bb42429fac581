/** `points` uses in `seconds`, counted apart for each key. */
export interface Quota {
  points: number
  seconds: number
}

const per = (seconds: number) => (points: number) => ({ points, seconds })
const perTenSeconds = per(10)
const perMinute = per(60)
const perQuarter = per(15 * 60)
const perHour = per(3600)

/**
 * How often what may be done. A mutation has a line of its own name, counted for each user, or for each network address where nobody needs to be signed
 * in; so have queries that are dear or invite guessing. RATE_LIMITS sets single lines anew.
 */
export const QUOTAS = {
  // Signing in. `login` is for each log-in name, and forgotten after a success.
  login: { points: 10, seconds: 300 },
  loginAddress: { points: 100, seconds: 300 },
  register: perHour(100),
  refreshSession: perMinute(300),
  // Whoever uses a session and does not know its password, whatever they want to do with it; forgotten after a success.
  currentPassword: perQuarter(5),

  changePassword: perQuarter(5),
  deleteAccount: perQuarter(5),
  logout: perMinute(60),
  revokeSession: perMinute(60),
  revokeOtherSessions: perMinute(60),
  updateProfile: perMinute(60),
  setPresence: perMinute(60),
  blockUser: perMinute(60),
  unblockUser: perMinute(60),
  setUserRoles: perMinute(60),

  createDirectChat: perMinute(60),
  createGroupChat: perHour(30),
  updateChat: perMinute(60),
  addMembers: perMinute(30),
  removeMember: perMinute(60),
  setMemberRole: perMinute(60),
  createInvite: perMinute(30),
  revokeInvite: perMinute(60),
  joinChat: perMinute(30),
  leaveChat: perMinute(60),
  deleteChat: perMinute(60),
  updateChatSettings: perMinute(60),

  sendMessage: perTenSeconds(100),
  editMessage: perMinute(60),
  deleteMessage: perMinute(60),
  retryMessage: perMinute(60),
  addReaction: perTenSeconds(60),
  removeReaction: perTenSeconds(60),
  pinMessage: perMinute(60),
  unpinMessage: perMinute(60),
  markRead: perTenSeconds(300),
  markDelivered: perTenSeconds(300),
  setTyping: perTenSeconds(100),

  createUpload: perMinute(60),
  startWhatsAppChat: perMinute(60),
  sendTemplate: perMinute(60),
  assignChat: perMinute(60),
  replayWhatsAppDelivery: perMinute(60),

  // Queries.
  users: perMinute(120),
  searchMessages: perMinute(60),
  chatByInvite: perMinute(60),
} satisfies Record<string, Quota>

export type QuotaName = keyof typeof QUOTAS
export type Quotas = Readonly<Record<QuotaName, Quota>>

export function isQuota(name: string): name is QuotaName {
  return Object.hasOwn(QUOTAS, name)
}

/** Reads lines that are set anew, such as `sendMessage=50/10,login=5/900`: uses and seconds. Answers the whole table, or what is wrong. */
export function readQuotas(text: string): { quotas: Quotas; faults: string[] } {
  const quotas: Record<QuotaName, Quota> = { ...QUOTAS }
  const faults: string[] = []
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue
    const [, name = '', points, seconds] = /^(\w+) *= *(\d{1,9}) *\/ *(\d{1,9})$/.exec(item) ?? []
    if (points === undefined || Number(points) < 1 || Number(seconds) < 1) faults.push(`must be on, off, or a list of uses and seconds such as sendMessage=50/10,login=5/900; "${item}" is no such line`)
    else if (!isQuota(name)) faults.push(`has no line called "${name}"; there are ${Object.keys(QUOTAS).join(', ')}`)
    else quotas[name] = { points: Number(points), seconds: Number(seconds) }
  }
  return { quotas, faults }
}
