import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { findMounter } from '../../support/mounts.ts'
import { finished, folder, lines } from './support/cli.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const program = path.join(root, 'infra/report/bin/runmat-telemetry-report.js')

beforeAll(() => {
  execFileSync(process.execPath, [path.join(root, 'infra/report/build.js')])
})

function eventsAt(place: string, count: number): void {
  // Random ids take their sixteen bytes in Parquet as well.
  const id = () => randomUUID()
  const all = Array.from({ length: count }, () =>
    finished({}, { uuid: id(), cid: id(), session_id: id() }),
  )
  writeFileSync(path.join(place, '2026-11-20.w.ndjson'), lines(...all))
}

describe('the program', () => {
  it('reads standard input, and is silent about all that went well', () => {
    const input = lines(finished())
    const words = [program, '--from', '-', '--format', 'json']
    const { status, stdout, stderr } = spawnSync(process.execPath, words, {
      input,
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, coverage: { events: 1 } })
    const unknown = spawnSync(process.execPath, [program, 'x', '--from', '-'], { input: '' })
    expect(unknown.status).toBe(2)
  })

  it('is told twice over one folder at once and answers twice alike', async () => {
    const place = folder()
    eventsAt(place, 2000)
    const script = `"$1" "$2" --from "$3" --format json > "$3/a" 2>/dev/null & "$1" "$2" --from "$3" --format json > "$3/b" 2>/dev/null & wait; cmp "$3/a" "$3/b"`
    const both = spawnSync('sh', ['-c', script, 'sh', process.execPath, program, place])
    expect(both.status).toBe(0)
    expect(readdirSync(place).filter((name) => name.endsWith('.parquet'))).toEqual([
      '2026-11-20.parquet',
    ])
  })

  const mounter = findMounter()

  it.skipIf(mounter === undefined)(
    'names a disk that fills up while it converts, and leaves nothing there',
    () => {
      const source = folder()
      eventsAt(source, 3000)
      const disk = folder()
      const before = `mount -t tmpfs -o size=1600k x '${disk}'; cp '${source}'/*.ndjson '${disk}'
        head -c 60000 /dev/zero > '${disk}/spare'; cat /dev/zero > '${disk}/filler' 2>/dev/null || rm '${disk}/spare'`
      const after = `ls -A '${disk}' >&2`
      const command = mounter!({ before, after }, [process.execPath, program, '--from', disk])
      const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
        encoding: 'utf8',
      })
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toContain(`Can't convert 2026-11-20 in ${disk}: no space is left on the disk.`)
      expect(stderr).not.toMatch(/\.parquet|\.tmp/)
    },
  )
})
