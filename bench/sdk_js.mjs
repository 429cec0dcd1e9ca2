// What a verification costs in the JavaScript SDK and in jose, on the same token in one run: known
// to the cache, and seen for the first time. Rounds in turn; prints the medians as JSON. With
// --binary also how long a revoke takes: from the server's answer to the first refusal by a verifier
// that hears its event stream.
//
//   node bench/sdk_js.mjs [--rounds 7] [--seconds 0.5] [--binary build/release/latchkey]
//
// The SDK is built first, and jose comes from its test packages: npm ci in sdk/js.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { parseArgs } from 'node:util'
import { deflateSync } from 'node:zlib'

const sdk = new URL('../sdk/js/', import.meta.url)
execFileSync(process.execPath, [new URL('tools/build.mjs', sdk).pathname], { stdio: 'inherit' })
const { createVerifier } = await import(new URL('dist/verify/index.js', sdk).href)
const { createRemoteJWKSet, customFetch, jwtVerify } =
  await import(new URL('node_modules/jose/dist/webapi/index.js', sdk).href)

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '7' },
  seconds: { type: 'string', default: '0.5' },
  revokes: { type: 'string', default: '1000' },
  binary: { type: 'string' },
} })
const ISSUER = 'https://bench.example.com'
const AUDIENCE = 'licensing-api'
const scopes = ['license:read']

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

function signed(typ, claims) {
  const text = `${base64url({ alg: 'ES256', kid: 'bench', typ })}.${base64url(claims)}`
  const key = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

function makeToken() {
  const made = Math.floor(Date.now() / 1000) - 3600
  return signed('JWT', { aud: [AUDIENCE], iat: made, iss: ISSUER, jti: 'nRJCgUwE5kqMXbRm6bqa22',
    nbf: made, sub: '01a3b6b0-1111-7222-8333-944455566677', exp: made + 86_400,
    scope: 'license:read', status: { status_list: { idx: 7, uri: `${ISSUER}/status/0` } } })
}

/** What the issuer publishes: its keys, and a list of a million tokens. */
function makeFetch() {
  const now = Math.floor(Date.now() / 1000)
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' }
  const documents = {
    [`${ISSUER}/.well-known/jwks.json`]: JSON.stringify({ keys: [jwk] }),
    [`${ISSUER}/status/0`]: signed('statuslist+jwt', { iss: ISSUER, sub: `${ISSUER}/status/0`,
      iat: now, exp: now + 3600, ttl: 5,
      status_list: { bits: 2, lst: deflateSync(Buffer.alloc(262_144)).toString('base64url') } }),
  }
  return async (url) => new Response(documents[url])
}

async function perSecond(work) {
  const end = performance.now() + Number(options.seconds) * 1000
  const begun = performance.now()
  let count = 0
  for (; performance.now() < end; ++count) await work()
  return (count / (performance.now() - begun)) * 1000
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

async function measureVerifications() {
  const token = makeToken()
  const fetch = makeFetch()
  const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`), { [customFetch]: fetch })
  const common = { issuer: ISSUER, audience: AUDIENCE, fetch }
  const [warm, cold] = [createVerifier(common), createVerifier({ ...common, cacheSize: 0 })]
  const mustBe = (isGood) => {
    if (!isGood) throw new Error('a good token was refused')
  }
  const contenders = {
    jose: () => jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE, typ: 'JWT',
      algorithms: ['ES256'] }).then(({ payload }) => mustBe(payload.scope === 'license:read')),
    hit: () => warm.verify(token, { scopes }).then(({ ok }) => mustBe(ok)),
    cold: () => cold.verify(token, { scopes }).then(({ ok }) => mustBe(ok)),
  }
  const rounds = []
  for (let round = 0; round <= Number(options.rounds); ++round) {
    const figures = {}
    for (const [name, work] of Object.entries(contenders)) figures[name] = await perSecond(work)
    if (round > 0) rounds.push(figures) // the first one warms up
  }
  const of = (pick) => median(rounds.map(pick))
  return {
    jose: of((one) => one.jose), hit: of((one) => one.hit), cold: of((one) => one.cold),
    hit_ratio: of((one) => one.hit / one.jose), cold_ratio: of((one) => one.cold / one.jose),
  }
}

/** Milliseconds from the answer to a revoke to the first refusal, and whether any came at once. */
async function measureRevokes(binary) {
  process.env.LATCHKEY_BINARY = binary
  const { LatchkeyServer } = await import(new URL('test/support/server.mjs', sdk).href)
  const server = await LatchkeyServer.start()
  const verifiers = []
  try {
    await server.makeApi()
    const verifier = createVerifier({ issuer: server.url, audience: AUDIENCE,
      token: server.verifierToken })
    verifiers.push(verifier)
    await verifier.ready()
    const times = []
    for (let count = 0; count < Number(options.revokes); ++count) {
      const { token, id } = await server.mint()
      if (!(await verifier.verify(token)).ok) throw new Error('a new token was refused')
      await server.call('POST', `/v1/tokens/${id}/revoke`, {})
      const answered = performance.now()
      while ((await verifier.verify(token)).ok) {
        if (performance.now() - answered > 30_000) throw new Error('a revoke was never felt')
        await new Promise((resolve) => setImmediate(resolve))
      }
      times.push(performance.now() - answered)
    }
    times.sort((a, b) => a - b)
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))]
    return { revokes: times.length, revoke_p50_ms: at(0.5), revoke_p99_ms: at(0.99),
      revoke_max_ms: times.at(-1) }
  } finally {
    await Promise.all(verifiers.map((one) => one.close()))
    await server.stop()
  }
}

const found = await measureVerifications()
if (options.binary) Object.assign(found, await measureRevokes(options.binary))
console.log(JSON.stringify(found))
