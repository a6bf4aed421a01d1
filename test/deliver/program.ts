// Posts what its parent says, gives up when the parent closes its input, and ends by itself.
import { openPoster, type PosterOptions } from '../../src/deliver/post.ts'

const { bodies, ...options } = JSON.parse(process.argv[2] ?? '') as Omit<PosterOptions, 'env'> & {
  bodies: readonly string[]
}
const poster = openPoster({ ...options, env: process.env })
process.stdin.on('end', () => poster.close()).resume()
const outcomes = []
for (const body of bodies) outcomes.push(await poster.post(body))
process.stdout.write(JSON.stringify(outcomes))
process.stdin.unref()
