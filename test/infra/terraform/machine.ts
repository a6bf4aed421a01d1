import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'

import { type Home, tempHome } from '../../support/home.ts'
import { makeCertificates } from '../../support/tls.ts'

export interface Machine {
  readonly home: Home
  readonly status: number | null
  readonly stderr: string
  /** The programs that were called, with their arguments. */
  readonly calls: string
}

export interface MachineOptions {
  readonly script: string
  /** What its disk, metadata and secrets are called. */
  readonly kind: string
  /** The server's name in the metadata. */
  readonly server: string
  /** The hosts in its certificate. */
  readonly hosts: readonly string[]
  /** Texts of further secrets, besides `tls` and `ca`. */
  readonly secrets: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a machine's boot script with stand-ins for the programs of the machine and the cloud. */
export async function boot(options: MachineOptions): Promise<Machine> {
  const { script, kind, server, hosts, secrets, env } = options
  const home = tempHome()
  const certificates = await makeCertificates({ names: [...hosts] })
  home.write('secrets/tls', `${certificates.cert}\n${certificates.key}\n`)
  home.write('secrets/ca', certificates.ca)
  for (const [name, text] of Object.entries(secrets)) home.write(`secrets/${name}`, `${text}\n`)
  certificates.remove()
  for (const [name, says] of Object.entries(standIns(kind, server))) {
    const text = `#!/bin/sh\necho "${name} $*" >> "$CALLS"\n${says}\n`
    chmodSync(home.write(`bin/${name}`, text), 0o755)
  }
  const { status, stderr } = spawnSync('/bin/sh', [home.write('prepare.sh', script)], {
    encoding: 'utf8',
    cwd: home.path,
    env: {
      PATH: `${home.at('bin')}:${process.env['PATH']}`,
      CALLS: home.at('calls'),
      SECRETS: home.at('secrets'),
      RUNTIME_DIRECTORY: home.path,
      ...env,
    },
  })
  return { home, status, stderr, calls: home.read('calls') }
}

/** The variables in an env file. */
export function envIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

function standIns(kind: string, server: string): Readonly<Record<string, string>> {
  return {
    iptables: 'case "$*" in *-C*) exit 1 ;; esac',
    blkid: '[ -z "$BLANK" ]',
    'mkfs.ext4': '',
    // The disk's folder is the machine's own.
    mkdir: 'case "$*" in *" /mnt/"*) ;; *) exec /bin/mkdir "$@" ;; esac',
    mount: '',
    mountpoint: 'exit 1',
    chown: '',
    curl: `case "$*" in
*service-accounts*) printf '{"access_token":"token-of-the-machine","expires_in":3599}' ;;
*attributes/${kind}-server*) printf ${server} ;;
*) cat >> "$CALLS.headers"
   for name in $(ls "$SECRETS"); do case "$*" in *"/runmat-telemetry-${kind}-$name/"*) file=$name ;; esac; done
   printf '{ "payload": { "data": "%s" } }' "$(base64 -w0 "$SECRETS/$file")" ;;
esac`,
  }
}
