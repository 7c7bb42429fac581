import { describe, expect, test } from 'vitest'
import type { DateOrder } from './dates.ts'
import type { PastFile } from './history.ts'
import { readWhatsApp } from './whatsapp.ts'

const NOW = new Date('2024-06-01T12:00:00Z')
const file = (name: string): PastFile => ({ name, size: 1, open: () => Promise.reject(new Error('nobody opens it')) })

function read(text: string, { dates = null, zone = 'UTC', files = [] }: { dates?: DateOrder | null; zone?: string; files?: string[] } = {}) {
  return readWhatsApp({ fileName: 'chat.txt', titles: ['WhatsApp Chat with Bob.txt'], text, files: new Map(files.map((name) => [name, file(name)])) }, { dates, zone, now: NOW })
}

const said = (text: string, options?: Parameters<typeof read>[1]) => read(text, options).messages.map((message) => [message.at.toISOString().slice(0, 19), message.person, message.text])

describe('stamps', () => {
  const line = [['2024-03-12T21:41:00', 'Alice', 'Hello: you']]
  const exact = [['2024-03-12T21:41:05', 'Alice', 'Hello: you']]

  test.each([
    ['Android in the USA', '3/13/24, 1:00\u202fAM - Bob: x\n3/12/24, 9:41\u202fPM - Alice: Hello: you', null, line],
    ['Android with a plain space', '3/12/24, 9:41 PM - Alice: Hello: you\n3/13/24, 1:00 AM - Bob: x', null, line],
    ['Android in India', '13/03/24, 1:00 am - Bob: x\n12/03/24, 9:41 pm - Alice: Hello: you', null, line],
    ['Android in Spain', '12/3/24, 9:41\u00a0p.\u00a0m. - Alice: Hello: you\n13/3/24, 1:00\u00a0a.\u00a0m. - Bob: x', null, line],
    ['Android in Britain', '12/03/2024, 21:41 - Alice: Hello: you\n13/03/2024, 01:00 - Bob: x', null, line],
    ['Android in Germany', '12.03.24, 21:41 - Alice: Hello: you\n13.03.24, 01:00 - Bob: x', null, line],
    ['Android in France', '12/03/2024 à 21:41 - Alice: Hello: you\n13/03/2024 à 01:00 - Bob: x', null, line],
    ['Android in Brazil', '12/03/2024 21:41 - Alice: Hello: you\n13/03/2024 01:00 - Bob: x', null, line],
    ['Android in Sweden', '2024-03-12 21:41 - Alice: Hello: you\n2024-03-13 01:00 - Bob: x', null, line],
    ['Android in Finland', '12.3.2024 klo 21.41 - Alice: Hello: you\n13.3.2024 klo 1.00 - Bob: x', null, line],
    ['iPhone in Germany', '[12.03.24, 21:41:05] Alice: Hello: you\n[13.03.24, 01:00:00] Bob: x', null, exact],
    ['iPhone in the USA', '[3/12/24, 9:41:05\u202fPM] Alice: Hello: you\n\u200e[3/13/24, 1:00:00\u202fAM] Bob: x', null, exact],
    ['iPhone in Japan', '[2024/03/12 21:41:05] Alice: Hello: you\n[2024/03/13 1:00:00] Bob: x', null, exact],
    ['a short year in front, where it is said', '24/03/12, 21:41 - Alice: Hello: you\n24/03/13, 01:00 - Bob: x', 'ymd', line],
  ] as const)('%s', (_, text, dates, expected) => {
    expect(said(text, { dates }).filter(([, person]) => person === 'Alice')).toEqual(expected)
  })

  test('what no single date tells, the order of all of them does', () => {
    expect(said('03/04/24, 10:00 - Alice: a\n04/04/24, 10:00 - Bob: b\n01/05/24, 10:00 - Alice: c').map(([at]) => at)).toEqual(['2024-04-03T10:00:00', '2024-04-04T10:00:00', '2024-05-01T10:00:00'])
    expect(said('03/04/24, 10:00 - Alice: a\n03/05/24, 10:00 - Bob: b\n04/01/24, 10:00 - Alice: c').map(([at]) => at)).toEqual(['2024-03-04T10:00:00', '2024-03-05T10:00:00', '2024-04-01T10:00:00'])
  })

  test('a date that is still to come is read the other way round', () => {
    expect(said('05/06/24, 10:00 - Alice: a')[0]?.[0]).toBe('2024-05-06T10:00:00')
  })

  test('between dots nobody writes the month first', () => {
    expect(said('03.04.24, 10:00 - Alice: a\n04.05.24, 10:00 - Bob: b')[0]?.[0]).toBe('2024-04-03T10:00:00')
  })

  test('dates that stay open are asked for', () => {
    expect(() => read('03/04/24, 10:00 - Alice: a\n04/05/24, 10:00 - Bob: b')).toThrow('chat.txt: its dates can be read dmy or mdy, such as "03/04/24, 10:00". Say which: --dates dmy or --dates mdy.')
    expect(said('03/04/24, 10:00 - Alice: a', { dates: 'dmy' })[0]?.[0]).toBe('2024-04-03T10:00:00')
  })

  test('a clock that goes back has its hour twice, and one that goes forward leaves one out', () => {
    const times = said('[29.10.23, 01:30:00] Alice: a\n[29.10.23, 02:30:00] Alice: b\n[29.10.23, 02:10:00] Alice: c\n[31.03.24, 02:30:00] Alice: d', { zone: 'Europe/Berlin' }).map(([at]) => at)
    expect(times).toEqual(['2023-10-28T23:30:00', '2023-10-29T00:30:00', '2023-10-29T01:10:00', '2024-03-31T01:30:00'])
  })
})

