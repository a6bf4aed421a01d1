import type { Ink } from './ink.ts'

/** The same JSON, indented and coloured for eyes. */
export function paintJson(json: string, ink: Ink): string {
  return JSON.stringify(JSON.parse(json), undefined, 2).replace(
    /^(\s*)("(?:[^"\\]|\\.)*")(: )?/gm,
    (_, space: string, text: string, colon?: string) =>
      `${space}${colon === undefined ? text : ink.name(text)}${colon ?? ''}`,
  )
}
