import { describe, expect, it } from 'vitest'

import { outsideProfile } from '../../src/cli/doctor/state.ts'

const home = String.raw`C:\Users\Änne`
const found = (folder: string, platform = 'win32') => outsideProfile({ platform, home }, [folder])

describe('doctor on Windows', () => {
  it.each([
    String.raw`D:\cache\runmat\telemetry`,
    String.raw`C:\cache\runmat\telemetry`,
    String.raw`C:\Users\Änne2\AppData\Local\runmat`,
    String.raw`C:\Users\Public\runmat`,
    String.raw`\\server\share\runmat`,
  ])('warns of %s', (folder) => {
    expect(found(folder)).toMatchObject([
      {
        id: 'permissions',
        status: 'warning',
        message: `${folder} is outside your Windows profile.`,
      },
    ])
  })

  it.each([
    String.raw`C:\Users\Änne\AppData\Local\runmat\Cache\telemetry`,
    String.raw`c:\users\änne\.config\runmat`,
    'C:/Users/Änne/.runmat',
    String.raw`C:\Users\Änne\..runmat`,
  ])('does not warn of %s, which is in the profile', (folder) => {
    expect(found(folder)).toEqual([])
  })

  it('says nothing of it on other platforms, where modes keep others out', () => {
    expect(found('/var/cache/runmat', 'linux')).toEqual([])
  })

  it('says nothing without a home folder', () => {
    const nowhere = { platform: 'win32', home: undefined }
    expect(outsideProfile(nowhere, [String.raw`D:\cache`])).toEqual([])
  })
})
