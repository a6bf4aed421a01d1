import path from 'node:path'

import { steadyMs } from '../files/clock.ts'
import { namesIn, statLink } from '../files/read.ts'
import { removeFile, writeNewFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { readLedger } from './ledger.ts'

/**
 * What no process of ours can stop any more takes no longer. Our installers give a post three seconds; they
 * are scripts, and can't ask again before its last byte. As long, the kernel looks for the receiver of a
 * datagram in the local network.
 */
const longestMs = 4000
/** The clocks of installers may count whole seconds. */
const roundedMs = 1000

type Places = Pick<Paths, 'state' | 'ledger'>

/** Makes a mark that stands for that time, or until it is removed by what this returns. */
export function markLeaving({ state }: Pick<Paths, 'state'>, id: string): () => void {
  const mark = path.join(state, `${prefix}${id}.tmp`)
  try {
    writeNewFile(mark, '', false)
  } catch {
    // It was made for the same event, or nothing can be written any more.
  }
  return () => void removeFile(mark)
}

const prefix = 'leaving-'

/** Waits until nothing of that kind is under way. The caller has written an opt-out. */
export async function allHasLeft(paths: Places): Promise<void> {
  const end = steadyMs() + longestMs + roundedMs
  while (isLeaving(paths) && steadyMs() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * install.sh makes such marks, too. install.ps1 can't remove one, as its posts go on without it, but puts
 * each on record first.
 */
function isLeaving({ state, ledger }: Places): boolean {
  const isMark = (name: string) => name.startsWith(prefix) && isRecent(path.join(state, name))
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
