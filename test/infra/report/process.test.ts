import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
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

  it.skipIf(!existsSync('/dev/full'))('fails if its answer can’t be written', () => {
    const script = '"$1" "$2" --from - --format html > /dev/full'
    const input = lines(finished())
    const words = ['-c', script, 'sh', process.execPath, program]
    const { status, stderr } = spawnSync('sh', words, { input, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "Can't write the answer: no space is left on the disk.\n",
    })
  })

  it('names a temporary folder that is not there', () => {
    const TMPDIR = path.join(folder(), 'none')
    const words = [program, '--from', '-']
    const options = { input: '', encoding: 'utf8', env: { ...process.env, TMPDIR } } as const
    const { status, stdout, stderr } = spawnSync(process.execPath, words, options)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`temporary folder ${TMPDIR}: there is no such file or folder.`)
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

  /** Waits for its standard input, with its temporary folder open. */
  async function waiting(temporary: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program, '--from', '-'], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await eventually(() => expect(readdirSync(temporary)).toHaveLength(1))
    return child
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'takes its temporary files with it at %s, and ends by it',
    async (signal) => {
      const temporary = folder()
      const child = await waiting(temporary)
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([null, signal])
      expect(readdirSync(temporary)).toEqual([])
    },
  )

  it('removes what a process that was killed left, and nothing of one that runs', async () => {
    const temporary = folder()
    const killed = await waiting(temporary)
    const [left = ''] = readdirSync(temporary)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const running = path.join(temporary, `runmat-telemetry-report-${process.pid}-abc`)
    writeFileSync(running, '')
    for (const file of [path.join(temporary, left), running]) utimesSync(file, 1, 1)
    const place = folder()
    eventsAt(place, 1)
    writeFileSync(path.join(place, '.2026-11-20.parquet.1.tmp'), 'half')
    writeFileSync(path.join(place, '.2026-11-20.w.ndjson.gz.1.tmp'), 'half')
    const env = { ...process.env, TMPDIR: temporary }
    const { status } = spawnSync(process.execPath, [program, '--from', place], { env })
    expect(status).toBe(0)
    expect(readdirSync(temporary)).toEqual([path.basename(running)])
    expect(readdirSync(place).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('draws again when something arrives, and ends with 0 at Ctrl-C', async () => {
    const place = folder()
    const segment = path.join(place, '2099-01-01.w.ndjson')
    writeFileSync(segment, lines(finished()))
    const child = spawn(process.execPath, [program, '--watch', 'coverage', '--from', place])
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    await eventually(() => expect(out).toContain('2099-01-01, 1 event,'))
    appendFileSync(segment, lines(finished({}, { uuid: randomUUID() })))
    await eventually(() => expect(out).toContain('2099-01-01, 2 events,'))
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(out.match(/^RunMat telemetry$/gm)).toHaveLength(2)
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

  it.skipIf(mounter === undefined)('names a temporary folder that is full', () => {
    const place = folder()
    eventsAt(place, 100_000)
    const disk = folder()
    const before = `mount -t tmpfs -o size=1m x '${disk}'`
    const words = [program, '--from', path.join(place, '2026-11-20.w.ndjson'), '--memory', '8MB']
    const command = mounter!({ before, after: 'true' }, [process.execPath, ...words])
    const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: disk },
    })
    const message = 'No space is left in the temporary folder.\n'
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: message })
  })

  it.skipIf(process.platform === 'win32')('names what it may not read, and says what helps', () => {
    const place = folder()
    const roar = path.join(place, 'roar')
    const segment = path.join(place, '2026-11-20.w.ndjson')
    writeFileSync(segment, lines(finished()), { mode: 0 })
    mkdirSync(roar, { mode: 0 })
    const isRoot = process.getuid?.() === 0
    // Root may read everything, unless it gives up that right.
    const capped = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
    const errorOf = (...given: readonly string[]) => {
      const words = [...capped, process.execPath, program, ...given, '--from', place]
      const { status, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8' })
      expect(status).toBe(1)
      return stderr
    }
    expect(errorOf('erase')).toBe(`Can't read ${roar}: permission denied.\n`)
    rmdirSync(roar)
    writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${randomUUID()}"}`))
    const error = `Can't read ${segment}: permission denied.\nRun this as a user who may read it.\n`
    expect(errorOf('erase')).toBe(error)
    expect(errorOf('coverage')).toBe(error)
  })

  it('publishes nothing where no folder can be made, and says why', () => {
    const place = folder()
    const file = path.join(place, 'file')
    writeFileSync(file, '')
    const publish = (site: string) => {
      const words = [program, '--from', place, '--public', site]
      const { status, stderr } = spawnSync(process.execPath, words, {
        encoding: 'utf8',
        timeout: 50_000,
        killSignal: 'SIGKILL',
      })
      return { status, stderr }
    }
    const isNoFolder = (site: string) => `Can't make ${site}: a part of that path is no folder.\n`
    for (const site of [file, path.join(file, 'site')]) {
      expect(publish(site)).toEqual({ status: 1, stderr: isNoFolder(site) })
    }
    if (process.platform !== 'linux') return
    const { status, stderr } = publish('/proc/a/site')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^Can't make \/proc\/a\/site: \w/)
  })

  it.skipIf(mounter === undefined)('publishes the whole site or leaves it as it was', () => {
    const disk = folder()
    const before = `mount -t tmpfs -o size=64k x '${disk}'; echo '{}' > '${disk}/30.json'`
    const after = `ls -A '${disk}'; cat '${disk}/30.json'`
    const words = [program, '--from', folder(), '--public', disk]
    const command = mounter!({ before, after }, [process.execPath, ...words])
    const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '30.json\n{}\n' })
    expect(stderr).toMatch(/^Can't write \S+: no space is left on the disk\.\n$/)
  })
})
