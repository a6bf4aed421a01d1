import os from 'node:os'
import v8 from 'node:v8'

import { ReportError, reasonOf } from './error.ts'
import { type Host, run } from './run.ts'
import { removeTemporary } from './temporary.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

// Lines leave little behind that V8 must keep: with 2 MB for what is new it takes 30 MB less, and no longer.
v8.setFlagsFromString('--semi-space-growth-factor=1')

/** Everything that is read of the outside is read here, once. */
export async function main(process: NodeJS.Process): Promise<number> {
  const { argv, env, stdin, stdout, stderr } = process
  // The reader of our output may stop early. That is no error.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  // It ends by the signal, so that who started it sees why, and takes its temporary files with it.
  const interrupt = (signal: NodeJS.Signals) => {
    removeTemporary()
    // oxlint-disable-next-line unicorn/no-process-exit -- Ctrl-C is how one leaves it, also while it reads
    if (signal === 'SIGINT' && argv.includes('--watch')) process.exit(0)
    for (const name of signals) process.off(name, interrupt)
    process.kill(process.pid, signal)
  }
  for (const name of signals) process.on(name, interrupt)
  const host: Host = {
    now: Date.now,
    temporary: os.tmpdir(),
    stdin,
    pause: async (milliseconds) =>
      await new Promise((resolve) => setTimeout(resolve, milliseconds, true)),
    out: async (text) => {
      await new Promise<void>((resolve, reject) => {
        stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
          if (!error || error.code === 'EPIPE') resolve()
          else reject(new ReportError(`Can't write the answer: ${reasonOf(error)}.`))
        })
      })
    },
    err: (text) => void stderr.write(text),
    terminal: {
      columns: stdout.isTTY ? stdout.columns : Number(env['COLUMNS']) || undefined,
      isOut: stdout.isTTY,
      isErr: stderr.isTTY,
      colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    },
    clickhouse: {
      user: env['CLICKHOUSE_USER'],
      password: env['CLICKHOUSE_PASSWORD'],
    },
  }
  try {
    return await run(argv.slice(2), host)
  } finally {
    for (const name of signals) process.off(name, interrupt)
  }
}
