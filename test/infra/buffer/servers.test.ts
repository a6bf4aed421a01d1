// In one file, because these tests mostly wait, and tests of one file wait concurrently.
import './cluster.ts'
import './rights.ts'
import './single.ts'
