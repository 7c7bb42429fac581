import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { encodeId } from './base/id.ts'
import { StartError } from './base/start-error.ts'
import type { Ctx } from './ctx.ts'
import { openExport } from './moving/archive.ts'
import { bringIn, fitting } from './moving/bring.ts'
import { readChatData } from './moving/chat-data.ts'
import { DATE_ORDERS, isZone } from './moving/dates.ts'
import type { DateOrder } from './moving/dates.ts'
import type { History } from './moving/history.ts'
import type { Naming } from './moving/people.ts'
import { createProgress } from './moving/progress.ts'
import { describe, tell } from './moving/report.ts'
import { findTarget } from './moving/target.ts'
import type { Where } from './moving/target.ts'
import { readWhatsApp } from './moving/whatsapp.ts'
import { offlineCtx } from './offline.ts'
import { configFromEnvironment, exitOnSignals, failStart, openBeside, readOrder } from './process.ts'

const USAGE = `Usage, on the machine of the server, whether it runs or not:
  npm run import -- whatsapp-export <file> [options]   what WhatsApp's "Export chat" made: the zip, or the text
  npm run import -- chat-data <file> [options]         a chat_data.json with all of its chats

  --as "NAME=username"       who of them is which account here; again for each
  --create "NAME=username"   makes an account for one of them, to which nobody can sign in yet; again for each
  --create-others            makes such accounts for all who are not named
  --same-names               whoever is called like a username here is that account's owner
  --zone Europe/Berlin       where the times of the file were (default: as on this machine)
  --dry-run                  tells what would be done, and does nothing
Of whatsapp-export:
  --dates dmy|mdy|ymd        how the dates are written, where the file leaves it open
  --group "TITLE"            into a group of this title
  --direct                   into the direct chat of two people
  --chat ID                  into this chat (as the API names it)
All of it: docs/import-export.md`

interface Order {
  source: 'whatsapp-export' | 'chat-data'
  file: string
  naming: Naming
  where: Where
  dates: DateOrder | null
  zone: string
  dryRun: boolean
}

exitOnSignals()

const order = readOrder(USAGE, parseOrder)
try {
  const { histories, close } = await read(order)
  try {
    const config = configFromEnvironment()
    const database = await openBeside(config, 'import of parley')
    try {
      await run(await offlineCtx(config, database, 'import'), histories, order)
    } finally {
      await database.close()
    }
  } finally {
    close()
  }
} catch (error) {
  failStart(error)
}

/** Reads the file; nothing is open yet, so that a fault in it costs nothing. */
async function read({ source, file, dates, zone }: Order): Promise<{ histories: History[]; close: () => void }> {
  if (source === 'whatsapp-export') {
    const archive = await openExport(file)
    return { histories: [fitting(readWhatsApp(archive, { dates, zone }))], close: () => { archive.close() } }
  }
  const text = await readFile(file, 'utf8').catch((error: unknown) => { throw new StartError(`${file} cannot be read: ${(error as Error).message}`) })
  return { histories: readChatData(text, basename(file), { zone }).map(fitting), close: () => undefined }
}

async function run(ctx: Ctx, histories: readonly History[], { naming, where, dryRun }: Order): Promise<void> {
  // All of them first: what cannot be done stops it before anything was.
  for (const history of histories) console.log(describe(history, await findTarget(ctx, history, where, naming)))
  if (dryRun) {
    console.log('A dry run: nothing was changed.')
    return
  }
  const progress = createProgress()
  for (const history of histories) {
    ctx.loaders.clear()
    const target = await findTarget(ctx, history, where, naming)
    if (target.chatId !== null && target.fresh.length === 0) {
      console.log(`${history.title ?? 'The chat'}: all of it is there already.`)
      continue
    }
    const brought = await bringIn(ctx, history, target, { where, naming, progress })
    console.log(`${history.title ?? 'The chat'} (${encodeId('Chat', brought.chatId)}): ${tell(brought)}`)
  }
}

function parseOrder(): Order {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      as: { type: 'string', multiple: true, default: [] },
      create: { type: 'string', multiple: true, default: [] },
      'create-others': { type: 'boolean', default: false },
      'same-names': { type: 'boolean', default: false },
      zone: { type: 'string' },
      dates: { type: 'string' },
      group: { type: 'string' },
      direct: { type: 'boolean', default: false },
      chat: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const [source, file] = positionals
  if ((source !== 'whatsapp-export' && source !== 'chat-data') || file === undefined || positionals.length > 2) throw new Error('name a source and one file')
  const { zone = new Intl.DateTimeFormat().resolvedOptions().timeZone, dates } = values
  if (!isZone(zone)) throw new Error(`there is no time zone ${zone}`)
  if (dates !== undefined && !DATE_ORDERS.some((one) => one === dates)) throw new Error('--dates is dmy, mdy or ymd')
  const places = [values.group, values.chat, values.direct ? '' : undefined].filter((one) => one !== undefined)
  if (places.length > 1) throw new Error('--group, --direct and --chat say the same thing: give one of them')
  if (source === 'chat-data' && (places.length > 0 || dates !== undefined)) throw new Error('--group, --direct, --chat and --dates are for whatsapp-export alone')
  return {
    source,
    file,
    naming: { as: pairs('--as', values.as, true) as Map<string, string>, create: pairs('--create', values.create, false), createOthers: values['create-others'], sameNames: values['same-names'] },
    where: { chat: values.chat ?? null, group: values.group?.trim() ?? null, direct: values.direct },
    dates: (dates ?? null) as DateOrder | null,
    zone,
    dryRun: values['dry-run'],
  }
}

/** `NAME=username`, of which the name may hold an equals sign. */
function pairs(option: string, given: readonly string[], both: boolean): Map<string, string | null> {
  return new Map(
    given.map((pair) => {
      const at = pair.lastIndexOf('=')
      const [name, username] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
      if (name.trim() === '' || (both && username.trim() === '')) throw new Error(`${option} is "NAME=username", and not "${pair}"`)
      return [name.trim(), username.trim() === '' ? null : username.trim()] as const
    }),
  )
}
