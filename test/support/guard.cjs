'use strict'
// Loaded into every process of the tests. A connection to anywhere but this machine is refused and
// written down; the suite fails if there is one. Names under .invalid resolve to nothing, as the
// standard promises, without asking anybody.
const dgram = require('node:dgram')
const dns = require('node:dns')
const { appendFileSync } = require('node:fs')
const net = require('node:net')

const local = /^(localhost|::1|0\.0\.0\.0|::|127(\.\d+){3}|::ffff:127(\.\d+){3})$/

function refuse(host) {
  if (!String(host).endsWith('.invalid') && process.env.TEST_TRIPWIRE) {
    appendFileSync(
      process.env.TEST_TRIPWIRE,
      `${host} from ${process.argv.join(' ')} in ${process.env.HOME}\n`,
    )
  }
  const error = new Error(`getaddrinfo ENOTFOUND ${host}`)
  return Object.assign(error, { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo' })
}

const lookup = dns.lookup
dns.lookup = (host, options, callback) => {
  const done = callback ?? options
  if (host === null || host === '' || local.test(host)) return lookup(host, options, callback)
  process.nextTick(done, refuse(host))
  return {}
}
const lookupPromise = dns.promises.lookup
dns.promises.lookup = async (host, options) => {
  if (!local.test(host)) throw refuse(host)
  return lookupPromise(host, options)
}
for (const name of ['resolve4', 'resolve6']) {
  const resolve = dns.Resolver.prototype[name]
  dns.Resolver.prototype[name] = function (host, ...rest) {
    if (local.test(host)) return resolve.call(this, host, ...rest)
    process.nextTick(rest.at(-1), refuse(host))
    return {}
  }
}
const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args
  const host = typeof first === 'object' ? first.host : typeof args[1] === 'string' ? args[1] : ''
  if (host && net.isIP(host) && !local.test(host)) {
    this.destroy(refuse(host))
    return this
  }
  return connect.apply(this, args)
}
const send = dgram.Socket.prototype.send
dgram.Socket.prototype.send = function (...args) {
  const host = args.findLast((one) => typeof one === 'string')
  if (host && net.isIP(host) && !local.test(host)) throw refuse(host)
  return send.apply(this, args)
}
