// What Node takes for a file, whatever it does.
'use strict'

process.exitCode = 0
