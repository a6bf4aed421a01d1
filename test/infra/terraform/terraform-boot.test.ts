import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, statSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../../support/home.ts'
import { readConfiguration, render, textOf } from './configuration.ts'

const configuration = readConfiguration()
const local = (name: string) => render(textOf(configuration.locals[name]), configuration)

/** A stand-in for one of the machine's programs: records its calls and prints the given output. */
const standIn = (says: string) => `#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
${says}
`

const curl = `case "$*" in
*metadata.google.internal*) printf '{"access_token":"token-of-the-machine","expires_in":3599}' ;;
*) cat >> "$CALLS.headers"
   printf '{\\n  "name": "stand-in",\\n  "payload": {\\n    "data": "%s"\\n  }\\n}\\n' "$SECRET" ;;
esac`

function boot(secret: string) {
  const home = tempHome()
  const script = home.write('prepare.sh', local('forwarder_prepare'))
  for (const [name, says] of Object.entries({
    curl,
    iptables: 'case "$*" in *-C*) exit 1 ;; esac',
    'docker-credential-gcr': '',
  })) {
    chmodSync(home.write(`bin/${name}`, standIn(says)), 0o755)
  }
  const { status, stderr } = spawnSync('/bin/sh', [script], {
    encoding: 'utf8',
    cwd: home.path,
    env: {
      PATH: `${home.at('bin')}:${process.env['PATH']}`,
      CALLS: home.at('calls'),
      RUNTIME_DIRECTORY: home.path,
      SECRET: Buffer.from(secret).toString('base64'),
    },
  })
  return { home, status, stderr }
}

describe('a forwarder machine', () => {
  it('fetches the key before it starts and keeps it private', () => {
    const { home, status, stderr } = boot('key-of-today,key-of-yesterday')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(home.read('env').trim().split('\n')).toEqual([
      'UDP_PORT=7846',
      'HEALTH_PORT=9000',
      'TELEMETRY_HTTP_ENDPOINT=https://stand-in.example/ingest',
      'TELEMETRY_INGESTION_KEY=key-of-today',
      'FORWARDER_CONCURRENCY=8',
      'FORWARDER_RECEIVE_BUFFER_BYTES=33554432',
    ])
    expect(statSync(home.at('env')).mode & 0o777).toBe(0o600)
    expect(home.read('calls.headers')).toBe('Authorization: Bearer token-of-the-machine\n')
    expect(home.read('calls')).not.toMatch(/key-of-|token-of-/)
  })

  it('opens its firewall for datagrams and health checks only', () => {
    const { home } = boot('key')
    const opened = home.read('calls').match(/^iptables .* -A .*$/gm)
    expect(opened).toEqual([
      'iptables -w -A INPUT -p udp --dport 7846 -j ACCEPT',
      'iptables -w -A INPUT -p tcp --dport 9000 -j ACCEPT',
    ])
  })

  it('does not start without a key', () => {
    const { home, status } = boot('')
    expect(status).not.toBe(0)
    expect(existsSync(home.at('env'))).toBe(false)
  })

  it('runs the container with minimal rights and gives it time to drain', () => {
    const unit = local('forwarder_unit')
    expect(unit).toMatch(/--network host --read-only --cap-drop ALL .*no-new-privileges/)
    const [, patience] = /docker stop -t (\d+)/.exec(unit) ?? []
    expect(Number(patience)).toBeGreaterThan(10)
    const [, limit] = /TimeoutStopSec=(\d+)/.exec(unit) ?? []
    expect(Number(limit)).toBeGreaterThan(Number(patience))
  })
})
