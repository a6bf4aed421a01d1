import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'

/**
 * Runs a command in this terminal, in exactly this environment, and says how it ended. The code is
 * what a shell would give.
 *
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number, interrupted: boolean }>}
 */
export function runJob([program, ...args], env) {
  if (!program) throw new Error('which command? Give it after --')
  // Ctrl-C reaches the job as well; we stay to see how it ends, and to count that.
  const stay = () => undefined
  process.on('SIGINT', stay)
  const job = spawn(program, args, { env, stdio: 'inherit' })
  return new Promise((resolve) => {
    const end = (/** @type {number} */ code, interrupted = false) => {
      process.off('SIGINT', stay)
      resolve({ code, interrupted })
    }
    job.on('error', (error) => {
      console.error(`roar: ${error.message}`)
      end(127)
    })
    job.on('close', (code, signal) => {
      if (signal === null) end(code ?? 1)
      else end(128 + constants.signals[signal], true)
    })
  })
}
