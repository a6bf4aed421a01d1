// The real worker on loopback.
import { build, openService } from './service.js'

export function openWorker({ at, env, folder }, key, settings) {
  build('worker', at('worker'))
  const service = openService({
    program: at('worker/worker.js'),
    cwd: folder,
    env: ({ port = 0 }) => ({
      ...env,
      HOST: '127.0.0.1',
      PORT: String(port),
      INGESTION_KEY: key,
      ...settings,
    }),
    ports: ({ port }) => ({ port }),
  })
  return { ...service, url: () => `http://127.0.0.1:${service.ports().port}` }
}
