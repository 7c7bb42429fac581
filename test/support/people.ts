import { signToken } from '../../src/auth/token.ts'
import type { TestServer } from '../harness.ts'
import { globalId } from './refusal.ts'

/** Somebody with an account and a session, who has never typed a password. */
export interface Person {
  /** Global ID. */
  id: string
  /** The key of their row. */
  key: number
  username: string
  displayName: string
  token: string
}

/** Puts people and their sessions straight into the tables: many fresh ones at once, where hashing a password for each would take longer than the test. */
export async function settle(server: TestServer, usernames: readonly string[]): Promise<Person[]> {
  const rows = await server.sql<{ username: string; display_name: string; user_id: number; session_id: number }[]>`
    with person as (
      insert into users (username, email, display_name, search_text)
      select name, name || '@example.com', initcap(name), ' ' || name from unnest(${[...usernames]}::text[]) with ordinality as wanted (name, ord) order by ord
      returning id, username, display_name
    ),
    own as (insert into stream (id) select id from person),
    entered as (insert into session (user_id) select id from person returning id, user_id)
    select username, display_name, user_id, entered.id as session_id from entered join person on person.id = entered.user_id order by user_id`
  return Promise.all(
    rows.map(async (row) => ({
      id: globalId('User', row.user_id),
      key: row.user_id,
      username: row.username,
      displayName: row.display_name,
      token: (await signToken(server.app.services.secrets, row.user_id, row.session_id)).token,
    })),
  )
}
