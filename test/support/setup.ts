import './guard.cjs'

// A warning in the tests is a fault: of a listener left behind, or of something deprecated.
process.on('warning', (warning) => {
  throw warning
})
