// Prints the tests that failed, with their reasons, and how many passed: `node scripts/summary.js
// report.json …`, each the report of one test run. Of a run that left none it prints the end of its
// output, from the .log beside. The last line is the total.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const sum = { passed: 0, failed: 0, pending: 0 }
for (const file of process.argv.slice(2)) {
  const run = path.basename(file, '.json')
  const text = read(file)
  if (text === '') {
    const output = read(file.replace(/\.json$/, '.log'))
      .trimEnd()
      .split('\n')
      .slice(-40)
    console.log(`\n${run}: no report; its output ends with\n${output.join('\n')}`)
  } else add(run, JSON.parse(text))
}
const skipped = sum.pending > 0 ? `, ${sum.pending} skipped` : ''
console.log(`${sum.passed} passed, ${sum.failed} failed${skipped}`)

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function add(run, { numPassedTests, numFailedTests, numPendingTests, testResults }) {
  sum.passed += numPassedTests
  sum.failed += numFailedTests
  sum.pending += numPendingTests
  for (const { name, status, message, assertionResults } of testResults) {
    const failed = assertionResults.filter((one) => one.status === 'failed')
    const where = `${run}: ${path.relative('.', name)}`
    for (const { fullName, failureMessages } of failed) {
      console.log(`\nFailed, ${where}: ${fullName}\n${failureMessages.map(ours).join('\n')}`)
    }
    // A file can fail as a whole, before its tests or after them.
    if (status === 'failed' && failed.length === 0) console.log(`\nFailed, ${where}\n${message}`)
  }
}

/** A failure without the stack frames of the test tools. */
function ours(message) {
  return message
    .split('\n')
    .filter(
      (line) => !/^ +at .*(node_modules|node:internal|\(<anonymous>\)|new Promise)/.test(line),
    )
    .join('\n')
}
