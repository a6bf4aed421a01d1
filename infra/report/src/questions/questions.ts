import { active } from './active.ts'
import { coverage } from './coverage.ts'
import { failures } from './failures.ts'
import { installs } from './installs.ts'
import { type Question, type QuestionName } from './question.ts'
import { unfinished } from './unfinished.ts'
import { usage } from './usage.ts'
import { versions } from './versions.ts'

export const questions: Readonly<Record<QuestionName, Question>> = {
  installs,
  active,
  failures,
  unfinished,
  versions,
  usage,
  coverage,
}
