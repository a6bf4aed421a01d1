// In one file, because most of it is waiting, and what is in one file waits together.
import './cluster.ts'
import './rights.ts'
import './single.ts'
