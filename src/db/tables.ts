// Every table, for the migration generator. Code imports a table from its own feature.
export { entityId } from './columns.ts'
export { meta } from './meta.ts'
export { events, streams } from '../event/table.ts'
export { passwords, users } from '../user/table.ts'
export { refreshTokens, sessions } from '../auth/table.ts'
export { chats, members, pastIntervals } from '../chat/table.ts'
export { messages } from '../message/table.ts'
