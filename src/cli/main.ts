import { causeOf } from '../files/errors.ts'
import { takeSnapshot } from '../files/snapshot.ts'
import type { Product } from '../product/product.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'
import { isForeignHome } from '../settings/trust.ts'
import { spellOut } from './command-line.ts'
import { invocationOf, type Tool } from './invocation.ts'
import { CliError, done, errorText } from './error.ts'
import { type Io, toJson } from './io.ts'
import { plainCommand } from './command-line.ts'

/** Runs one command line and says how it ended. Never throws, never exits. */
export async function main(given: Tool, words: readonly string[]): Promise<number> {
  const isQuiet = words.some(isQuietFlag)
  const argv = isQuiet ? words.filter((word) => !isQuietFlag(word)) : words
  const tool = isQuiet ? { ...given, io: quiet(given.io) } : given
  const { product, version, environment, io } = tool
  const invocation = async () => {
    if (environment.home === undefined) throw homeless(product, environment.platform)
    const see = takeSnapshot()
    if (isForeignHome(environment, see)) throw foreignHome(environment)
    return await invocationOf(tool, see)
  }
  const otherwise = () =>
    io.outIsTerminal && io.inIsTerminal() && !argv.includes('--json') ? 'menu' : 'status'
  try {
    const line = spellOut(argv, otherwise)
    const command = plainCommand(line)
    if (command === undefined) {
      const { parse } = await import('./parse.ts')
      return await parse(line, { product, version, environment, io, invocation })
    }
    await command(await invocation())
    return done
  } catch (error) {
    return endOf(error, given, argv.includes('--json'))
  }
}

const isQuietFlag = (word: string): boolean => word === '--quiet' || word === '-q'

/** Nobody is told anything, and nobody is asked. What fails is still said, at the end. */
function quiet(io: Io): Io {
  const nothing = () => undefined
  const no = () => false
  return {
    ...io,
    out: nothing,
    err: nothing,
    outIsTerminal: false,
    errIsTerminal: no,
    inIsTerminal: no,
  }
}

/** Says what went wrong, for people or for programs, and answers with the exit code. */
function endOf(error: unknown, { product, io }: Tool, json: boolean): number {
  const known = error instanceof CliError ? error : new CliError(causeOf(error))
  const { exitCode, hint } = known
  const message = known.message.trimEnd()
  if (json) {
    io.err(toJson({ error: message, hint: hint ?? null, exit_code: exitCode }))
  } else {
    io.err(errorText(`${product.command}: ${message}`, hint, io))
  }
  return exitCode
}

/** What we made there, its owner could neither change nor delete. */
function foreignHome({ home, uid }: HostEnvironment): CliError {
  const isRoot = uid === 0
  return new CliError(
    isRoot
      ? `You are root, and ${home} is the home folder of another user.`
      : `${home} does not belong to you, and HOME says that it is your home folder.`,
    {
      hint: isRoot
        ? 'Nothing was written. Run this as that user, or with sudo -H for root itself.'
        : 'Nothing was written. Set HOME to the full path of your own home folder.',
    },
  )
}

function homeless(product: Product, platform: string): CliError {
  const variable = platform === 'win32' ? 'USERPROFILE' : 'HOME'
  // Where its own program then looks for settings is not ours to say.
  const who =
    product.host === undefined
      ? `${product.name} records and sends`
      : 'this tool and programs that use its library record and send'
  return new CliError(`${variable} does not name your home folder.`, {
    hint:
      `Without it nothing can be kept, so ${who} nothing. ` +
      `Set ${variable} to the full path of your home folder.`,
  })
}
