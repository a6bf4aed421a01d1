import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { optOutCases, type OptOutFile } from '../../opt-outs/cases.ts'
import type { Home } from '../../support/home.ts'
import { powershell } from './installer.ts'
import { canInstall, installers, isOn, openStage } from './stage.ts'

const withSystemFile = (files: readonly OptOutFile[] = []) =>
  files.some(({ base }) => base === 'system')
// Windows has no such files; opening a pipe here would wait for its other end.
const withPipe = (files: readonly OptOutFile[] = []) =>
  files.some(({ content }) => 'special' in content && content.special === 'pipe')

describe.skipIf(!canInstall).each(installers)('$name', (installer) => {
  beforeAll(installer.ready, 180_000)

  const here = optOutCases.filter(({ files }) =>
    installer === powershell ? !withPipe(files) : !withSystemFile(files),
  )

  it.each(here)(
    'comes to the verdict of $name: $expect',
    async ({ files = [], env = {}, ...one }) => {
      const stage = await openStage(installer)
      const { home } = stage
      mkdirSync(home.at('work/deep'), { recursive: true })
      for (const file of files) lay(home, file)
      const filled = Object.fromEntries(
        Object.entries(env).map(([name, value]) => [name, value.replaceAll('{home}', home.path)]),
      )
      expect(await isOn(stage, filled, home.at('work/deep'))).toBe(
        (one.installers ?? one.expect) === 'on',
      )
    },
  )
})

function lay(home: Home, { base, path: name, content }: OptOutFile): void {
  const bases = { home: '.', project: 'work/deep', system: 'ProgramData/runmat' }
  const file = path.resolve(home.path, bases[base], name)
  mkdirSync(path.dirname(file), { recursive: true })
  if ('text' in content) home.write(file, content.text)
  if ('hex' in content) home.write(file, Buffer.from(content.hex, 'hex'))
  if ('link' in content) symlinkSync(content.link, file)
  if ('sparse' in content) {
    const open = openSync(file, 'w')
    ftruncateSync(open, content.sparse)
    closeSync(open)
  }
  if ('special' in content && content.special === 'folder') mkdirSync(file)
  if ('special' in content && content.special === 'pipe') spawnSync('mkfifo', [file])
}
