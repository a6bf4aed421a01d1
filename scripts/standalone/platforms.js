/** The runtime in the executables: exactly this version, and exactly these bytes. */
export const bun = '1.4.5'

/**
 * Named like RunMat's own archives. `runtime` is the npm package with the platform's runtime,
 * `integrity` the hash of its tarball.
 */
export const platforms = [
  {
    name: 'linux-x86_64',
    runtime: 'linux-x64',
    integrity:
      'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
  },
  {
    name: 'linux-aarch64',
    runtime: 'linux-aarch64',
    integrity:
      'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  },
  {
    name: 'linux-x86_64-musl',
    runtime: 'linux-x64-musl',
    integrity:
      'sha512-10QoW/YfTgnURaGEaHpJCiXjLI2e5iTtfVDaA5JKcyUzaa1cq6cVUY9/Uq5XkYzvtRjHLRe9Oj/lTDIQcxy8HQ==',
  },
  {
    name: 'linux-aarch64-musl',
    runtime: 'linux-aarch64-musl',
    integrity:
      'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
  },
  {
    name: 'macos-x86_64',
    runtime: 'darwin-x64',
    integrity:
      'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
  },
  {
    name: 'macos-aarch64',
    runtime: 'darwin-aarch64',
    integrity:
      'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
  },
  {
    name: 'windows-x86_64',
    runtime: 'windows-x64',
    integrity:
      'sha512-FNvply651vcE/GHgNWz6mZvhmkwBuu8Hw54oNzA+CQog+HW+542rXQmZqNHRkFxazD9L3xi+iTtvO3engAgJfw==',
    suffix: '.exe',
  },
]

const runtimes = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-aarch64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-aarch64',
  'win32-x64': 'windows-x64',
}

/** The platform of this process. Node's report tells which libc it has. */
export function hostPlatform() {
  const { header } = process.report.getReport()
  const musl = process.platform === 'linux' && header.glibcVersionRuntime === undefined
  const wanted = `${runtimes[`${process.platform}-${process.arch}`]}${musl ? '-musl' : ''}`
  const host = platforms.find(({ runtime }) => runtime === wanted)
  if (host === undefined) throw new Error(`there is no ${process.platform}-${process.arch} build`)
  return host
}
