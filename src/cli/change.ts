import type { KeyPath } from '../product/product.ts'
import { removeKey, setKey } from '../settings/toml/edit.ts'
import { changeSettings, SettingsError } from '../store/settings-file.ts'
import type { Invocation } from './invocation.ts'
import { CliError } from './error.ts'
import { problemText } from './words.ts'

/** Sets keys of the user's settings file, or removes those that are given as undefined. */
export function change(
  { context, product }: Invocation,
  changes: readonly (readonly [KeyPath, string | boolean | undefined])[],
): boolean {
  const edit = (text: string) =>
    changes.reduce(
      (before, [key, value]) =>
        value === undefined ? removeKey(before, key) : setKey(before, key, value),
      text,
    )
  try {
    return changeSettings(context, edit)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    throw new CliError(`Cannot change the settings. ${problemText(error.problem, context)}`, {
      hint: `Nothing was changed. Meanwhile, ${product.variables.off}=1 in the environment turns telemetry off.`,
      cause: error,
    })
  }
}
