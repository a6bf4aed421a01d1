import { Command } from 'commander'

import { done, wrongUsage } from './error.ts'
import type { Wiring } from './program.ts'
import { exceptItself, wrap } from './words.ts'

/** What stands before a command: the summary, the options, and how the parser speaks. */
export function rootOf({ product, version, io }: Wiring): Command {
  const off = product.variables.off
  return (
    new Command(product.command)
      .description(
        `See, preview and stop ${product.name}'s telemetry.\n\n` +
          'Without a command: a menu in a terminal, elsewhere the status.',
      )
      .version(version, '-V, --version', 'print the version')
      .helpOption('-h, --help', 'show help')
      .helpCommand('help [command]', 'show help for a command')
      .option('--status', 'same as status')
      .option('--print', 'same as print')
      .option('--enable', 'same as enable')
      .option('--disable', 'same as disable')
      .option('--endpoint <url>', 'same as endpoint <url>')
      .option('--json', 'the status as JSON')
      .option('-q, --quiet', 'say nothing but errors, with any command')
      .addHelpText('after', () =>
        [
          '',
          ...[
            `DO_NOT_TRACK=1 or ${off}=1 also turns telemetry off${exceptItself(product)}.`,
            `Exit codes: ${done} done, 1 failed, ${wrongUsage} wrong usage.`,
            `${product.docs}, questions to ${product.contact}`,
          ].flatMap((line) => wrap(line, '', io.outWidth())),
        ].join('\n'),
      )
      // By default the parser breaks no text where it would have fewer than 40 columns for it.
      .configureHelp({ minWidthToWrap: 20 })
      .configureOutput({
        writeOut: io.out,
        writeErr: io.err,
        // Errors are thrown, and said in one place and one voice.
        outputError: () => undefined,
        getOutHelpWidth: io.outWidth,
        getErrHelpWidth: io.errWidth,
        // Else the parser looks at the standard streams, which takes longer than all that we do.
        getOutHasColors: () => io.colour,
        getErrHasColors: () => io.colour,
      })
      .enablePositionalOptions()
      .exitOverride()
  )
}
