import { randomBytes } from 'node:crypto'
import os from 'node:os'

import type { Samples } from './prometheus.ts'

/**
 * This process among its siblings: the host's name, and a random part, because on Cloud Run every
 * host has one name. New with each start, as the counters are.
 */
export const thisInstance = `${os.hostname().replaceAll(/[^\w.-]/g, '_')}-${randomBytes(4).toString('hex')}`

/**
 * The instance that answered. It is a separate metric, because a scraper puts its own `instance` on
 * every sample and would rename ours.
 */
export const instanceInfo: Samples = [[`{instance="${thisInstance}"}`, 1]]
