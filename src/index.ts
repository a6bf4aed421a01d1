export { runCommands, type CommandOptions } from './commands.ts'
export type { UploaderProgram } from './deliver/detach.ts'
export type { Explained, Place, Product, RuntimeFacts } from './product/product.ts'
export { runmat } from './product/runmat.ts'
export type { InstallFacts } from './record/install.ts'
export type { RunFinish, RunStart } from './record/run.ts'
export type { Run } from './runs.ts'
export {
  openTelemetry,
  type CountDetails,
  type Telemetry,
  type TelemetryOptions,
} from './telemetry.ts'
export { readSurroundings, type Surroundings } from './settings/surroundings.ts'
