import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { readSettings } from '../../../infra/worker/src/settings.ts'
import { tempHome } from '../../support/home.ts'
import { root } from '../../support/run.ts'
import { requireTool } from '../../support/tools.ts'
import { type Block, find, readConfiguration, render, textOf } from './configuration.ts'
import { boot, envIn } from './machine.ts'

const configuration = readConfiguration()
const { locals, resources, variables } = configuration
const hosts = ['nats-1', 'nats-2', 'nats-3'].map(
  (name) => `${name}.buffer.runmat-telemetry.internal`,
)

/** Evaluates expressions that only Terraform could. */
function script(name: string): string {
  const text = textOf(locals[name])
    .replace('${join(" ", values(local.buffer_hosts))}', hosts.join(' '))
    .replace('${floor(var.buffer_disk_gb * 1073741824 * 0.85)}', '45634027520')
  return render(text, configuration)
}

const passwords = ['INGEST', 'DELIVER', 'OPERATE', 'ROUTE']
  .map((name) => `BUFFER_${name}_PASSWORD=password-of-${name.toLowerCase()}`)
  .join('\n')

const bootServer = (env: Readonly<Record<string, string>> = {}) =>
  boot({
    script: script('buffer_prepare'),
    kind: 'buffer',
    server: 'nats-2',
    hosts,
    secrets: { passwords },
    env,
  })

describe('a buffer server', () => {
  it('gets its secrets before it starts, and a nats.conf that nats-server accepts', async () => {
    const { home, status, stderr, calls } = await bootServer()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const file of ['env', 'tls.pem', 'ca.pem']) {
      expect(statSync(home.at(file)).mode & 0o777).toBe(0o600)
    }
    expect(calls).not.toMatch(/password-of-|token-of-|mkfs/)
    const env = envIn(home.read('env'))
    const conf = readFileSync(path.join(root, 'infra/nats/nats.conf'), 'utf8')
    const asked = [...conf.matchAll(/\$(BUFFER_\w+)/g)].map(([, name]) => name)
    expect(new Set(Object.keys(env))).toEqual(new Set(asked))
    expect(env['BUFFER_SERVER']).toBe('nats-2')
    for (const host of hosts) {
      expect(env['BUFFER_ROUTES']).toContain(`nats://route:password-of-route@${host}:6222`)
    }
    if (!requireTool('nats-server')) return
    home.write('nats.conf', conf)
    home.write('tls.conf', script('buffer_tls').replaceAll('/run/buffer/', `${home.path}/`))
    const checked = spawnSync('nats-server', ['-c', home.at('nats.conf'), '-t'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    })
    expect(checked.stderr + checked.stdout).toContain('is valid')
  })

  it('formats its disk once and opens its firewall for clients and peers only', async () => {
    const { calls } = await bootServer({ BLANK: '1' })
    expect(calls).toContain('mkfs.ext4 -q -L buffer /dev/disk/by-id/google-buffer')
    expect(calls.match(/^iptables .* -A .*$/gm)).toEqual([
      'iptables -w -A INPUT -p tcp --dport 4222 -j ACCEPT',
      'iptables -w -A INPUT -p tcp --dport 6222 -j ACCEPT',
    ])
  })

  it('runs with minimal rights and has time to hand over', () => {
    const unit = script('buffer_unit')
    expect(unit).toMatch(/--network host --read-only --cap-drop ALL .*no-new-privileges/)
    const [, patience] = /docker stop -t (\d+)/.exec(unit) ?? []
    const [, limit] = /TimeoutStopSec=(\d+)/.exec(unit) ?? []
    expect(Number(limit)).toBeGreaterThan(Number(patience))
  })
})

describe('a client of the buffer', () => {
  const file = tempHome().write('credential', 'a:b')
  const given = {
    ...(locals['buffer_environment'] as Record<string, string>),
    BUFFER_URL: hosts.map((host) => `tls://${host}:4222`).join(','),
    BUFFER_MAX_BYTES: String(Math.floor(50 * 1_073_741_824 * 0.75)),
  }

  it('gets settings that the worker accepts', () => {
    expect(Object.keys(given).toSorted()).toEqual([
      'BUFFER_CA_FILE',
      'BUFFER_CREDS_FILE',
      'BUFFER_MAX_BYTES',
      'BUFFER_URL',
    ])
    const env = { ...given, BUFFER_CA_FILE: file, BUFFER_CREDS_FILE: file, INGESTION_KEY: 'k' }
    for (const ROLE of ['ingest', 'deliver']) {
      expect(readSettings({ ...env, ROLE })).toMatchObject({ role: ROLE, buffer: { caFile: file } })
    }
  })

  it('finds its files where they are mounted', () => {
    const { template } = resources.get('google_cloud_run_v2_service.deliver') as Block
    const mounts = find(template, 'volume_mounts').flatMap((mount) => find(mount, 'mount_path'))
    for (const name of ['BUFFER_CREDS_FILE', 'BUFFER_CA_FILE'] as const) {
      expect(mounts).toContain(path.dirname((given as Record<string, string>)[name] ?? ''))
    }
  })

  it('gets the secrets it needs and no others', () => {
    const text = (name: string): string => JSON.stringify(locals[name])
    expect(text('receive_secrets')).toContain(String.raw`name == \"INGESTION_KEY\"`)
    expect(text('deliver_secrets')).toContain(String.raw`name != \"INGESTION_KEY\"`)
    expect(variables['buffer']?.['default']).toBe('off')
  })
})
