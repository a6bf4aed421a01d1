import { Argument, Command, Option } from 'commander'

import type { Product } from '../product/product.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'
import { completion } from './commands/completion.ts'
import { disable } from './commands/disable.ts'
import { enable } from './commands/enable.ts'
import { endpoint, local } from './commands/endpoint.ts'
import { print } from './commands/print.ts'
import { record } from './commands/record.ts'
import { status } from './commands/status.ts'
import { type Shell, shells } from './completion/tree.ts'
import type { Invocation } from './invocation.ts'
import type { Io } from './io.ts'
import { eventArgument, kindsOf } from './operand.ts'
import { rootOf } from './root.ts'
import { exceptItself } from './words.ts'

export interface Wiring {
  readonly product: Product
  readonly version: string
  readonly environment: HostEnvironment
  readonly io: Io
  /** Reads the world, only once a command is really to run. */
  readonly invocation: () => Promise<Invocation>
  /** How the command ended, where that is not simply well. */
  readonly end: (code: number) => void
}

/** The tree of commands: the one source of `--help`, the man page's test and the completions. */
export function programOf(wiring: Wiring): Command {
  const program = rootOf(wiring)
  const { invocation, product } = wiring
  addLooking(program, wiring)
  addDoctor(program, wiring)
  addChanging(program, wiring)
  addWorking(program, wiring)

  // A host has these commands among its own, and completes them itself.
  if (!product.command.includes(' ')) addCompletion(program, wiring)

  program
    .command('menu', { hidden: true })
    .action(async () => (await import('./menu.ts')).menu(await invocation()))

  return program
}

/** The commands that look, and change nothing. */
function addLooking(program: Command, { invocation, product }: Wiring): void {
  program
    .command('status')
    .summary('show whether telemetry is on, why, and what is stored')
    .description('Show whether telemetry is on, which rule decided that, and what is stored where.')
    .option('--json', 'print JSON')
    .action(async (options) => status(await invocation(), options))

  program
    .command('print')
    .summary('print the exact bytes that would be sent')
    .description('Print a preview event, byte for byte as it would be sent. Nothing is recorded.')
    .addArgument(eventArgument(kindsOf(product)))
    .addOption(
      new Option('--queued', 'what is waiting to be sent').conflicts(['explain', 'schema']),
    )
    .addOption(
      new Option('--explain', 'say in words what each field is, and why').conflicts('schema'),
    )
    .addOption(
      new Option('--started', 'the event that begins a run or an installation').conflicts([
        'explain',
        'schema',
        'queued',
      ]),
    )
    .option('--schema', 'print the JSON Schema')
    .option('--raw', 'the exact bytes, even in a terminal')
    .option('--json', 'print JSON')
    // Everything that waits is not asked for in the same words as a preview of the default family.
    .action(async (event, options, { args }: Command) =>
      print(await invocation(), args.length === 0 ? undefined : event, options),
    )

  program
    .command('dictionary')
    .summary('list every field that is collected, and why')
    .description(
      'List every field of every event: what it carries, why, and which question it answers.',
    )
    .option('--json', 'print JSON')
    .action(async (options) => {
      const { dictionary } = await import('./commands/dictionary.ts')
      dictionary(await invocation(), options)
    })

  program
    .command('log')
    .summary('show what was sent, when and where to')
    .description('Show what was sent, when and where to, newest first, one line per event.')
    .option('-n, --lines <count>', 'only this many, newest first')
    .option('--full', 'with the exact bytes of each event')
    .option('-f, --follow', 'keep running, and show events as they are sent')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./commands/log.ts')).log(await invocation(), options))

  program
    .command('view')
    .summary('look at all of it, as a page in your browser')
    .description(
      'Open a page on this machine: what is counted, what is waiting, what was sent, and buttons ' +
        'that turn telemetry off or erase everything. It is served to your browser only, and loads ' +
        'nothing from anywhere else.',
    )
    .option('--no-open', 'print the address and open no browser')
    .option('--port <number>', 'use this port instead of any free one')
    .option('--export <file>', 'save the page as one file and end')
    .option('--json', 'print JSON')
    .action(async (options) => {
      const { view } = await import('./commands/view.ts')
      await view(await invocation(), options)
    })
}

