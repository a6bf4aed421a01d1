export { runmat } from '../../src/product/runmat.ts'
export { buildUsage } from '../../src/record/usage.ts'
export { nameOf } from '../../src/store/queue.ts'
export { freshStats } from '../../src/store/stats.ts'
