import { readdirSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { cli, cliCommand, run } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'

/** Each with what it says on stderr. */
const looking = [
  ['status', ''],
  ['status --json', ''],
  ['print', ''],
  ['print --explain', ''],
  ['print --schema', ''],
  ['print --queued', 'Nothing is waiting to be sent.\n'],
  ['endpoint', ''],
  ['log', ''],
] as const

const calls =
  'trace=network,openat,open,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,link,' +
  'linkat,symlink,symlinkat,truncate,ftruncate,chmod,fchmod,utimensat'

describe('a command that only reads', () => {
  it.concurrent.each(looking)('%s creates nothing', async (typed) => {
    const home = tempHome()
    await cli(home, typed.split(' '))
    expect(readdirSync(home.path)).toEqual([])
  })

  it.skipIf(!requireTool('strace')).concurrent.each(looking)(
    '%s opens nothing for writing and makes no connection',
    async (typed, said) => {
      const home = tempHome()
      home.write(home.settings, '[runtime.telemetry]\nenabled = true\n')
      home.write(home.clientId, '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7')
      const trace = home.at('trace')
      // Files for stdin and stdout, because Node asks of anything else what kind of socket it is.
      const script = `exec strace -f -qq -e ${calls} -o "$@" > output < /dev/null 2> errors`
      // The guard of the tests is a program of its own; here the kernel is the witness.
      const env = { NODE_OPTIONS: undefined }
      await run('sh', ['-c', script, 'sh', trace, ...cliCommand, ...typed.split(' ')], home, {
        env,
      })
      const suspects = home
        .read(trace)
        .split('\n')
        .filter((line) => /\(/.test(line) && !/\bopen(at)?\(.*O_RDONLY/.test(line))
        .filter((line) => !/resumed>|\+\+\+|---|unfinished/.test(line))
      expect(suspects).toEqual([])
      expect(home.read(trace)).toContain('openat(')
      expect(home.read('errors')).toBe(said)
    },
  )
})
