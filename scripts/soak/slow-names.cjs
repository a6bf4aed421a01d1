'use strict'
// Makes one name resolve to this machine, with a delay, whichever API looks it up.
const dns = require('node:dns')

const { SLOW_NAME: name, SLOW_NAME_MS: delay } = process.env
const lookup = dns.lookup
dns.lookup = (host, options, callback) => {
  const done = callback ?? options
  if (host !== name) return lookup(host, options, callback)
  const found = options?.all ? [[{ address: '127.0.0.1', family: 4 }]] : ['127.0.0.1', 4]
  setTimeout(() => done(null, ...found), Number(delay))
}
const resolve4 = dns.Resolver.prototype.resolve4
dns.Resolver.prototype.resolve4 = function (host, done) {
  if (host !== name) return resolve4.call(this, host, done)
  setTimeout(() => done(null, ['127.0.0.1']), Number(delay))
}
