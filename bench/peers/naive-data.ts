import { using } from '../../test/chaos/postgres.ts'
import type { Stage } from '../lib/stage.ts'

/** By stage: for each chat, which id its message of number 0 would have. */
const made = new WeakMap<Stage, Map<number, number>>()

/** Makes the database `naive`, once: the data of Parley at the start, in tables as a first version has them, with foreign keys. */
export async function makeNaive(stage: Stage): Promise<void> {
  if (made.has(stage)) return
  stage.say('Filling the database of the other servers …')
  await using(stage.databaseUrl('postgres'), (sql) => sql.unsafe('create database naive template plain'))
  await using(stage.databaseUrl('naive'), async (sql) => {
    await sql.unsafe(TABLES)
    const rows = await sql<{ chat_id: number; base: number }[]>`select chat_id, min(id) - 1 as base from naive.message where chat_id = any (${Object.values(stage.fixture.histories)}) group by chat_id`
    made.set(stage, new Map(rows.map((row) => [Number(row.chat_id), Number(row.base)])))
    await sql.unsafe('alter database naive set search_path = naive')
    await sql`vacuum analyze`
  })
}

/** Its id of a message that Parley knows by chat and number. */
export function naiveMessage(stage: Stage, chat: number, number: number): number {
  return (made.get(stage)?.get(chat) ?? 0) + number
}

const TABLES = `
create schema naive;
create table naive.users as select id, username, display_name from public.users;
create table naive.chat as select id, title, now() as updated_at from public.chat;
create table naive.member as select chat_id, user_id, role from public.member;
create table naive.message as
  select row_number() over (order by m.chat_id, m.number) as id, m.chat_id, m.sender_id, m.body as text, null::bigint as reply_to, m.created_at, m.number, m.reply_to as reply_number
  from public.message m where m.body <> 'note so long as the others are, meet lunch today train late send file check plan road house green light water garden market number letter friend';
alter table naive.message add primary key (id);
create index message_chat on naive.message (chat_id, id);
create table naive.reaction as
  select n.id as message_id, r.user_id, r.emoji from public.reaction r join naive.message n on n.chat_id = r.chat_id and n.number = r.number;
-- Numbers of a chat have no holes, and so have the ids.
update naive.message set reply_to = id - (number - reply_number) where reply_number is not null;
alter table naive.message drop column number, drop column reply_number, alter column created_at set default now();
create sequence naive.message_id owned by naive.message.id;
select setval('naive.message_id', (select max(id) from naive.message));
alter table naive.message alter column id set default nextval('naive.message_id');
alter table naive.users add primary key (id);
alter table naive.chat add primary key (id);
alter table naive.member add primary key (chat_id, user_id), add foreign key (chat_id) references naive.chat, add foreign key (user_id) references naive.users;
create index member_user on naive.member (user_id);
alter table naive.message add foreign key (chat_id) references naive.chat, add foreign key (sender_id) references naive.users, add foreign key (reply_to) references naive.message;
alter table naive.reaction add primary key (message_id, user_id, emoji), add foreign key (message_id) references naive.message, add foreign key (user_id) references naive.users;
drop schema public cascade;
`
