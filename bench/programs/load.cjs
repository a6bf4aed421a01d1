// What the launcher does before it runs a command.
'use strict'

const { bundle, load } = require('../../bin/runmat-telemetry.js')

load(bundle)
process.exit()
