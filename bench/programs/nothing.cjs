// An empty program: the time that Node takes for any file.
'use strict'

process.exitCode = 0
