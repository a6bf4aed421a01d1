import { rmSync, statSync, symlinkSync, utimesSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { liveHolder, thisProcess } from '../../src/store/lock-holder.ts'
import { takeLock } from '../../src/store/lock.ts'
import { eventually } from '../support/eventually.ts'
import { tempHome } from '../support/home.ts'

const minute = 60_000

/** What systems leave that don't tell when a process was born; this PID is in use here and now. */
const numberOnly = `{"pid":${process.pid},"born":null}\n`

/** Makes the lock look as if it was taken so long ago. */
function age(file: string, ms: number): void {
  const then = new Date(statSync(file).mtimeMs - ms)
  utimesSync(file, then, then)
}

describe('a lock that contains only the PID of its holder', () => {
  it('is held for as long as an upload can take', () => {
    const home = tempHome()
    home.write('.lock', numberOnly)
    age(home.at('.lock'), 65 * minute)
    expect(liveHolder(home.at('.lock'))).toMatchObject({ pid: process.pid })
    expect(takeLock(home.at('.lock'), thisProcess())).toBeUndefined()
  })

  it('belongs to a dead process after that, whichever process has the PID now', () => {
    const home = tempHome()
    home.write('.lock', numberOnly)
    age(home.at('.lock'), 100 * minute)
    expect(liveHolder(home.at('.lock'))).toBeUndefined()
    const lock = takeLock(home.at('.lock'), thisProcess())
    expect(lock).toMatchObject({ isInherited: true })
    lock?.release()
    expect(home.has('.lock')).toBe(false)
  })

  it.runIf(process.platform === 'linux')('is held without limit if the start time is known', () => {
    const home = tempHome()
    home.write('.lock', thisProcess())
    age(home.at('.lock'), 1000 * minute)
    expect(liveHolder(home.at('.lock'))).toMatchObject({ pid: process.pid })
  })
})

describe('a lock', () => {
  it.each(['empty', 'full'])('that is a folder (%s) is replaced', (kind) => {
    const home = tempHome()
    home.write('.lock/x', '')
    if (kind === 'empty') rmSync(home.at('.lock/x'))
    const then = new Date(Date.now() - minute)
    utimesSync(home.at('.lock'), then, then)
    const lock = takeLock(home.at('.lock'), thisProcess())
    expect(lock).toMatchObject({ isInherited: true })
    lock?.release()
    expect(home.has('.lock')).toBe(false)
  })

  it.each(['nowhere', '.lock'])('that is a link to %s is replaced after a moment', async (to) => {
    const home = tempHome()
    symlinkSync(to, home.at('.lock'))
    await eventually(() => {
      const lock = takeLock(home.at('.lock'), thisProcess())
      expect(lock).toMatchObject({ isInherited: true })
      lock?.release()
    })
    expect(home.has('.lock')).toBe(false)
  })
})
