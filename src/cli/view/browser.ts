import type { HostEnvironment } from '../../settings/host-environment.ts'

/** Opens an address in the person's browser. False where there is none to open. */
export async function openInBrowser(
  url: string,
  { platform, env }: HostEnvironment,
): Promise<boolean> {
  const command = opener(platform, env)
  if (command === undefined) return false
  const { spawn } = await import('node:child_process')
  const [program = '', ...args] = command
  return await new Promise((resolve) => {
    const child = spawn(program, [...args, url], {
      stdio: 'ignore',
      detached: true,
      windowsHide: true,
    })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

function opener(platform: string, env: HostEnvironment['env']): readonly string[] | undefined {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  // Over SSH the browser would open on the wrong machine, or not at all.
  const hasScreen = [env['DISPLAY'], env['WAYLAND_DISPLAY']].some(Boolean) && !env['SSH_CONNECTION']
  return hasScreen ? ['xdg-open'] : undefined
}
