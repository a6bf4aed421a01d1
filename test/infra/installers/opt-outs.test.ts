import { beforeAll, describe, expect, it } from 'vitest'

import { casesOf, hasSystemFile, layOut, underAdministrator } from '../../opt-outs/stage.ts'
import { findMounter } from '../../support/mounts.ts'
import { powershell, sh } from './installer.ts'
import { canInstall, installers, isOn, openStage } from './stage.ts'

const mounter = findMounter()

describe.skipIf(!canInstall).each(installers)('$name', (installer) => {
  beforeAll(installer.ready, 180_000)

  const cases = casesOf(installer === sh ? 'install.sh' : 'install.ps1')
  // On Windows, a variable says where the administrator's files are.
  const here = cases.filter(
    (one) => installer === powershell || mounter !== undefined || !hasSystemFile(one),
  )

  it.each(here)('comes to the verdict of $name: $expect', async (one) => {
    const stage = await openStage(installer)
    const there = layOut(stage.home, one, 'ProgramData')
    const isElsewhere = installer === sh && hasSystemFile(one)
    const within = (command: readonly string[]) =>
      mounter && isElsewhere ? underAdministrator(mounter, there, command) : command
    expect(await isOn(stage, there, within)).toBe((one.installers ?? one.expect) === 'on')
  })
})
