// A host that does nothing, to be held against one that does nothing but telemetry.
process.exitCode = 0
