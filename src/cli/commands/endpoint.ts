import { parseEndpoint } from '../../settings/address.ts'
import { stopSenders } from '../../store/senders.ts'
import { wipeQueue } from '../../store/queue.ts'
import { change } from '../change.ts'
import { type Invocation, reassessed } from '../invocation.ts'
import { CliError, wrongUsage } from '../error.ts'
import { report } from '../invocation.ts'
import { because, headline, plural, tidy, wayOut } from '../words.ts'
import { toJson } from '../io.ts'

export interface EndpointOptions {
  readonly json?: boolean
  readonly reset?: boolean
}

export async function endpoint(
  invocation: Invocation,
  url: string | undefined,
  options: EndpointOptions,
): Promise<void> {
  if (options.reset && url !== undefined) {
    throw new CliError('An address and --reset exclude each other.', { exitCode: wrongUsage })
  }
  if (options.reset) reset(invocation, options)
  else if (url === undefined) show(invocation, options)
  else if (url.trim() === '') await forbid(invocation, options)
  else set(invocation, url, options)
}

function show(invocation: Invocation, { json }: EndpointOptions): void {
  const { io } = invocation
  io.out(json ? toJson(current(invocation)) : `${line(invocation)}\n`)
}

function set(invocation: Invocation, url: string, { json }: EndpointOptions): void {
  const parsed = parseEndpoint(url)
  if (!parsed.ok) {
    throw new CliError(`That address ${parsed.fault}.`, { exitCode: wrongUsage, hint: parsed.hint })
  }
  const changed = change(invocation, [[invocation.product.keys.endpoint, parsed.value]])
  answer(reassessed(invocation), json, { changed }, [])
}

/** In the order of `disable`, and for its reasons. */
async function forbid(invocation: Invocation, { json }: EndpointOptions): Promise<void> {
  const { paths } = invocation.context
  const changed = change(invocation, [[invocation.product.keys.uploads, false]])
  await stopSenders(paths)
  const wiped = wipeQueue(paths.queue)
  answer(reassessed(invocation), json, { changed, wiped }, [
    'Nothing is sent from now on; counting on this machine goes on.',
    ...(wiped === 0 ? [] : [`${plural(wiped, 'waiting event')} deleted.`]),
  ])
}

function reset(invocation: Invocation, { json }: EndpointOptions): void {
  const { keys } = invocation.product
  const changed = change(invocation, [
    [keys.endpoint, undefined],
    [keys.uploads, undefined],
  ])
  answer(reassessed(invocation), json, { changed }, [])
}

function answer(
  invocation: Invocation,
  json: boolean | undefined,
  details: Readonly<Record<string, unknown>>,
  sentences: readonly string[],
): void {
  const { context } = invocation
  const { verdict } = context
  const still = verdict.uploading ? [] : [headline(context), because(context)]
  report(invocation, json, { ...details, ...current(invocation) }, [
    ...(sentences.length === 0 ? [line(invocation), ...still, ...wayOut(context)] : sentences),
  ])
}

function current({ context }: Invocation): { url: string; source: string } {
  const { value, source } = context.choices.endpoint
  return { url: value, source }
}

function line(invocation: Invocation): string {
  const { url, source } = current(invocation)
  return `Endpoint: ${url} (${tidy(source, invocation.context)})`
}
