import { parseEndpoint } from '../../settings/endpoint.ts'
import { haltUploader } from '../../store/halt.ts'
import { wipeQueue } from '../../store/queue.ts'
import { change } from '../change.ts'
import { type Context, reassessed } from '../context.ts'
import { CliError, wrongUsage } from '../error.ts'
import { report } from '../report.ts'
import { because, headline, plural, tidy, wayOut } from '../words.ts'
import { toJson } from '../io.ts'

export interface EndpointOptions {
  readonly json?: boolean
  readonly reset?: boolean
}

export async function endpoint(
  context: Context,
  url: string | undefined,
  options: EndpointOptions,
): Promise<void> {
  if (options.reset && url !== undefined) {
    throw new CliError('An address and --reset exclude each other.', { exitCode: wrongUsage })
  }
  if (options.reset) reset(context, options)
  else if (url === undefined) show(context, options)
  else if (url.trim() === '') await forbid(context, options)
  else set(context, url, options)
}

function show(context: Context, { json }: EndpointOptions): void {
  const { io } = context
  io.out(json ? toJson(current(context)) : `${line(context)}\n`)
}

function set(context: Context, url: string, { json }: EndpointOptions): void {
  const parsed = parseEndpoint(url)
  if (!parsed.ok) {
    throw new CliError(`That address ${parsed.fault}.`, { exitCode: wrongUsage, hint: parsed.hint })
  }
  const changed = change(context, [[context.product.keys.endpoint, parsed.value]])
  answer(reassessed(context), json, { changed }, [])
}

/** In the order of `disable`, and for its reasons. */
async function forbid(context: Context, { json }: EndpointOptions): Promise<void> {
  const { paths } = context.situation
  const changed = change(context, [[context.product.keys.uploads, false]])
  await haltUploader(paths.lock)
  const wiped = wipeQueue(paths.queue)
  answer(reassessed(context), json, { changed, wiped }, [
    'Nothing is sent from now on; counting on this machine goes on.',
    ...(wiped === 0 ? [] : [`${plural(wiped, 'waiting event')} deleted.`]),
  ])
}

function reset(context: Context, { json }: EndpointOptions): void {
  const { keys } = context.product
  const changed = change(context, [
    [keys.endpoint, undefined],
    [keys.uploads, undefined],
  ])
  answer(reassessed(context), json, { changed }, [])
}

function answer(
  context: Context,
  json: boolean | undefined,
  details: Readonly<Record<string, unknown>>,
  sentences: readonly string[],
): void {
  const { situation } = context
  const { verdict } = situation
  const still = verdict.uploading ? [] : [headline(situation), because(situation)]
  report(context, json, { ...details, ...current(context) }, [
    ...(sentences.length === 0 ? [line(context), ...still, ...wayOut(situation)] : sentences),
  ])
}

function current({ situation }: Context): { url: string; source: string } {
  const { value, source } = situation.choices.endpoint
  return { url: value, source }
}

function line(context: Context): string {
  const { url, source } = current(context)
  return `Endpoint: ${url} (${tidy(source, context.situation)})`
}
