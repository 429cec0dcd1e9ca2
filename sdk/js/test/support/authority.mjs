// An authority over real HTTP that does what a test wants of it, most of it wrong.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createServer } from 'node:http'
import { deflateSync } from 'node:zlib'

export const AUDIENCE = 'licensing-api'
const OWNER = '01a3b6b0-1111-7222-8333-944455566677'
const BASE57 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

function randomJti() {
  let value = BigInt(`0x${randomBytes(16).toString('hex')}`)
  let text = ''
  for (let i = 0; i < 22; ++i) {
    text = BASE57[Number(value % 57n)] + text
    value /= 57n
  }
  return text
}

export class Authority {
  requests = []
  handlers = {}
  statuses = Buffer.alloc(256)
  #keys = new Map()

  static async start() {
    const authority = new Authority()
    authority.addKey('k1')
    authority.http = createServer((request, response) => authority.#answer(request, response))
    await new Promise((resolve) => authority.http.listen(0, '127.0.0.1', resolve))
    authority.url = `http://127.0.0.1:${authority.http.address().port}`
    return authority
  }

  async stop() {
    this.http.closeAllConnections()
    await new Promise((resolve) => this.http.close(resolve))
  }

  addKey(kid) {
    this.#keys.set(kid, generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  }

  removeKey(kid) {
    this.#keys.delete(kid)
  }

  keySet() {
    const keys = [...this.#keys].map(([kid, { publicKey }]) => ({
      ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig',
    }))
    return JSON.stringify({ keys })
  }

  sign(header, claims, kid = 'k1') {
    const text = `${encode({ alg: 'ES256', kid, ...header })}.${encode(claims)}`
    const key = { key: this.#keys.get(kid).privateKey, dsaEncoding: 'ieee-p1363' }
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
  }

  token(changes = {}, kid = 'k1') {
    const made = Math.floor(Date.now() / 1000) - 60
    return this.sign({ typ: 'JWT' }, {
      aud: [AUDIENCE], iat: made, iss: this.url, jti: randomJti(), nbf: made, sub: OWNER,
      scope: 'license:read', status: { status_list: { idx: 7, uri: `${this.url}/status/0` } },
      ...changes,
    }, kid)
  }

  list(changes = {}, packed = deflateSync(this.statuses)) {
    const now = Math.floor(Date.now() / 1000)
    return this.sign({ typ: 'statuslist+jwt' }, {
      iss: this.url, sub: `${this.url}/status/0`, iat: now, exp: now + 300, ttl: 1,
      status_list: { bits: 2, lst: packed.toString('base64url') }, ...changes,
    })
  }

  #answer(request, response) {
    const path = request.url.split('?')[0]
    this.requests.push({ path, headers: request.headers })
    const handler = this.handlers[path]
    if (handler) return void handler(request, response)
    if (path === '/.well-known/jwks.json') return void response.end(this.keySet())
    if (path === '/status/0') return void response.end(this.list())
    response.statusCode = 404
    response.end()
  }

  count(path) {
    return this.requests.filter((one) => one.path === path).length
  }
}

/** A stream that a test writes frames to. */
export class Stream {
  connections = []
  lastIds = []

  handler = (request, response) => {
    this.lastIds.push(request.headers['last-event-id'])
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    this.connections.push(response)
    this.opened?.(response, this.connections.length)
  }

  static head(revision, from = revision + 1, epoch = 1) {
    return Stream.frame('head', `${epoch}.${revision}`,
      { from, to: revision, epoch, revision, at: new Date().toISOString() })
  }

  static change(revision, facts, from = revision) {
    return Stream.frame('change', `1.${revision}`, { from, to: revision, event: { epoch: 1,
      revision, at: new Date().toISOString(), type: 'token.revoked', data: { facts } } })
  }

  static frame(event, id, data) {
    return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
  }
}
