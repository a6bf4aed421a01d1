'use strict'
// Loaded into a process under test: each look at its clock finds it further ahead, as after a sleep of
// the machine.
let leaps = 0
const { now } = Date
Date.now = () => now() + (leaps += 20_000)
