export type { UploaderProgram } from './deliver/detach.ts'
export type { Product } from './product/product.ts'
export { runmat } from './product/runmat.ts'
export { openTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts'
