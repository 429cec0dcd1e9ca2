// The demo API in Express and in Hono, protected by the SDK, against the real server.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { createVerifier } from '@latchkey/sdk/verify'
import { binary, freePort, LatchkeyServer } from './support/server.mjs'
import { makeApp } from '../examples/hono.mjs'

const example = new URL('../examples/express.mjs', import.meta.url).pathname
const kPatienceMs = 60_000

async function until(what, isTrue) {
  const end = Date.now() + kPatienceMs
  while (Date.now() < end) {
    if (await isTrue()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`it never came: ${what}`)
}

function startDemo(server, port) {
  const env = { ...process.env, LATCHKEY_SERVER: server.url, PORT: String(port),
    LATCHKEY_VERIFIER_TOKEN: server.verifierToken }
  const demo = spawn(process.execPath, [example], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    demo.stdout.once('data', () => resolve(demo))
    demo.once('exit', (code) => reject(new Error(`the demo ended: ${code}`)))
  })
}

describe('the demo API', { skip: !binary && 'LATCHKEY_BINARY is not set' }, () => {
  let server, demo, url
  before(async () => {
    server = await LatchkeyServer.start()
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    await server.makeApi(url)
    demo = await startDemo(server, port)
  })
  after(async () => {
    demo?.kill()
    await server?.stop()
  })

  const get = (token, path = '/licenses') =>
    fetch(url + path, { headers: token ? { authorization: `Bearer ${token}` } : {} })

  test('is protected in ten lines', () => {
    const text = readFileSync(example, 'utf8')
    const ours = text.split('\n').filter((line) => /verif|protect|latchkey/i.test(line) &&
      !line.startsWith('//'))
    assert.ok(ours.length <= 10, ours.join('\n'))
  })

  for (const kind of ['jwt', 'opaque']) {
    test(`a ${kind} token is let in, told what is missing, and refused once it is revoked`, async () => {
      const { token, id, owner } = await server.mint({ kind })
      const good = await get(token)
      assert.equal(good.status, 200, await good.clone().text())
      assert.deepEqual(await good.json(), { owner, token: id })

      const other = await server.mint({ kind, scopes: ['product:read'] })
      const denied = await get(other.token)
      assert.equal(denied.status, 403)
      assert.match(denied.headers.get('www-authenticate'), /scope="license:read"/)
      assert.deepEqual((await denied.json()).missingScopes, ['license:read'])

      await server.call('POST', `/v1/tokens/${id}/revoke`, {})
      await until('the refusal', async () => (await get(token)).status === 401)
      const refused = await (await get(token)).json()
      assert.equal(refused.verdict, 'revoked')
    })
  }

  test('no token, a token of another API and a forged one are 401', async () => {
    const none = await get(undefined)
    assert.equal(none.status, 401)
    assert.equal(none.headers.get('www-authenticate'), 'Bearer')
    const foreign = await server.call('POST', '/v1/tokens',
      { name: 'foreign', api: 'latchkey', scopes: ['token:read'] })
    assert.equal((await (await get(foreign.token)).json()).verdict, 'wrong_audience')
    const { token } = await server.mint()
    const forged = token.slice(0, -4) + (token.endsWith('AAAA') ? 'BBBB' : 'AAAA')
    assert.equal((await get(forged)).status, 401)
  })

  test('a token that is bound to an address is asked about, and refused from elsewhere', async () => {
    const here = await server.mint({ allowedIps: ['127.0.0.1'] })
    const there = await server.mint({ allowedIps: ['192.0.2.0/24'] })
    assert.equal((await get(here.token)).status, 200)
    assert.equal((await (await get(there.token)).json()).verdict, 'address_not_allowed')
  })

  test('the same in Hono', async () => {
    const verifier = createVerifier({ issuer: server.url, audience: 'licensing-api',
      token: server.verifierToken })
    after(() => verifier.close())
    const app = makeApp(verifier)
    const ask = (token) => app.request('/licenses',
      { headers: token ? { authorization: `Bearer ${token}` } : {} })
    const { token, owner } = await server.mint()
    assert.deepEqual(await (await ask(token)).json(), { owner })
    const other = await server.mint({ scopes: ['product:read'] })
    const denied = await ask(other.token)
    assert.equal(denied.status, 403)
    assert.deepEqual((await denied.json()).missingScopes, ['license:read'])
    assert.equal((await ask(undefined)).status, 401)
  })

  test('a verifier of two APIs takes for one only what is for that one', async () => {
    await server.call('POST', '/v1/apis', { slug: 'billing', audience: 'billing-api',
      name: 'Billing', scopes: [{ name: 'license:read' }] })
    const user = await server.call('POST', '/v1/users',
      { kind: 'machine', name: 'both', verifies: ['licensing', 'billing'] })
    const { token } = await server.call('POST', `/v1/tokens?owner=${user.id}`,
      { name: 'both', api: 'latchkey', kind: 'opaque', scopes: ['token:verify'] })
    for (const kind of ['opaque', 'jwt']) {
      const tokens = {}
      for (const api of ['licensing', 'billing']) tokens[api] = (await server.mint({ api, kind })).token
      for (const revocation of ['stream', 'ask']) {
        for (const mine of ['licensing', 'billing']) {
          const verifier = createVerifier({ issuer: server.url, audience: `${mine}-api`, token,
            revocation })
          for (const theirs of ['licensing', 'billing']) {
            const { verdict } = await verifier.verify(tokens[theirs], { scopes: ['license:read'] })
            assert.equal(verdict, mine === theirs ? 'active' : 'wrong_audience',
              `${kind} of ${theirs} at ${mine} by ${revocation}`)
          }
          await verifier.close()
        }
      }
    }
  })

  test('with the authority dead it goes on within the bound, then cannot tell, then recovers', async () => {
    const verifier = createVerifier({ issuer: server.url, audience: 'licensing-api',
      token: server.verifierToken, maxStalenessSeconds: 8 })
    try {
      await verifier.ready()
      const { token } = await server.mint()
      const opaque = await server.mint({ kind: 'opaque' })
      const verdict = async (one) => (await verifier.verify(one)).verdict
      assert.equal(await verdict(token), 'active')
      assert.equal(await verdict(opaque.token), 'active')
      await server.kill()
      assert.equal(await verdict(token), 'active')
      assert.equal(await verdict(opaque.token), 'active')
      await until('it cannot tell', async () => (await verdict(token)) === 'not_current')
      await until('it has nothing to say', async () => (await verdict(opaque.token)) === 'not_current')
      assert.equal((await verifier.verify(token, { onStale: 'allow' })).isStale, true)
      await server.open()
      await until('it tells again', async () => (await verdict(token)) === 'active')
      await until('it asks again', async () => (await verdict(opaque.token)) === 'active')
    } finally {
      await verifier.close()
    }
  })
})
