import { cancel, intro, isCancel, outro, select, text } from '@clack/prompts'

import { parseEndpoint } from '../settings/address.ts'
import { disable } from './commands/disable.ts'
import { enable } from './commands/enable.ts'
import { endpoint } from './commands/endpoint.ts'
import { print } from './commands/print.ts'
import { status } from './commands/status.ts'
import { type Invocation, reassessed } from './invocation.ts'
import { CliError } from './error.ts'
import { because, headline } from './words.ts'

type Choice = 'status' | 'print' | 'explain' | 'enable' | 'disable' | 'endpoint' | 'leave'

/** The same commands for somebody who would rather look than read a manual. */
export async function menu(start: Invocation): Promise<void> {
  let invocation = start
  intro(`${headline(invocation.context)} ${because(invocation.context)}`)
  for (;;) {
    const choice = await ask(invocation)
    if (choice === undefined) return cancel('Left as it is.')
    if (choice === 'leave') return outro('Bye.')
    await act(choice, invocation)
    invocation = reassessed(invocation)
  }
}

async function ask(invocation: Invocation): Promise<Choice | undefined> {
  const { collecting } = invocation.context.verdict
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

async function act(choice: Exclude<Choice, 'leave'>, invocation: Invocation): Promise<void> {
  try {
    switch (choice) {
      case 'status':
        return status(invocation, {})
      case 'print':
        return await print(invocation, 'usage', {})
      case 'explain':
        return await print(invocation, 'usage', { explain: true })
      case 'enable':
        return enable(invocation, {})
      case 'disable':
        return await disable(invocation, {})
      case 'endpoint':
        return await changeEndpoint(invocation)
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    invocation.io.err(`${error.message}\n${error.hint ?? ''}\n`)
  }
}

async function changeEndpoint(invocation: Invocation): Promise<void> {
  const { value } = invocation.context.choices.endpoint
  const answer = await text({
    message: 'Send events to (empty: send nothing)',
    initialValue: value,
    validate: (given) => {
      if (given === undefined || given.trim() === '') return undefined
      const parsed = parseEndpoint(given)
      return parsed.ok ? undefined : `That address ${parsed.fault}. ${parsed.hint}`
    },
  })
  if (!isCancel(answer) && answer !== value) await endpoint(invocation, answer ?? '', {})
}
