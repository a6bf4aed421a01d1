import { productVariable } from '../store/process-identity.ts'
import { own, runCommandLine } from './cli.ts'
import { runmat } from '../product/runmat.ts'

/**
 * Where the executable starts. It is also its own uploader, if it gets both this argument and the
 * variable that goes with it. Neither a stray variable nor a typed word alone starts an uploader.
 */
const asUploader = '--as-uploader'

async function start([first, ...others]: readonly string[]): Promise<void> {
  if (first === asUploader && others.length === 0 && process.env[productVariable]) {
    await import('./uploader.ts')
    return
  }
  const argv = first === undefined ? [] : [first, ...others]
  const uploader = () => ({ command: process.execPath, args: [asUploader] })
  process.exitCode ??= await runCommandLine(runmat, own, argv, uploader)
  // All is said and done, and to tear the runtime down takes a fifth of the whole time. A terminal of
  // Windows may still be busy with what we said.
  if (process.platform !== 'win32') process.exit()
}

void start(process.argv.slice(2))
