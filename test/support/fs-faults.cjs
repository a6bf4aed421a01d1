'use strict'
// Loaded into a process under test. TEST_FS_LOG names a file that gets a line for each call that
// makes content or names durable, lists a folder or removes a file. TEST_FS_FAIL and TEST_FS_HOLD are expressions over such lines: a call
// that matches fails, or waits until the file in TEST_FS_GO exists. `open <file>`, to read it, can only
// fail. Where TEST_FS_WHILE names a file, calls fail only while it exists;
// TEST_FS_TIMES is how often they fail, always if not given.
const fs = require('node:fs')

const { TEST_FS_LOG, TEST_FS_FAIL, TEST_FS_WHILE, TEST_FS_TIMES, TEST_FS_HOLD, TEST_FS_GO } =
  process.env
const { appendFileSync, existsSync } = fs
const names = new Map()
let failures = 0

function meet(line) {
  if (TEST_FS_LOG) appendFileSync(TEST_FS_LOG, `${line}\n`)
  failAt(line, 'ENOSPC')
  if (!TEST_FS_HOLD || !new RegExp(TEST_FS_HOLD).test(line)) return
  appendFileSync(`${TEST_FS_GO}.held`, `${line}\n`)
  while (!existsSync(TEST_FS_GO)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
}

function failAt(line, code) {
  if (TEST_FS_WHILE && !existsSync(TEST_FS_WHILE)) return
  if (TEST_FS_TIMES && failures >= Number(TEST_FS_TIMES)) return
  if (TEST_FS_FAIL && new RegExp(TEST_FS_FAIL).test(line)) {
    failures += 1
    if (TEST_FS_WHILE) appendFileSync(`${TEST_FS_WHILE}.met`, `${line}\n`)
    const [, path] = line.split(' ')
    throw Object.assign(new Error(`${code}: ${line}`), { code, path })
  }
}

const { openSync, fsyncSync, renameSync, linkSync, readdirSync, unlinkSync } = fs
fs.openSync = (file, flags, mode) => {
  if (flags === 'wx') meet(`create ${file}`)
  else failAt(`open ${file}`, 'EIO')
  const descriptor = openSync(file, flags, mode)
  names.set(descriptor, file)
  return descriptor
}
fs.fsyncSync = (descriptor) => {
  meet(`fsync ${names.get(descriptor)}`)
  fsyncSync(descriptor)
}
fs.renameSync = (from, to) => {
  meet(`rename ${from} -> ${to}`)
  renameSync(from, to)
}
fs.linkSync = (from, to) => {
  meet(`link ${from} -> ${to}`)
  linkSync(from, to)
}
fs.readdirSync = (folder, options) => {
  meet(`list ${folder}`)
  return readdirSync(folder, options)
}
fs.unlinkSync = (file) => {
  meet(`remove ${file}`)
  unlinkSync(file)
}
