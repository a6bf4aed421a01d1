import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

import { steadyNow } from 'runmat-telemetry-common/clock'

import { limits } from '../limits.ts'
import type { Worker } from '../worker.ts'
import { answerRequest, type Outgoing } from './answer-request.ts'
import { takeBody } from './body.ts'
import { type PlainRequest, readPlain } from './plain-request.ts'
import type { Patience } from './server.ts'

/** Connections that have brought nothing but plain requests so far. */
export interface PlainConnections {
  readonly take: (socket: Socket) => void
  /**
   * Ends those that wait for a request, the new ones a little later. The others end with their answer
   * once the server is closing.
   */
  readonly endIdle: () => void
  readonly destroyAll: () => void
}

export interface PlainConnectionsOptions {
  readonly patience: Patience
  readonly isClosing: () => boolean
  /** Reads on where something else arrived: these bytes. */
  readonly readOn: (socket: Socket, bytes: Buffer) => void
  /** Takes leave of a sender that sent nothing. */
  readonly late: (socket: Socket) => void
}

interface Connection {
  readonly socket: Socket
  readonly leave: () => void
  /** Since when it has waited for a request, for its answer, or for this to be read. */
  since: number
  state: 'new' | 'answering' | 'answered'
  isLast: boolean
}

export function openPlainConnections(
  worker: Worker,
  { patience, isClosing, readOn, late }: PlainConnectionsOptions,
): PlainConnections {
  const open = new Set<Connection>()

  const take = (socket: Socket): void => {
    const heed = (bytes: Buffer): void => hear(connection, bytes)
    const finish = (): void => {
      connection.isLast = true
      if (connection.state !== 'answering') socket.destroySoon()
    }
    const forget = (): void => void open.delete(connection)
    const connection: Connection = {
      socket,
      leave: () => {
        forget()
        socket.off('data', heed).off('end', finish).off('close', forget)
      },
      since: steadyNow(),
      state: 'new',
      isLast: false,
    }
    open.add(connection)
    socket.on('data', heed).on('end', finish).on('close', forget).on('error', ignore)
  }

  const hear = (connection: Connection, bytes: Buffer): void => {
    const { socket, state } = connection
    // Behind the last request.
    if (!socket.writable) return
    if (state === 'answering') {
      // It comes again once the answer is out.
      socket.pause().unshift(bytes)
      return
    }
    const request = readPlain(bytes, limits.headerBytes)
    if (request !== undefined) return void answer(connection, request)
    connection.leave()
    readOn(socket, bytes)
    socket.off('error', ignore)
  }

  const answer = async (connection: Connection, request: PlainRequest): Promise<void> => {
    const { socket } = connection
    const { url, headers, body } = request
    connection.state = 'answering'
    connection.since = steadyNow()
    connection.isLast ||= request.isLast
    const outgoing = await answerRequest(worker, {
      method: 'POST',
      url,
      header: (name) => headers.get(name),
      peer: socket.remoteAddress,
      readBody: (allowance) => takeBody(body, allowance),
    })
    if (outgoing === undefined || !socket.writable) return void socket.destroy()
    connection.isLast ||= isClosing()
    connection.state = 'answered'
    connection.since = steadyNow()
    // Node writes this encoding faster, and an answer without a text has no other characters.
    const encoding = outgoing.text === '' ? 'latin1' : 'utf8'
    const hasRoom = socket.write(written(outgoing, connection.isLast), encoding)
    if (connection.isLast) socket.destroySoon()
    else if (hasRoom) socket.resume()
    // A client that doesn't read its answers is not read either.
    else socket.pause().once('drain', () => socket.resume())
  }

  const timer = setInterval(sweep, patience.checkMs, open, patience, late).unref()
  const endAll = (state: Connection['state']): void => {
    for (const one of open) if (one.state === state) one.socket.destroySoon()
  }

  return {
    take,
    endIdle: () => {
      endAll('answered')
      // Their first request may be on its way.
      setTimeout(endAll, limits.lingerMs, 'new').unref()
    },
    destroyAll: () => {
      clearInterval(timer)
      for (const { socket } of open) socket.destroy()
    },
  }
}

/** Takes leave of those who have waited, or let us wait, for too long. */
function sweep(
  open: ReadonlySet<Connection>,
  patience: Patience,
  late: PlainConnectionsOptions['late'],
): void {
  const now = steadyNow()
  for (const connection of open) {
    const { socket, leave, since, state } = connection
    if (now - since < longestWait(connection, patience)) continue
    if (state !== 'new') socket.destroy()
    else {
      leave()
      late(socket)
    }
  }
}

function longestWait({ socket, state }: Connection, patience: Patience): number {
  if (state === 'new') return patience.headersMs
  const isIdle = state === 'answered' && socket.writableLength === 0
  return isIdle ? patience.keepAliveMs : patience.silenceMs
}

/** A broken connection closes by itself. */
function ignore(): void {}

function written({ status, headers, text }: Outgoing, isLast: boolean): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`
  if (status !== 204) head += `Content-Length: ${Buffer.byteLength(text)}\r\n`
  const connection = isLast
    ? 'Connection: close'
    : `Connection: keep-alive\r\nKeep-Alive: timeout=${limits.keepAliveMs / 1000}`
  return `${head}Date: ${date()}\r\n${connection}\r\n\r\n${text}`
}

let second = 0
let inWords = ''

/** As HTTP writes it. It takes longer to write than to answer, so it is written once for each second. */
function date(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    inWords = new Date(now * 1000).toUTCString()
  }
  return inWords
}
