// What the launcher does before it runs a command.
'use strict'

const { open } = require('../../bin/runmat-telemetry.js')

open('cli')
process.exit()
