// The holder of a key token: keys of every kind, exchange, refresh, clocks, redirects.
import assert from 'node:assert/strict'
import { generateKeyPairSync, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { AuthProvider } from '@latchkey/sdk/auth'
import { decryptPbes2 } from '../dist/auth/pbes2.js'
import { Network, respond } from './support/network.mjs'

const ISSUER = 'https://latchkey.example'
const ENDPOINT = `${ISSUER}/oauth2/token`
const TOKEN_ID = '01a3b6c0-54a7-7c2e-8f0a-3d5b7e9c1a24'
const PASSPHRASE = 'a passphrase that nobody guesses'

const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  RS512: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  Ed25519: generateKeyPairSync('ed25519'),
}
const pemOf = (algorithm, more = {}) =>
  pairs[algorithm].privateKey.export({ type: 'pkcs8', format: 'pem', ...more })

function partsOf(assertion) {
  const [head, body] = assertion.split('.').map((one) => Buffer.from(one, 'base64url').toString())
  return [JSON.parse(head), JSON.parse(body)]
}

function isSignedBy(algorithm, assertion) {
  const at = assertion.lastIndexOf('.')
  const hash = { RS256: 'sha256', ES256: 'sha256', RS512: 'sha512', ES512: 'sha512' }[algorithm]
  const key = { key: pairs[algorithm].publicKey, dsaEncoding: 'ieee-p1363' }
  return verify(hash ?? null, Buffer.from(assertion.slice(0, at)), key,
    Buffer.from(assertion.slice(at + 1), 'base64url'))
}

/** A token endpoint that takes every assertion, and keeps them. */
class Endpoint extends Network {
  assertions = []
  forms = []
  constructor(answer = () => respond({ json: { access_token: `at-${this.assertions.length}`,
    token_type: 'Bearer', expires_in: 3600, scope: 'license:read' } })) {
    super()
    this.answers[ENDPOINT] = (init) => {
      const form = new URLSearchParams(init.body)
      this.forms.push(form)
      this.assertions.push(form.get('client_assertion'))
      return answer(this.assertions.length)
    }
  }
}

function provider(endpoint, more = {}) {
  return new AuthProvider({ server: ISSUER, tokenId: TOKEN_ID, privateKey: pemOf('ES256'),
    fetch: endpoint.fetch, ...more })
}