describe('faults name file, line and what is wrong', () => {
  test.each<[string, string, DateOrder?]>([
    ['chat.txt, line 1: no date and time at its beginning as WhatsApp writes them, such as [31.12.21, 21:41:05] or 12/31/21, 9:41 PM - : "Dear diary"', 'Dear diary\n12.03.24, 21:41 - Alice: x'],
    ['chat.txt, line 3: 31 02 24 fits no order of day, month and year that the lines before it have. If another file was put behind this one, part them; else say --dates dmy, mdy or ymd.', '12.03.24, 21:41 - Alice: x\ny\n31.02.24, 21:41 - Alice: z'],
    ['chat.txt, line 1: "12.03.24, 25:41" is no date and time where they are written dmy.', '12.03.24, 25:41 - Alice: x', 'dmy'],
    ['chat.txt holds no messages.', ''],
  ])('%s', (fault: string, text: string, dates: DateOrder | null = null) => {
    expect(() => read(text, { dates })).toThrow(fault)
  })
})

describe('what is said', () => {
  const one = (body: string, files: string[] = []) => read(`[12.03.24, 21:41:05] Alice: ${body}`, { files }).messages[0]

  test('over many lines, with a chat that somebody quotes', () => {
    expect(said('12.03.24, 21:41 - Alice: one\n\ntwo\n[11.03.24, 10:00:00] Carol: quoted\n13/03/2024, 10:00 - Dan: quoted\n12.03.24, 21:42 - Bob: x')).toEqual([
      ['2024-03-12T21:41:00', 'Alice', 'one\n\ntwo\n[11.03.24, 10:00:00] Carol: quoted\n13/03/2024, 10:00 - Dan: quoted'],
      ['2024-03-12T21:42:00', 'Bob', 'x'],
    ])
  })

  test.each(['This message was deleted', '\u200eThis message was deleted.', '\u200eDu hast diese Nachricht gelöscht.', 'Se eliminó este mensaje.', 'Mensagem apagada'])('deleted: %s', (body) => {
    expect(one(body)).toMatchObject({ deleted: true, text: null })
  })

  test.each(['Soon <This message was edited>', 'Soon \u200e<This message was edited>', 'Soon \u200e<Diese Nachricht wurde bearbeitet.>'])('edited: %s', (body) => {
    expect(one(body)).toMatchObject({ edited: true, text: 'Soon' })
  })

  test.each(['<Media omitted>', '<Medien ausgeschlossen>', '\u200eimage omitted', '\u200eBild weggelassen'])('left out there, and kept as words: %s', (body) => {
    expect(one(body)).toMatchObject({ text: body.replace('\u200e', ''), file: null })
  })

  test.each([
    ['\u200eIMG-20240312-WA0001.jpg (file attached)', 'IMG-20240312-WA0001.jpg', null],
    ['IMG-20240312-WA0001.jpg (Datei angehängt)\nAt the bridge', 'IMG-20240312-WA0001.jpg', 'At the bridge'],
    ['\u200e<attached: 00000012-PHOTO-2024-03-12-21-41-05.jpg>', '00000012-PHOTO-2024-03-12-21-41-05.jpg', null],
    ['At the bridge \u200e<Anhang: 00000012-PHOTO-2024-03-12-21-41-05.jpg>', '00000012-PHOTO-2024-03-12-21-41-05.jpg', 'At the bridge'],
    ['The plan.pdf • \u200e2 pages \u200e<attached: 00000013-The plan.pdf>', '00000013-The plan.pdf', null],
  ])('with a file: %s', (body, name, text) => {
    expect(one(body, [name])).toMatchObject({ file: { name }, text })
  })

  test('a file that is not there stays as its name, and is told', () => {
    const history = read('[12.03.24, 21:41:05] Alice: \u200e<attached: 00000012-PHOTO.jpg>\n[12.03.24, 21:42:05] Bob: Look (up)')
    expect(history.messages.map(({ text }) => text)).toEqual(['00000012-PHOTO.jpg', 'Look (up)'])
    expect(history.leftOut).toEqual([{ what: 'files that the export names and does not hold (their names stay as text)', count: 1, first: 'chat.txt, line 1' }])
  })

  test('a place', () => {
    expect(one('\u200eStandort: https://maps.google.com/?q=47.5622,-13.6493')).toMatchObject({ location: { latitude: 47.5622, longitude: -13.6493 }, text: null })
  })

  test.each([
    '12.03.24, 21:41 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.',
    '12.03.24, 21:41 - Alice changed the subject to “Trip: the Alps”',
    '12.03.24, 21:41 - \u200eHiking: \u200eMessages and calls are end-to-end encrypted.',
    '12.03.24, 21:41 - Alice: \u200eAlice added Bob',
    '12.03.24, 21:41 - \u202a+49 170 1234567\u202c joined using this group\'s invite link',
  ])('WhatsApp\'s own: %s', (text) => {
    expect(read(text)).toMatchObject({ messages: [], leftOut: [{ what: 'notices of WhatsApp\'s own', count: 1 }] })
  })

  test('names as people see them, and who had left at the end', () => {
    const { people } = read('12.03.24, 21:41 - \u202a+49 170 1234567\u202c: x\n12.03.24, 21:42 - ~\u202fCarol: y\n12.03.24, 21:43 - Dan: z\n12.03.24, 21:44 - Dan left\n12.03.24, 21:45 - Alice removed ~\u202fCarol\n12.03.24, 21:46 - ~\u202fCarol: back')
    expect(people.map(({ name, displayName, left }) => [name, displayName, left])).toEqual([['+49 170 1234567', '+49 170 1234567', false], ['~ Carol', 'Carol', false], ['Dan', 'Dan', true]])
  })
})

test('a chat of two is called by one of them', () => {
  const two = '12.03.24, 21:41 - Alice: x\n12.03.24, 21:41 - '
  expect(read(`${two}Bob: y`)).toMatchObject({ title: 'Bob', direct: true })
  expect(read(`${two}Carol: y`)).toMatchObject({ title: 'Bob', direct: false })
  expect(read(`${two}Alice: y`)).toMatchObject({ direct: null })
})

test('each message has a key of its own, which another export of the same chat has as well', () => {
  const lines = ['12.03.24, 21:40 - Alice: before', '12.03.24, 21:41 - Alice: ok', '12.03.24, 21:41 - Alice: ok', '13.03.24, 21:41 - Bob: ok']
  const keys = read(lines.join('\n')).messages.map(({ key }) => key)
  expect(new Set(keys).size).toBe(4)
  expect(read(`${lines.slice(1).join('\r\n')}\r\n14.03.24, 09:00 - Bob: after\r\n`).messages.map(({ key }) => key).slice(0, 3)).toEqual(keys.slice(1))
})
