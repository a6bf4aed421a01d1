import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { readSettings } from '../../../infra/worker/src/settings.ts'
import { root } from '../../support/run.ts'
import { type Block, find, folder, readConfiguration, render, textOf } from './configuration.ts'
import { boot, envIn } from './machine.ts'

const configuration = readConfiguration()
const { files, locals, resources, variables } = configuration
const domain = 'clickhouse.runmat-telemetry.internal'
const hosts = ['clickhouse-1', 'clickhouse-2', 'clickhouse-3'].map((name) => `${name}.${domain}`)
const password = 'password-of-clickhouse'
const configs = ['cluster', 'machines'].map((name) =>
  readFileSync(path.join(root, `infra/clickhouse/${name}.xml`), 'utf8'),
)
const config = configs.join('\n')

/** Evaluates expressions that only Terraform could. */
function script(name: string): string {
  const text = textOf(locals[name])
    .replace('${join(" ", values(local.clickhouse_hosts))}', hosts.join(' '))
    .replace('$${', '${')
  return render(text, configuration)
}

const bootServer = (env: Readonly<Record<string, string>> = {}, secret: string = password) =>
  boot({
    script: script('clickhouse_prepare'),
    kind: 'clickhouse',
    server: 'clickhouse-2',
    hosts,
    secrets: { password: secret },
    env,
  })

describe('a ClickHouse server', () => {
  it('gets its secrets before it starts, and every variable of its configuration', async () => {
    const { home, status, stderr, calls } = await bootServer()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const file of ['env', 'headers', 'files/tls.pem', 'files/ca.pem']) {
      expect(statSync(home.at(file)).mode & 0o777).toBe(0o600)
    }
    expect(calls).not.toMatch(/password-of-|token-of-|mkfs/)
    const env = envIn(home.read('env'))
    const asked = [...config.matchAll(/from_env="(\w+)"/g)].map(([, name = '']) => name)
    expect(new Set(Object.keys(env))).toEqual(new Set([...asked, 'CLICKHOUSE_USER']))
    expect(env).toMatchObject({
      SERVER_ID: '2',
      REPLICA: hosts[1],
      HOST_1: hosts[0],
      HOST_2: hosts[1],
      HOST_3: hosts[2],
      CLICKHOUSE_USER: 'telemetry',
      CLICKHOUSE_PASSWORD: password,
    })
  })

  it('formats its disk once, and does not start without a password', async () => {
    const { calls } = await bootServer({ BLANK: '1' })
    expect(calls).toContain('mkfs.ext4 -q -L clickhouse /dev/disk/by-id/google-clickhouse')
    const { home, status } = await bootServer({}, '')
    expect(status).not.toBe(0)
    expect(existsSync(home.at('env'))).toBe(false)
  })

  it('opens the ports that it listens on, to our own network alone', async () => {
    const ports = ['https_port', 'interserver_https_port', 'tcp_port_secure']
    const listens = ports.map((name) => new RegExp(`<${name}>(\\d+)<`).exec(config)?.[1] ?? '')
    const raft = new Set(
      [...config.matchAll(/<hostname [^>]+>\s*<port>(\d+)</g)].map(([, port = '']) => port),
    )
    const all = new Set([...listens, ...raft])
    expect(all.size).toBe(4)
    const { calls } = await bootServer()
    const opened = [...calls.matchAll(/^iptables .* -A INPUT -p tcp --dport (\d+) /gm)]
    expect(new Set(opened.map(([, port]) => port))).toEqual(all)
    const rule = resources.get('google_compute_firewall.clickhouse') as Block
    expect(new Set(find(rule, 'ports'))).toEqual(all)
    // Nothing without TLS.
    for (const port of ['http_port', 'tcp_port', 'interserver_http_port']) {
      expect(config).toContain(`<${port} remove="1"/>`)
    }
  })

  it('has a Keeper that its replicas look for, over TLS', () => {
    const port = /<tcp_port_secure>(\d+)</.exec(config)?.[1]
    const nodes = [
      ...config.matchAll(/<host from_env="(\w+)"\/>\s*<port>(\d+)<\/port>\s*<secure>1</g),
    ].map(([, host, where]) => ({ host, where }))
    expect(nodes).toEqual(['HOST_1', 'HOST_2', 'HOST_3'].map((host) => ({ host, where: port })))
    const members = [...config.matchAll(/<id>(\d)<\/id>\s*<hostname from_env="(\w+)"/g)]
    expect(members.map(([, id, host]) => `${id} ${host}`)).toEqual([
      '1 HOST_1',
      '2 HOST_2',
      '3 HOST_3',
    ])
  })

  it('runs with minimal rights, finds what is mounted, and has time to stop', () => {
    const unit = script('clickhouse_unit')
    expect(unit).toMatch(/--user 101:101 --cap-drop ALL .*no-new-privileges/)
    const mounts = [...unit.matchAll(/--volume \S+:(\/[^:\s]+)/g)].map(([, inside = '']) => inside)
    const used = [...config.matchAll(/<\w+>(\/[^<]+)</g)].map(([, file = '']) => file)
    for (const file of used) {
      expect(mounts.some((mount) => file.startsWith(`${mount}/`))).toBe(true)
    }
    const [, patience] = /docker stop -t (\d+)/.exec(unit) ?? []
    const [, limit] = /TimeoutStopSec=(\d+)/.exec(unit) ?? []
    expect(Number(limit)).toBeGreaterThan(Number(patience))
  })

  it('creates the database over HTTPS, with the password in no argument', async () => {
    const { home } = await bootServer()
    chmodSync(home.write('bin/curl', '#!/bin/sh\nprintf "%s\\n" "$@" > "$CALLS.database"\n'), 0o755)
    const text = script('clickhouse_database').replaceAll('/run/clickhouse/', `${home.path}/`)
    const { status } = spawnSync('/bin/sh', [home.write('database.sh', text)], {
      env: { PATH: `${home.at('bin')}:${process.env['PATH']}`, CALLS: home.at('calls') },
    })
    expect(status).toBe(0)
    const words = home.read('calls.database').trim().split('\n')
    expect(words.at(-1)).toBe(`https://${hosts[1]}:8443/`)
    expect(words).toContain(`@${home.at('headers')}`)
    expect(words.join()).not.toContain(password)
    expect(home.read('headers')).toBe(
      `X-ClickHouse-User: telemetry\nX-ClickHouse-Key: ${password}\n`,
    )
    expect(script('clickhouse_database_unit')).toMatch(/Type=oneshot[^]*Restart=on-failure/)
  })

  it('gets files that exist', () => {
    const { text = '' } = files.find(({ name }) => name === 'clickhouse_boot.tf') ?? {}
    const given = [...text.matchAll(/file\("\$\{path\.module\}\/([^"]+)"\)/g)]
    expect(given).toHaveLength(3)
    for (const [, name = ''] of given) expect(existsSync(path.join(folder, name))).toBe(true)
  })
})