describe('keys', () => {
  for (const algorithm of Object.keys(pairs)) {
    test(`${algorithm} signs with its own algorithm`, async () => {
      const endpoint = new Endpoint()
      const auth = provider(endpoint, { privateKey: pemOf(algorithm), keyId: 'k1', algorithm })
      assert.equal(await auth.getToken(), 'at-1')
      const [header, claims] = partsOf(endpoint.assertions[0])
      assert.deepEqual(header, { alg: algorithm, typ: 'client-authentication+jwt', kid: 'k1' })
      assert.equal(claims.aud, ISSUER)
      assert.equal(claims.iss, TOKEN_ID)
      assert.equal(claims.sub, TOKEN_ID)
      assert.ok(claims.exp - claims.iat <= 300)
      assert.ok(isSignedBy(algorithm, endpoint.assertions[0]))
    })

    test(`${algorithm} as a JWK`, async () => {
      const endpoint = new Endpoint()
      const jwk = { ...pairs[algorithm].privateKey.export({ format: 'jwk' }), alg: algorithm }
      await provider(endpoint, { privateKey: jwk }).getToken()
      assert.ok(isSignedBy(algorithm, endpoint.assertions[0]))
    })

    test(`${algorithm} in an encrypted PEM`, async () => {
      const endpoint = new Endpoint()
      const privateKey = pemOf(algorithm, { cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
      await provider(endpoint, { privateKey, passphrase: PASSPHRASE, algorithm }).getToken()
      assert.ok(isSignedBy(algorithm, endpoint.assertions[0]))
      await assert.rejects(provider(endpoint, { privateKey }).getToken(),
        { code: 'passphrase_needed' })
      await assert.rejects(provider(endpoint, { privateKey, passphrase: 'wrong' }).getToken(),
        { code: 'wrong_passphrase' })
    })
  }

  test('a key without an algorithm says it by itself, RSA as RS256', async () => {
    for (const algorithm of ['RS256', 'ES256', 'ES512', 'Ed25519']) {
      const endpoint = new Endpoint()
      await provider(endpoint, { privateKey: pemOf(algorithm) }).getToken()
      assert.equal(partsOf(endpoint.assertions[0])[0].alg, algorithm)
    }
  })

  test('PBES2 is opened by WebCrypto alone', async () => {
    for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc']) {
      const pem = pemOf('ES256', { cipher, passphrase: PASSPHRASE })
      const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
      const opened = await decryptPbes2(new Uint8Array(der), PASSPHRASE)
      const key = createPrivateKey({ key: Buffer.from(opened), format: 'der', type: 'pkcs8' })
      assert.ok(createPublicKey(key).equals(pairs.ES256.publicKey))
      for (let i = 0; i < 100; ++i) {
        await assert.rejects(decryptPbes2(new Uint8Array(der), `wrong ${i}`),
          { code: 'wrong_passphrase' })
      }
    }
    for (const text of ['', '3000', '30820000', '3080', '3003020101', 'ff'.repeat(40)]) {
      const bytes = new Uint8Array(Buffer.from(text, 'hex'))
      await assert.rejects(decryptPbes2(bytes, PASSPHRASE), { code: 'bad_key' })
    }
  })

  test('a passphrase may be asked for, and PEM may come with its line breaks written out', async () => {
    const endpoint = new Endpoint()
    const pem = pemOf('ES256', { cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
    const auth = provider(endpoint, { privateKey: pem.replaceAll('\n', '\\n'),
      passphrase: async () => PASSPHRASE })
    assert.equal(await auth.getToken(), 'at-1')
  })

  test('a key that is somewhere else signs through a hook', async () => {
    const endpoint = new Endpoint()
    const calls = []
    const auth = provider(endpoint, { privateKey: undefined, algorithm: 'ES256', keyId: 'kms',
      sign: async (input, key) => {
        calls.push(key)
        return sign('sha256', input, { key: pairs.ES256.privateKey, dsaEncoding: 'ieee-p1363' })
      } })
    await auth.getToken()
    assert.deepEqual(calls, [{ algorithm: 'ES256', keyId: 'kms' }])
    assert.ok(isSignedBy('ES256', endpoint.assertions[0]))
  })

  test('what is no key is refused before anything is sent', async () => {
    const endpoint = new Endpoint()
    const refusals = [
      [{ privateKey: 'hello' }, 'bad_key'],
      [{ privateKey: pairs.ES256.publicKey.export({ type: 'spki', format: 'pem' }) }, 'bad_key'],
      [{ privateKey: undefined }, 'no_key'],
      [{ algorithm: 'RS256' }, 'wrong_algorithm'],
      [{ privateKey: undefined, sign: () => new Uint8Array() }, 'no_algorithm'],
      [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey
        .export({ type: 'pkcs8', format: 'pem' }) }, 'bad_key'],
    ]
    for (const [more, code] of refusals) {
      await assert.rejects(provider(endpoint, more).getToken(), { name: 'ConfigurationError', code })
    }
    assert.equal(endpoint.requests.length, 0)
  })
})

describe('exchange', () => {
  test('many callers at once cause one exchange, and the next ones none', async () => {
    const endpoint = new Endpoint()
    const auth = provider(endpoint)
    const tokens = await Promise.all(Array.from({ length: 50 }, () => auth.getToken()))
    assert.deepEqual(new Set(tokens), new Set(['at-1']))
    assert.equal(await auth.fetchProjectScopedToken(), 'at-1')
    assert.equal(endpoint.assertions.length, 1)
  })

  test('it refreshes early, once, and nobody waits for it', async () => {
    let now = 1_790_000_000_000
    const endpoint = new Endpoint()
    const seen = []
    const auth = provider(endpoint, { now: () => now, onRefresh: (event) => seen.push(event) })
    await auth.getToken()
    now += 0.69 * 3600_000
    assert.equal(await auth.getToken(), 'at-1')
    assert.equal(endpoint.assertions.length, 1)
    now += 0.15 * 3600_000
    const tokens = await Promise.all(Array.from({ length: 20 }, () => auth.getToken()))
    assert.deepEqual(new Set(tokens), new Set(['at-1']))
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(endpoint.assertions.length, 2)
    assert.equal(await auth.getToken(), 'at-2')
    now += 3600_000
    assert.equal(await auth.getToken(), 'at-3')
  })

  test('a refresh that fails in the background leaves the token that is good', async () => {
    let now = 1_790_000_000_000
    const endpoint = new Endpoint()
    const errors = []
    const auth = provider(endpoint, { now: () => now, maxRetries: 0,
      onError: (error) => errors.push(error) })
    await auth.getToken()
    delete endpoint.answers[ENDPOINT]
    now += 3000_000
    assert.equal(await auth.getToken(), 'at-1')
    while (errors.length === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(errors[0].code, 'unreachable')
    now += 3600_000
    await assert.rejects(auth.getToken(), { name: 'NetworkError', code: 'unreachable' })
  })

  test('project and scopes are asked for, each with a token of its own', async () => {
    const endpoint = new Endpoint()
    const auth = provider(endpoint, { projectId: 'p1', scopes: ['license:read'] })
    await auth.getToken()
    assert.equal(endpoint.forms[0].get('resource'), 'urn:latchkey:project:p1')
    assert.equal(endpoint.forms[0].get('scope'), 'license:read')
    assert.equal(await auth.getToken({ projectId: 'p2', scopes: [] }), 'at-2')
    assert.equal(endpoint.forms[1].get('resource'), 'urn:latchkey:project:p2')
    assert.equal(endpoint.forms[1].get('scope'), null)
    assert.equal(await auth.getToken(), 'at-1')
    assert.equal(await auth.getToken({ forceRefresh: true }), 'at-3')
  })

  test("a clock that is wrong is set by the server's Date, and a new assertion signed", async () => {
    let now = 1_790_000_000_000
    const right = now + 3600_000
    const endpoint = new Endpoint((count) => {
      const [, claims] = partsOf(endpoint.assertions.at(-1))
      const isNear = Math.abs(claims.iat - right / 1000) < 10
      return isNear ? respond({ json: { access_token: `at-${count}`, expires_in: 60 } })
        : respond({ status: 401, json: { error: 'invalid_client' },
          headers: { date: new Date(right).toUTCString() } })
    })
    const auth = provider(endpoint, { now: () => now })
    assert.equal(await auth.getToken(), 'at-2')
    const [first, second] = endpoint.assertions.map((one) => partsOf(one)[1].jti)
    assert.notEqual(first, second)
    assert.equal(await auth.getToken({ forceRefresh: true }), 'at-3')
  })

  test('a key that is refused is an error that says so, and is not tried again and again', async () => {
    const endpoint = new Endpoint(() => respond({ status: 401,
      json: { error: 'invalid_client', error_description: 'the assertion is not valid' } }))
    await assert.rejects(provider(endpoint).getToken(), (error) => {
      assert.equal(error.name, 'AuthenticationError')
      assert.equal(error.code, 'invalid_client')
      assert.match(error.hint, /still active/)
      return true
    })
    assert.equal(endpoint.assertions.length, 1)
  })

  test('what passes is tried again, every time with a new assertion', async () => {
    const endpoint = new Endpoint((count) => {
      if (count === 1) throw new TypeError('fetch failed')
      if (count === 2) return respond({ status: 503, headers: { 'retry-after': '0' } })
      return respond({ json: { access_token: 'at', expires_in: 60 } })
    })
    assert.equal(await provider(endpoint).getToken(), 'at')
    const ids = new Set(endpoint.assertions.map((one) => partsOf(one)[1].jti))
    assert.equal(ids.size, 3)
  })

  test('a redirect of the token endpoint is followed by nobody', async () => {
    const endpoint = new Endpoint(() => respond({ status: 307,
      headers: { location: 'https://evil.example/oauth2/token' } }))
    await assert.rejects(provider(endpoint).getToken(), { code: 'redirected' })
    assert.deepEqual(endpoint.requests.map((one) => one.url), [ENDPOINT])
  })

  test('answers that are none are errors', async () => {
    for (const answer of [{ body: 'hello' }, { json: { access_token: 7, expires_in: 60 } },
      { json: { access_token: 'a b', expires_in: 60 } }, { json: { access_token: 'a' } }]) {
      await assert.rejects(provider(new Endpoint(() => respond(answer))).getToken(),
        { name: 'NetworkError', code: 'bad_answer' })
    }
  })
})

describe('addresses', () => {
  test("Affinidi's names work as they are", async () => {
    const endpoint = new Endpoint()
    const auth = new AuthProvider({
      privateKey: pemOf('RS256', { cipher: 'aes-256-cbc', passphrase: PASSPHRASE }),
      passphrase: PASSPHRASE, keyId: TOKEN_ID, tokenId: TOKEN_ID, projectId: 'p1',
      tokenEndpoint: ENDPOINT, apiGatewayUrl: ISSUER, fetch: endpoint.fetch,
    })
    assert.equal(await auth.fetchProjectScopedToken(), 'at-1')
    assert.equal(partsOf(endpoint.assertions[0])[1].aud, ISSUER)
  })

  test('a token endpoint of another origin, and one without TLS, are refused', () => {
    const more = { tokenId: TOKEN_ID, privateKey: pemOf('ES256') }
    assert.throws(() => new AuthProvider({ ...more, server: ISSUER,
      tokenEndpoint: 'https://evil.example/oauth2/token' }), { code: 'foreign_address' })
    assert.throws(() => new AuthProvider({ ...more, server: 'http://latchkey.example' }),
      { code: 'unsafe_address' })
    assert.throws(() => new AuthProvider(more), { code: 'no_server' })
  })

  test('a 401 gets a new token and is sent again once', async () => {
    const endpoint = new Endpoint()
    const seen = []
    endpoint.answers['https://api.example/licenses'] = (init) => {
      seen.push(new Headers(init.headers).get('authorization'))
      return respond({ status: seen.length === 1 ? 401 : 200, body: 'fine' })
    }
    const auth = provider(endpoint, { baseUrl: 'https://api.example' })
    const answer = await auth.fetch('/licenses', { method: 'POST', body: 'x' })
    assert.equal(answer.status, 200)
    assert.deepEqual(seen, ['Bearer at-1', 'Bearer at-2'])
    await assert.rejects(auth.fetch('https://evil.example/licenses'), { code: 'foreign_address' })
  })

  test('a redirect to another origin goes on without the token', async () => {
    const endpoint = new Endpoint()
    const seen = {}
    const note = (url, answer) => {
      endpoint.answers[url] = (init) => {
        seen[url] = new Headers(init.headers).get('authorization')
        return respond(answer)
      }
    }
    note('https://api.example/a', { status: 302, headers: { location: '/b' } })
    note('https://api.example/b', { status: 307, headers: { location: 'https://cdn.example/c' } })
    note('https://cdn.example/c', { body: 'fine' })
    const answer = await provider(endpoint).fetch('https://api.example/a')
    assert.equal(await answer.text(), 'fine')
    assert.deepEqual(seen, { 'https://api.example/a': 'Bearer at-1',
      'https://api.example/b': 'Bearer at-1', 'https://cdn.example/c': null })
    note('https://api.example/a', { status: 302, headers: { location: 'http://api.example/b' } })
    await assert.rejects(provider(endpoint).fetch('https://api.example/a'),
      { code: 'unsafe_address' })
  })
})

describe('the credentials file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sdk-'))
  const path = join(folder, 'deploy.json')
  const write = (more) => writeFileSync(path, JSON.stringify({ version: 1, server: ISSUER,
    tokenEndpoint: ENDPOINT, tokenId: TOKEN_ID, keyId: 'k1', projectId: 'p1', algorithm: 'ES256',
    privateKey: pemOf('ES256'), ...more }))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

  test('is read, and read again when its key is refused: somebody may have changed it', async () => {
    write({})
    const endpoint = new Endpoint((count) => count === 2
      ? respond({ status: 401, json: { error: 'invalid_client' } })
      : respond({ json: { access_token: `at-${count}`, expires_in: 60 } }))
    const auth = AuthProvider.fromFile(path, { fetch: endpoint.fetch })
    assert.equal(await auth.getToken(), 'at-1')
    write({ keyId: 'k2', algorithm: 'Ed25519', privateKey: pemOf('Ed25519') })
    assert.equal(await auth.getToken({ forceRefresh: true }), 'at-3')
    assert.equal(partsOf(endpoint.assertions[2])[0].kid, 'k2')
    assert.ok(isSignedBy('Ed25519', endpoint.assertions[2]))
  })

  test('is not believed when it names another server meanwhile', async () => {
    write({})
    const endpoint = new Endpoint((count) => count === 1
      ? respond({ json: { access_token: 'at', expires_in: 60 } })
      : respond({ status: 401, json: { error: 'invalid_client' } }))
    const auth = AuthProvider.fromFile(path, { fetch: endpoint.fetch })
    await auth.getToken()
    write({ server: 'https://evil.example', tokenEndpoint: 'https://evil.example/oauth2/token' })
    await assert.rejects(auth.getToken({ forceRefresh: true }), { code: 'invalid_client' })
    assert.ok(endpoint.requests.every((one) => one.url === ENDPOINT))
  })

  test('says what is wrong with it', async () => {
    const wrong = async (text, code) => {
      writeFileSync(path, text)
      await assert.rejects(AuthProvider.fromFile(path).getToken(), { code })
    }
    await wrong('hello', 'bad_credentials')
    await wrong('{}', 'bad_credentials')
    await wrong('{"version":2}', 'bad_credentials')
    await wrong('x'.repeat(70_000), 'bad_file')
    await assert.rejects(AuthProvider.fromFile(join(folder, 'none')).getToken(),
      { code: 'unreadable_file' })
  })
})

test('no secret shows: not in inspect, in JSON or in an error', async () => {
  const key = pemOf('ES256', { cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
  const endpoint = new Endpoint(() => respond({ status: 400, json: { error: 'invalid_scope',
    error_description: endpoint.assertions.at(-1) } }))
  const auth = provider(endpoint, { privateKey: key, passphrase: PASSPHRASE })
  const shown = [inspect(auth, { depth: 9, showHidden: true }), JSON.stringify(auth)]
  await auth.getToken().catch((error) => shown.push(inspect(error, { depth: 9 }), error.stack))
  const good = provider(new Endpoint())
  await good.getToken()
  shown.push(inspect(good, { depth: 9, showHidden: true }))
  for (const text of shown) {
    for (const secret of [PASSPHRASE, key.split('\n')[1], 'at-1', endpoint.assertions[0]]) {
      assert.ok(!text.includes(secret), text)
    }
  }
})
