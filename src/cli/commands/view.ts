import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { causeOf, codeOf } from '../../files/errors.ts'
import { look } from '../../files/read.ts'
import { replaceFile } from '../../files/write.ts'
import { CliError, wrongUsage } from '../error.ts'
import { foldErr } from '../fold.ts'
import { interruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import { printable, toJson } from '../io.ts'
import { openInBrowser } from '../view/browser.ts'
import { page } from '../view/page.ts'
import { openView } from '../view/server.ts'
import { takeSnapshot } from '../view/snapshot.ts'

export interface ViewOptions {
  readonly json?: boolean
  /** False with `--no-open`. */
  readonly open: boolean
  readonly port?: string
  readonly export?: string
}

/** Shows this machine's telemetry as a page, until its last tab is closed. */
export async function view(invocation: Invocation, options: ViewOptions): Promise<void> {
  if (options.export !== undefined) return save(invocation, options.export, options)
  const port = portIn(options.port)
  const { happened, release } = interruption(invocation.io)
  await serve(invocation, port, options, happened).finally(release)
}

async function serve(
  invocation: Invocation,
  port: number,
  options: ViewOptions,
  interrupted: Promise<void>,
): Promise<void> {
  const { io, environment } = invocation
  const opened = await openView(invocation, port).catch((error: unknown) => {
    throw cannotListen(port, error)
  })
  io.out(options.json ? toJson({ url: opened.url }) : `${opened.url}\n`)
  if (options.open) {
    const isOpen = await openInBrowser(opened.url, environment)
    const how = foldErr(howToOpen(opened.url, environment.env), io)
    if (!isOpen && !options.json) io.err(`${how.join('\n')}\n`)
  }
  if (!options.json) io.err('The page is live while this command runs. Ctrl-C ends it.\n')
  await Promise.race([opened.left, interrupted])
  opened.close()
}

/** Over SSH there is no browser on this machine, but a way to it from the one where there is. */
function howToOpen(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const connection = env['SSH_CONNECTION']
  if (!connection) return ['Open that address in a browser on this machine.']
  // The client's address and port, then those by which it reached this machine.
  const [, , here = 'HOST', sshPort = '22'] = printable(connection).split(' ')
  const { port } = new URL(url)
  return [
    'You are connected by SSH. Where the browser is, run',
    `  ssh -L ${port}:127.0.0.1:${port} ${sshPort === '22' ? '' : `-p ${sshPort} `}${here}`,
    'and then open that address there.',
  ]
}

function save(invocation: Invocation, file: string, { json, port }: ViewOptions): void {
  if (port !== undefined) {
    throw new CliError('--export saves a file and opens no port.', { exitCode: wrongUsage })
  }
  if (file === '') {
    throw new CliError('--export needs the name of a file.', { exitCode: wrongUsage })
  }
  // Settings get the folders that they need. A page is saved where the person has one.
  if (look(path.dirname(file)) === undefined) throw cannotSave(file, noFolder)
  const snapshot = takeSnapshot(invocation, { waiting: 1, sent: 1 })
  const options = { nonce: '', isStatic: true, problem: undefined, erased: undefined }
  const replaced = look(file)?.isFile() === true
  try {
    saveIn(file, page(invocation, snapshot, options))
  } catch (error) {
    throw cannotSave(file, codeOf(error) === 'ENOENT' ? noFolder : causeOf(error), error)
  }
  const what = replaced ? ' (replaced)' : ''
  invocation.io.out(json ? toJson({ file, replaced }) : `Saved in ${printable(file)}${what}\n`)
}

const noFolder = 'its folder does not exist'

function cannotSave(file: string, why: string, cause?: unknown): CliError {
  return new CliError(`Cannot save the page in ${file}: ${why}.`, { cause })
}

/** A pipe or a device is written to and never replaced, least of all by root. */
function saveIn(file: string, text: string): void {
  if (look(file)?.isFile() ?? true) replaceFile(file, text)
  else writeFileSync(file, text)
}

function portIn(text: string | undefined): number {
  if (text === undefined) return 0
  const port = Number(text)
  if (/^\d+$/.test(text) && port > 0 && port <= 65_535) return port
  throw new CliError(`"${text}" is not a port.`, {
    exitCode: wrongUsage,
    hint: 'Give a number from 1 to 65535, or omit --port to use any free one.',
  })
}

function cannotListen(port: number, error: unknown): CliError {
  const why = codeOf(error) === 'EADDRINUSE' ? 'another program is using it' : causeOf(error)
  const name = port === 0 ? 'a port' : `port ${port}`
  return new CliError(`Cannot open ${name} on 127.0.0.1: ${why}.`, {
    hint:
      port === 0
        ? 'To look at the page without one, save it with --export FILE.'
        : 'Omit --port to use any free port, or save the page with --export FILE.',
    cause: error,
  })
}
