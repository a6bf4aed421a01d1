import os from 'node:os'

import { type Host, run } from './run.ts'

/** Everything that is read of the outside is read here, once. */
export async function main(process: NodeJS.Process): Promise<number> {
  const { argv, env, stdin, stdout, stderr } = process
  // Whoever reads us may stop reading; that is no error of ours.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  const host: Host = {
    now: Date.now,
    temporary: os.tmpdir(),
    stdin,
    pause: async (milliseconds) =>
      await new Promise((resolve) => {
        const end = (goesOn: boolean) => {
          clearTimeout(timer)
          process.off('SIGINT', stop)
          resolve(goesOn)
        }
        const stop = () => end(false)
        const timer = setTimeout(end, milliseconds, true)
        process.once('SIGINT', stop)
      }),
    out: async (text) => {
      await new Promise<void>((resolve) => {
        stdout.write(text, () => resolve())
      })
    },
    err: (text) => void stderr.write(text),
    terminal: {
      columns: stdout.isTTY ? stdout.columns : undefined,
      isOut: stdout.isTTY,
      isErr: stderr.isTTY,
      colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    },
    clickhouse: {
      user: env['CLICKHOUSE_USER'],
      password: env['CLICKHOUSE_PASSWORD'],
    },
  }
  return await run(argv.slice(2), host)
}
