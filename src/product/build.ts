/** Filled in when the package is built; see scripts/build.js. */
declare const BUILD_VERSION: string
declare const BUILD_INGESTION_KEY: string

export const buildVersion: string = BUILD_VERSION
export const buildIngestionKey: string = BUILD_INGESTION_KEY
