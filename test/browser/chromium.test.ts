import { afterAll, beforeAll, describe } from 'vitest'

import { hasChromium } from '../support/chromium.ts'
import { tempHome } from '../support/home.ts'
import { deliveryCases } from './cases/delivery.ts'
import { hostileCases } from './cases/hostile.ts'
import { noCases } from './cases/no.ts'
import { endCases } from './cases/page-end.ts'
import { realWorkerCases } from './cases/real-worker.ts'
import { withdrawalCases } from './cases/withdrawal.ts'
import { workerCases } from './cases/worker.ts'
import { openStage, type Stage } from './stage.ts'

describe.skipIf(!hasChromium)('in Chromium', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(tempHome())
  })
  afterAll(() => stage.close())

  for (const cases of [
    noCases,
    deliveryCases,
    endCases,
    withdrawalCases,
    hostileCases,
    workerCases,
    realWorkerCases,
  ]) {
    cases(() => stage)
  }
})
