// A host that does nothing, to compare with one that does nothing but telemetry.
process.exitCode = 0
