import { randomUUID } from 'node:crypto'
import { TEXTS } from './fixture.ts'
import { RawHttp, graphqlPost } from './http.ts'
import type { Ask } from './loops.ts'
import type { Outcome } from './rounds.ts'
import { RawWebSocket } from './websocket.ts'

export const PROTOCOL = 'graphql-transport-ws'

let counter = 0

/** A new text out of many. */
export const someText = () => TEXTS[counter++ % TEXTS.length] ?? ''

const SEND = 'mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { message { id number seq createdAt } errors { message } } }'

/** The body of a request that sends a message, of ASCII text. */
export function sendBody(chatId: string, text = someText()): string {
  return `{"query":"${SEND}","variables":{"input":{"chatId":"${chatId}","clientId":"${randomUUID()}","text":"${text}"}}}`
}

/** Whether an answer says that the message is stored. */
export function isSent(data: Buffer, start = 0, end = data.length): boolean {
  const text = data.toString('latin1', start, end)
  return text.includes('"message":{"id":"') && text.includes('"errors":[]')
}

/** POSTs to /graphql on connections of their own, by as many people. New ones for each turn: servers end what was idle for some seconds. */
export async function overHttp(port: number, tokens: readonly string[], bodyOf: (connection: number) => string, isRight: (answer: Buffer) => boolean, loop: (asks: Ask[]) => Promise<Outcome>): Promise<Outcome> {
  const lines = await Promise.all(tokens.map(() => RawHttp.open(port)))
  const asks = lines.map((line, n): Ask => (done, failed) => {
    line.ask(graphqlPost(tokens[n] ?? '', bodyOf(n)), (answer) => {
      if (isRight(answer)) done()
      else failed(new Error(`a wrong answer: ${answer.toString().slice(0, 2000)}`))
    }, failed)
  })
  return loop(asks).finally(() => { for (const line of lines) line.end() })
}

/** A signed-in socket on which operations are asked for and counted. */
export class GraphqlSocket {
  readonly socket: RawWebSocket
  #id = 0
  #pending = new Map<string, Pending>()

  private constructor(socket: RawWebSocket) {
    this.socket = socket
  }

  static async open(port: number, token: string): Promise<GraphqlSocket> {
    const socket = await RawWebSocket.open(port, '/graphql', PROTOCOL)
    const client = new GraphqlSocket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.onClose = (reason) => { reject(new Error(reason)) }
      socket.onMessage = () => { resolve() }
      socket.send(initOf(token))
    })
    socket.onMessage = (data, start, end) => { client.#take(data, start, end) }
    socket.onClose = (reason) => { for (const { failed } of client.#pending.values()) failed(new Error(reason)) }
    return client
  }

  /** Asks for one operation that has one answer; `done` comes with its end. */
  ask(payload: string, isRight: (data: Buffer, start: number, end: number) => boolean, done: () => void, failed: (error: Error) => void): void {
    const id = String(this.#id++)
    this.#pending.set(id, { isRight, answered: false, done, failed })
    this.socket.send(`{"id":"${id}","type":"subscribe","payload":${payload}}`)
  }

  /** Asks for an operation that must be refused; `done` comes with the refusal. */
  refuse(payload: string, done: () => void, failed: (error: Error) => void): void {
    const id = String(this.#id++)
    this.#pending.set(id, { isRight: () => false, isRefusal: true, answered: false, done, failed })
    this.socket.send(`{"id":"${id}","type":"subscribe","payload":${payload}}`)
  }

  #take(data: Buffer, start: number, end: number): void {
    // Which operation and what, whatever the order of the two.
    const head = data.toString('latin1', start, Math.min(end, start + 60))
    const pending = this.#pending.get(/"id":"(\d+)"/.exec(head)?.[1] ?? '')
    if (pending === undefined) return
    if (head.includes('"next"')) {
      pending.answered = pending.isRight(data, start, end)
      if (pending.answered) return
    } else if (head.includes('"complete"') && pending.answered) {
      this.#pending.delete(/"id":"(\d+)"/.exec(head)?.[1] ?? '')
      pending.done()
      return
    }
    if (pending.isRefusal === true && head.includes('"error"')) {
      this.#pending.delete(/"id":"(\d+)"/.exec(head)?.[1] ?? '')
      pending.done()
      return
    }
    pending.failed(new Error(`a wrong answer: ${data.toString('utf8', start, Math.min(end, start + 2000))}`))
  }
}

interface Pending {
  isRight: (data: Buffer, start: number, end: number) => boolean
  isRefusal?: boolean
  answered: boolean
  done: () => void
  failed: (error: Error) => void
}

export const initOf = (token: string, resumeAfter: string | null = null) =>
  JSON.stringify({ type: 'connection_init', payload: { token, ...(resumeAfter === null ? {} : { resumeAfter }) } })
