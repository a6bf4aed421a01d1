import { settings } from '@clack/prompts'

// Ctrl-D closes the input. A question that did not end with it would never be answered, and the command
// would end there with exit code 0, as if it had done its work.
settings.aliases.set('\u0004', 'cancel')

export * from '@clack/prompts'
