import path from 'node:path'

import { steadyMs } from '../files/clock.ts'
import { namesIn, statLink } from '../files/read.ts'
import type { Paths } from '../settings/paths.ts'
import { readLedger } from './ledger.ts'

/** Our installers give a post three seconds. They are scripts, and can't ask again before its last byte. */
const longestMs = 4000
/** Their clocks may count whole seconds. */
const roundedMs = 1000

type Places = Pick<Paths, 'state' | 'ledger'>

/** Waits until no post of an installer is under way. The caller has written an opt-out. */
export async function installersEnd(paths: Places): Promise<void> {
  const end = steadyMs() + longestMs + roundedMs
  while (isInstallerPosting(paths) && steadyMs() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * install.sh makes a mark and removes it. install.ps1 can't remove one, as its posts go on without it,
 * but puts each on record first.
 */
function isInstallerPosting({ state, ledger }: Places): boolean {
  const isMark = (name: string) => name.startsWith('installer-') && isRecent(path.join(state, name))
  if (namesIn(state).some(isMark)) return true
  if (!isRecent(ledger)) return false
  const last = readLedger(ledger).find(({ via }) => via === 'installer')
  const { method } = (last?.event ?? {}) as { method?: unknown }
  return method === 'powershell' && isWithin(Date.parse(last?.sent_at ?? ''), longestMs + roundedMs)
}

function isRecent(file: string): boolean {
  return isWithin(statLink(file)?.mtimeMs ?? NaN, longestMs)
}

function isWithin(time: number, ms: number): boolean {
  return Math.abs(Date.now() - time) < ms
}
