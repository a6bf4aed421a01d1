import { describe, expect, it } from 'vitest'

import { findMounter } from '../../support/mounts.ts'
import { run } from '../../support/run.ts'
import { canInstall, installSh, openStage } from './stage.ts'

const mounter = findMounter()

describe.skipIf(!canInstall || mounter === undefined)(
  'install.sh and the system’s settings',
  () => {
    it.each([
      ['says no', '[runtime.telemetry]\nenabled = false\n', []],
      ['says no without a table', 'enabled = false\n', []],
      ['is unclear', 'telemetry = "off"\n', []],
      ['says nothing', '# nothing\n', ['install_start', 'install_complete']],
    ])('hears the administrator, who %s', async (_, text, labels) => {
      const stage = await openStage()
      const file = stage.home.write('telemetry.toml', text)
      // Debian finds some of its programs by links in there.
      const before =
        'mount -t tmpfs etc /mnt\nmkdir /mnt/runmat\ncp -a /etc/alternatives /mnt/\n' +
        `cp '${file}' /mnt/runmat/\nmount --bind /mnt /etc`
      const [command = '', ...args] = mounter?.({ before }, ['sh', installSh]) ?? []
      expect(await run(command, args, stage.home, { env: stage.env })).toMatchObject({ code: 0 })
      expect(await stage.labels()).toEqual(labels)
    })
  },
)
