import { createSocket, Socket } from 'node:dgram'
import { once } from 'node:events'

import { expect, it, vi } from 'vitest'

import { openDatagrams } from '../../src/deliver/datagram.ts'

const here = (_: string, __: object, found: (error: null, address: string) => void) =>
  found(null, '127.0.0.1')

it('ends each send where the system gives no port', async () => {
  const bind = vi.spyOn(Socket.prototype, 'bind').mockImplementation(function (this: Socket) {
    queueMicrotask(() => this.emit('error', new Error('bind EMFILE')))
    return this
  })
  try {
    const datagrams = await openDatagrams('127.0.0.1:9', here)
    const mayBegin = vi.fn<() => boolean>(() => true)
    await datagrams.send('{}', mayBegin)
    expect(await datagrams.areHeld()).toBe(false)
    expect(mayBegin).not.toHaveBeenCalled()
    datagrams.close()
  } finally {
    bind.mockRestore()
  }
})

it('sends where it does', async () => {
  const sink = createSocket('udp4')
  sink.bind(0, '127.0.0.1')
  await once(sink, 'listening')
  const datagrams = await openDatagrams(`127.0.0.1:${sink.address().port}`, here)
  const arrival = once(sink, 'message')
  await datagrams.send('{}', () => true)
  expect(String((await arrival)[0])).toBe('{}')
  expect(await datagrams.areHeld()).toBe(false)
  datagrams.close()
  sink.close()
})
