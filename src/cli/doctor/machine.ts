import { constants } from 'node:fs'
import path from 'node:path'

import { look } from '../../files/read.ts'
import type { Context } from '../../settings/context.ts'
import { readHost } from '../../settings/host.ts'
import { isAllowed } from '../access.ts'
import type { Invocation } from '../invocation.ts'
import { howToStopHost } from '../host-words.ts'
import { hostHere, ifItHasKey, tidy } from '../words.ts'

export interface Check {
  readonly id: string
  readonly status: 'ok' | 'warning' | 'fault'
  readonly message: string
  /** What to do about it; null where there is nothing to do. */
  readonly hint: string | null
}

export function ok(id: string, message: string): Check {
  return { id, status: 'ok', message, hint: null }
}

/** The program, what it would do here, the clock, and what stands between us and the network. */
export function checkMachine(invocation: Invocation): readonly Check[] {
  return [
    ...program(invocation),
    ...hostVerdict(invocation),
    clock(invocation),
    ...network(invocation),
  ]
}

function program({ product, environment, context }: Invocation): readonly Check[] {
  if (product.host === undefined) return []
  const found = programsOnPath(product.id, environment)
  const [first, ...others] = found
  if (first === undefined) {
    return [ok('program', `No program named ${product.id} is on the PATH.`)]
  }
  if (others.length === 0) return [ok('program', `${product.name} is ${tidy(first, context)}.`)]
  const names = others.map((file) => tidy(file, context)).join(', ')
  return [
    {
      id: 'program',
      status: 'warning',
      message: `${product.name} is ${tidy(first, context)}; also on the PATH: ${names}.`,
      hint: 'Remove the ones that you do not use.',
    },
  ]
}

function programsOnPath(
  name: string,
  { env, platform }: Invocation['environment'],
): readonly string[] {
  const names = platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name]
  const folders = (env['PATH'] ?? env['Path'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
  const files = folders.flatMap((folder) => names.map((one) => path.join(folder, one)))
  return [...new Set(files)].filter(
    (file) => look(file)?.isFile() && isAllowed(file, constants.X_OK),
  )
}

function hostVerdict({ product, context }: Invocation): readonly Check[] {
  const host = hostHere(context)
  if (host === null) return []
  const reads = host.reads === null ? 'no settings file' : tidy(host.reads, context)
  const does = host.enabled
    ? `would send to ${host.http_endpoint}${ifItHasKey(context)}`
    : 'would send nothing'
  const message = `In this folder ${product.name} reads ${reads}, and ${does}.`
  if (host.agrees) {
    const elsewhere = sentElsewhere(context)
    if (elsewhere.length === 0) return [ok('host', message)]
    const hint =
      `With this project's file, ${product.name}'s telemetry goes to ${elsewhere.join(' and ')}, ` +
      `which you did not choose. ${howToStopHost(context)}`
    return [{ id: 'host', status: 'warning', message, hint }]
  }
  const subject = context.verdict.collecting ? 'Sending is off' : 'Telemetry is off'
  const hint = `${subject}, but ${product.name} ignores that. ${howToStopHost(context)}`
  return [{ id: 'host', status: 'fault', message, hint }]
}

/** We let no project choose an address. The program itself obeys the project's file that it reads. */
function sentElsewhere({ product, environment, settings, see, choices }: Context): string[] {
  const host = readHost(product, environment, settings.files, see)
  if (host?.source !== 'project' || !host.enabled) return []
  const { http_endpoint: http, udp_endpoint: udp } = host
  return [
    ...(http === null || http === choices.runtimeEndpoint.value ? [] : [http]),
    ...(udp === null || udp === choices.udpEndpoint.value ? [] : [`${udp} by UDP`]),
  ]
}

/** Before this was written, no clock was right. */
const earliest = Date.UTC(2025, 0)
const latest = Date.UTC(2100, 0)

function clock({ environment }: Invocation): Check {
  const now = environment.now()
  const shown = new Date(now).toISOString()
  return now > earliest && now < latest
    ? ok('clock', `The clock says ${shown}.`)
    : {
        id: 'clock',
        status: 'fault',
        message: `The clock says ${shown}.`,
        hint: 'Set it: certificates and the age of events are checked by it.',
      }
}

const proxies = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']

function network({ environment, context }: Invocation): readonly Check[] {
  const { env, cwd } = environment
  const set = proxies.filter((name) => env[name])
  // Not their values: they may hold a password.
  const proxy = set.length === 0 ? 'No proxy is set.' : `A proxy is set by ${set.join(', ')}.`
  const given = env['NODE_EXTRA_CA_CERTS']
  if (!given) return [ok('proxy', proxy)]
  const file = path.resolve(cwd ?? path.sep, given)
  const isReadable = look(file)?.isFile() === true && isAllowed(file, constants.R_OK)
  const message = `Extra certificates come from ${tidy(file, context)}`
  return [
    ok('proxy', proxy),
    isReadable
      ? ok('certificates', `${message}.`)
      : {
          id: 'certificates',
          status: 'fault',
          message: `${message}, which cannot be read.`,
          hint: 'Correct NODE_EXTRA_CA_CERTS, or unset it.',
        },
  ]
}
