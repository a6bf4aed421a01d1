import { cancel, intro, isCancel, outro, select, text } from '@clack/prompts'

import { parseEndpoint } from '../settings/endpoint.ts'
import { disable } from './commands/disable.ts'
import { enable } from './commands/enable.ts'
import { endpoint } from './commands/endpoint.ts'
import { print } from './commands/print.ts'
import { status } from './commands/status.ts'
import { type Context, reassessed } from './context.ts'
import { CliError } from './error.ts'
import { because, headline } from './words.ts'

type Choice = 'status' | 'print' | 'explain' | 'enable' | 'disable' | 'endpoint' | 'leave'

/** The same commands for somebody who would rather look than read a manual. */
export async function menu(start: Context): Promise<void> {
  let context = start
  intro(`${headline(context.situation)} ${because(context.situation)}`)
  for (;;) {
    const choice = await ask(context)
    if (choice === undefined) return cancel('Left as it is.')
    if (choice === 'leave') return outro('Bye.')
    await act(choice, context)
    context = reassessed(context)
  }
}

async function ask(context: Context): Promise<Choice | undefined> {
  const { collecting } = context.situation.verdict
  const answer = await select<Choice>({
    message: 'What would you like to do?',
    options: [
      { value: 'status', label: 'Look', hint: 'what is on, what is stored, and where' },
      { value: 'print', label: 'Preview', hint: 'exactly what would be sent' },
      { value: 'explain', label: 'Explain', hint: 'what each field is, and why' },
      collecting
        ? { value: 'disable', label: 'Turn off', hint: 'for good' }
        : { value: 'enable', label: 'Turn on' },
      { value: 'endpoint', label: 'Change where events are sent' },
      { value: 'leave', label: 'Leave' },
    ],
  })
  return isCancel(answer) ? undefined : answer
}

async function act(choice: Exclude<Choice, 'leave'>, context: Context): Promise<void> {
  try {
    switch (choice) {
      case 'status':
        return status(context, {})
      case 'print':
        return await print(context, 'usage', {})
      case 'explain':
        return await print(context, 'usage', { explain: true })
      case 'enable':
        return enable(context, {})
      case 'disable':
        return await disable(context, {})
      case 'endpoint':
        return await changeEndpoint(context)
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    context.io.err(`${error.message}\n${error.hint ?? ''}\n`)
  }
}

async function changeEndpoint(context: Context): Promise<void> {
  const { value } = context.situation.choices.endpoint
  const answer = await text({
    message: 'Send events to (empty: send nothing)',
    initialValue: value,
    validate: (given) => {
      if (given === undefined || given.trim() === '') return undefined
      const parsed = parseEndpoint(given)
      return parsed.ok ? undefined : `That address ${parsed.fault}. ${parsed.hint}`
    },
  })
  if (!isCancel(answer) && answer !== value) await endpoint(context, answer ?? '', {})
}
