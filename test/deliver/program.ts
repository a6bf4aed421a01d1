// Posts what its parent says, gives up when the parent closes its input, and ends by itself.
import { openHttpClient, type HttpClientOptions } from '../../src/deliver/http/client.ts'

const { bodies, ...options } = JSON.parse(process.argv[2] ?? '') as Omit<
  HttpClientOptions,
  'env'
> & {
  bodies: readonly string[]
}
const client = openHttpClient({ ...options, env: process.env })
process.stdin.on('end', () => client.close()).resume()
const outcomes = []
for (const body of bodies) outcomes.push(await client.post(body))
process.stdout.write(JSON.stringify(outcomes))
process.stdin.unref()