describe('ClickHouse behind the buffer', () => {
  const environment = textOf(locals['clickhouse_environment'])
  const passwordFile = /CLICKHOUSE_PASSWORD_FILE\W+"([^"]+)"/.exec(environment)?.[1]

  it('gets settings that the delivering worker takes', () => {
    const given = [...environment.matchAll(/"?([A-Z][A-Z_]+)"?\s*[=:]\s*("[^"]*"|[\w.]+)/g)]
    const names = given.map(([, name = '']) => name)
    expect(names).toEqual([
      'CLICKHOUSE_URL',
      'CLICKHOUSE_DATABASE',
      'CLICKHOUSE_USER',
      'CLICKHOUSE_PASSWORD_FILE',
      'CLICKHOUSE_REPLICATED',
      'RETENTION_DAYS',
      'CLICKHOUSE_CA_FILE',
    ])
    const defaults = ['database', 'user', 'retention_days'].map((name) =>
      textOf(variables[`clickhouse_${name}`]?.['default']),
    )
    const [database = '', user = '', days = ''] = defaults
    const settings = readSettings({
      ROLE: 'deliver',
      BUFFER_URL: 'nats://127.0.0.1:1',
      POSTHOG_API_KEY: 'phc_1',
      CLICKHOUSE_URL: hosts.map((host) => `https://${host}:8443`).join(','),
      CLICKHOUSE_DATABASE: database,
      CLICKHOUSE_USER: user,
      CLICKHOUSE_REPLICATED: '1',
      RETENTION_DAYS: days,
    })
    expect(settings.clickHouse).toMatchObject({ user, database, retentionDays: Number(days) })
    expect(variables['clickhouse_url']?.['default']).toBe('')
    expect(variables['clickhouse_cluster']?.['default']).toBe(false)
    const sql = readFileSync(path.join(root, 'infra/clickhouse/database.sql'), 'utf8')
    expect(sql).toContain(`CREATE DATABASE IF NOT EXISTS ${database} `)
  })

  it('has its secrets in files that only those who need them can read', () => {
    const deliver = resources.get('google_cloud_run_v2_service.deliver') as Block
    expect(find(deliver, 'mount_path')).toContain('/run/clickhouse/${volume_mounts.key}')
    expect(find(deliver, 'path')).toContain('${volumes.key}')
    expect(passwordFile).toBe('/run/clickhouse/password/password')
    expect(environment).toContain('"/run/clickhouse/ca/ca"')
    // The private key is for the servers alone.
    const secrets = textOf(locals['clickhouse_secrets'])
    expect(/"clickhouse-tls"\W+\[([^\]]*)\]/.exec(secrets)?.[1]).toBe('"clickhouse"')
    const { member } = resources.get('google_secret_manager_secret_iam_member.clickhouse') as Block
    expect(member).toBe('${local.clickhouse_readers[each.value.reader]}')
  })
})
