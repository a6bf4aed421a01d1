import { productVariable } from '../store/process-identity.ts'
import { own, runCommandLine } from './cli.ts'
import { runmat } from '../product/runmat.ts'

/**
 * Where the one file starts. It is its own uploader as well: told so by this argument and by the
 * variable that goes with it, so that neither a stray variable nor a word that somebody types
 * starts one.
 */
const asUploader = '--as-uploader'

async function start([first, ...others]: readonly string[]): Promise<void> {
  if (first === asUploader && others.length === 0 && process.env[productVariable]) {
    await import('./uploader.ts')
    return
  }
  const argv = first === undefined ? [] : [first, ...others]
  const uploader = { command: process.execPath, args: [asUploader] }
  process.exitCode ??= await runCommandLine(runmat, own, argv, uploader)
}

void start(process.argv.slice(2))
