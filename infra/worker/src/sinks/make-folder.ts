import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'

/**
 * Makes a folder and those above it, for our own user only. Node's `recursive` never ends where a file
 * system makes no folders, as in `/proc`.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await make(folder)
  } catch (error) {
    const above = path.dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw error
    await makeFolder(above)
    await make(folder)
  }
}

async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const found = await stat(folder).catch(() => undefined)
    if (found?.isDirectory() !== true) throw error
  }
}
