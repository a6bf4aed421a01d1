'use strict'

// Loaded into the commands whose screens are taken: the clock stands still, chance is always the
// same, with TEST_READ_ONLY nothing can be written, not even by root, and with TEST_UID another user
// has started them.
const fs = require('node:fs')

require('../../scripts/pictures/clock.cjs')
Math.random = () => 0.5

if (process.env.TEST_UID) process.geteuid = () => Number(process.env.TEST_UID)

if (process.env.TEST_READ_ONLY) {
  for (const name of ['mkdirSync', 'renameSync', 'unlinkSync', 'linkSync', 'rmSync']) refuse(name)
  const open = fs.openSync
  fs.openSync = (file, flags, mode) => {
    const isRead =
      flags === undefined || flags === 'r' || (typeof flags === 'number' && !(flags & 3))
    if (!isRead) throw readOnly(file)
    return open(file, flags, mode)
  }
  for (const name of ['writeFileSync', 'appendFileSync']) refuse(name)
  const access = fs.accessSync
  fs.accessSync = (file, mode = 0) => {
    if (mode & fs.constants.W_OK) throw readOnly(file)
    return access(file, mode)
  }
}

function refuse(name) {
  fs[name] = (file) => {
    throw readOnly(file)
  }
}

function readOnly(file) {
  const error = new Error(`EROFS: read-only file system, '${file}'`)
  return Object.assign(error, { code: 'EROFS', errno: -30, path: String(file) })
}