function addDoctor(program: Command, { invocation, end }: Wiring): void {
  program
    .command('doctor')
    .summary('check everything that can go wrong')
    .description(
      'Check settings, folders, the clock and the network, and what the program itself does here. ' +
        'Changes nothing, and connects to nothing without --online.',
    )
    .option('--online', 'also post an empty request to the endpoint')
    .option('--json', 'print JSON')
    .action(async (options) => {
      const { doctor } = await import('./commands/doctor.ts')
      end(await doctor(await invocation(), options))
    })
}

/** The commands that change the settings. */
function addChanging(program: Command, { invocation, product }: Wiring): void {
  program
    .command('enable')
    .summary('turn telemetry on (also: on)')
    .description(
      `Turn telemetry on, in your settings. ${product.variables.off} still turns it off${exceptItself(product)}.`,
    )
    .option('--json', 'print JSON')
    .action(async (options) => enable(await invocation(), options))

  program
    .command('disable')
    .summary('turn telemetry off, for good (also: off)')
    .description(
      'Turn telemetry off, for good and across upgrades. What is waiting to be sent is deleted. ' +
        'To erase what was sent as well, use forget.',
    )
    .option('--here', 'also in the settings of the project in this folder')
    .option('--forget', 'also remove the client id, the statistics and the list of what was sent')
    .option('--json', 'print JSON')
    .action(async (options) => disable(await invocation(), options))

  program
    .command('forget')
    .summary('have everything erased, here and at the collector')
    .description(
      'Have the collector erase what was sent from this machine, then remove the client id, the ' +
        'statistics, the queue and the list of what was sent. This also turns telemetry off.',
    )
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON; needs --yes')
    .action(async (options) => {
      const { forget } = await import('./commands/forget.ts')
      await forget(await invocation(), options)
    })

  program
    .command('endpoint')
    .summary('show or change where events are sent')
    .description(
      'Show or change where events are sent. ' +
        `An empty address ("") forbids sending${exceptItself(product, 'from')}. ` +
        'What is waiting for the old address is deleted, unless you add --keep-queue.',
    )
    .argument('[url]', 'https address, or http to this machine')
    .option('--reset', 'go back to the built-in address')
    .option('--keep-queue', 'send what is already waiting to the new address')
    .option('--json', 'print JSON')
    .action(async (url, options) => endpoint(await invocation(), url, options))

  program
    .command('local')
    .summary(`count on this machine, and send nothing${exceptItself(product, 'from')}`)
    .description(
      `Count on this machine, and send nothing${exceptItself(product, 'from')}. ` +
        'What is waiting to be sent is deleted.',
    )
    .option('--json', 'print JSON')
    .action(async (options) => local(await invocation(), options))
}

/** The commands that record and deliver. */
function addWorking(program: Command, { invocation, product, end }: Wiring): void {
  program
    .command('upload')
    .summary('deliver what is waiting, now')
    .description(
      'Deliver what is waiting, in the foreground. ' +
        'Does not wait after an earlier failure; respects every opt-out.',
    )
    .option('--json', 'print JSON')
    .action(async (options) => {
      const { upload } = await import('./commands/upload.ts')
      end(await upload(await invocation(), options))
    })

  program
    .command('record')
    .summary('record what a program in any language did')
    .description('Record one JSON object from stdin, as the library would.')
    .addArgument(new Argument('<kind>', 'family of events').choices(kindsOf(product)))
    .option('--notice-shown', 'the program has shown its user the notice itself')
    .option('--json', 'print JSON')
    .action(async (kind, options) => record(await invocation(), kind, options))
}

/** Needs no home folder: packages are built without one, and root writes it for everybody. */
function addCompletion(program: Command, wiring: Wiring): void {
  program
    .command('completion')
    .summary('print a script that completes these commands')
    .description('Print a script that completes these commands in your shell.')
    .addArgument(new Argument('[shell]', 'which one; by default yours').choices(shells))
    .option('--json', 'print JSON')
    .action((shell: Shell | undefined, options: { json?: boolean }) =>
      completion(wiring, program, shell, options),
    )
}
