import { causeOf } from '../files/errors.ts'
import { replaceFile } from '../files/write.ts'
import type { Context } from '../settings/context.ts'
import type { Problem } from '../settings/files.ts'

/** The user's settings could not be changed, and are as they were. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problem: Problem

  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, { cause })
    this.problem = problem
  }
}

/** Changes the user's settings file; false where it says so already. */
export function changeSettings(context: Context, edit: (text: string) => string): boolean {
  const { paths, settings } = context
  const path = paths.settings
  const problem = settings.problems.find((one) => one.path === path)
  if (problem) throw new SettingsError(problem)
  const before = settings.files.find((file) => file.path === path)?.text ?? ''
  try {
    const after = edit(before)
    if (after === before) return false
    replaceFile(path, after)
    return true
  } catch (error) {
    throw new SettingsError({ path, message: causeOf(error) }, error)
  }
}
