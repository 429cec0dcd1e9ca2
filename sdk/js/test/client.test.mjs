// The client: requests, retries, errors, lists, run(), and what must not happen to a token.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import {
  AuthenticationError, ConflictError, Latchkey, LatchkeyError, NetworkError, NotFoundError,
  PermissionError, RateLimitError, ServerError, ValidationError,
} from '@latchkey/sdk'
import { Network, respond } from './support/network.mjs'

const SERVER = 'https://latchkey.example'
const SECRET = 'lkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWX0TeJoD'

function makeClient(answers, more = {}) {
  const network = new Network()
  for (const [path, answer] of Object.entries(answers)) {
    network.answers[path.startsWith('http') ? path : SERVER + path] = answer
  }
  const client = new Latchkey({ authToken: SECRET, server: SERVER, fetch: network.fetch, ...more })
  return { client, network }
}

/** Answers one after the other; the last one stays. */
function inTurn(...answers) {
  let count = 0
  return (init) => {
    const answer = answers[Math.min(count++, answers.length - 1)]
    if (answer === 'down') throw new TypeError('fetch failed')
    return respond(typeof answer === 'function' ? answer(init) : answer)
  }
}

describe('a request', () => {
  test('carries the token, says who asks, and takes both names of it', async () => {
    for (const name of ['authToken', 'accessToken']) {
      const { client, network } = makeClient({ '/v1/tokens/self': { json: { id: 'x' } } },
        { authToken: undefined, [name]: SECRET })
      assert.equal((await client.tokens.self()).id, 'x')
      const { headers } = network.requests[0]
      assert.equal(headers.authorization, `Bearer ${SECRET}`)
      assert.match(headers['user-agent'], /^latchkey-sdk-js\//)
    }
  })

  test('asks a provider of access tokens each time', async () => {
    let count = 0
    const { client, network } = makeClient({ '/v1/tokens/self': { json: {} } },
      { authToken: undefined, auth: { getToken: async () => `at-${++count}` } })
    await client.tokens.self()
    await client.tokens.self()
    assert.deepEqual(network.requests.map((one) => one.headers.authorization),
      ['Bearer at-1', 'Bearer at-2'])
  })

  test('of a creation is repeated under one idempotency key', async () => {
    const { client, network } = makeClient({
      '/v1/tokens': inTurn('down', { status: 503 }, { status: 201, json: { id: 'x', token: 's' } }),
    })
    assert.equal((await client.tokens.create({ name: 'ci' })).token, 's')
    const keys = network.requests.map((one) => one.headers['idempotency-key'])
    assert.equal(keys.length, 3)
    assert.equal(new Set(keys).size, 1)
    assert.match(keys[0], /^[\x21\x23-\x7E]{8,128}$/)
    await client.tokens.create({ name: 'ci' }, { idempotencyKey: 'my-own-key' })
    assert.equal(network.requests.at(-1).headers['idempotency-key'], 'my-own-key')
  })

  test('that acts is not repeated when it is not known whether it was done', async () => {
    const { client, network } = makeClient({ '/v1/tokens/x/revoke': inTurn('down', { json: {} }) })
    await assert.rejects(client.tokens.revoke('x'), NetworkError)
    assert.equal(network.requests.length, 1)
  })

  test('waits as long as the server asks for, unless that is too long', async () => {
    const { client, network } = makeClient({
      '/v1/tokens/x': inTurn({ status: 429, headers: { 'retry-after': '0' } }, { json: { id: 'x' } }),
      '/v1/tokens/y': { status: 429, headers: { 'retry-after': '3600' }, json: { code: 'slow' } },
    })
    assert.equal((await client.tokens.get('x')).id, 'x')
    await assert.rejects(client.tokens.get('y'), (error) =>
      error instanceof RateLimitError && error.retryAfter === 3600 && error.code === 'slow')
    assert.equal(network.requests.length, 3)
  })

  test('ends in time, and when it is given up', async () => {
    const { client, network } = makeClient({ '/v1/tokens/x': () => new Promise(() => {}) },
      { timeout: 30, maxRetries: 1 })
    await assert.rejects(client.tokens.get('x'), { name: 'NetworkError', code: 'timeout' })
    assert.equal(network.requests.length, 2)
    const end = new AbortController()
    setTimeout(() => end.abort(), 10)
    await assert.rejects(client.tokens.get('x', { timeout: 60_000, signal: end.signal }),
      { code: 'aborted' })
  })

  test('escapes what it is given', async () => {
    const { client, network } = makeClient({ '/v1/tokens/..%2Fusers': { json: {} } })
    await client.tokens.get('../users')
    assert.equal(network.requests[0].url, `${SERVER}/v1/tokens/..%2Fusers`)
  })
})

describe('errors', () => {
  const problem = (status, more = {}) => ({ status, json: { type: `${SERVER}/errors/some_code`,
    title: 'T', status, detail: 'what happened', code: 'some_code', requestId: 'req-7', ...more } })

  for (const [status, type] of [[400, ValidationError], [401, AuthenticationError],
    [403, PermissionError], [404, NotFoundError], [409, ConflictError], [412, ConflictError],
    [422, ValidationError], [429, RateLimitError], [500, ServerError], [507, ServerError]]) {
    test(`${status} is ${type.name}, with code, request and page`, async () => {
      const { client } = makeClient({ '/v1/tokens/x': problem(status) }, { maxRetries: 0 })
      await assert.rejects(client.tokens.get('x'), (error) => {
        assert.ok(error instanceof type && error instanceof LatchkeyError)
        assert.equal(error.name, type.name)
        assert.equal(error.status, status)
        assert.equal(error.code, 'some_code')
        assert.equal(error.requestId, 'req-7')
        assert.equal(error.docs, `${SERVER}/errors/some_code`)
        assert.match(error.message, /what happened.*req-7/)
        return true
      })
    })
  }

  test('name the scopes that were missing, and the fields that were wrong', async () => {
    const errors = [{ pointer: '/name', detail: 'too long' }]
    const { client } = makeClient({
      '/v1/tokens/x': problem(403, { missingScopes: ['token:read'] }),
      '/v1/tokens/y': problem(422, { errors }),
    })
    await assert.rejects(client.tokens.get('x'), { missingScopes: ['token:read'] })
    await assert.rejects(client.tokens.get('y'), { fields: errors })
  })

  test('are made of anything that is answered', async () => {
    for (const answer of [{ status: 500, body: '<html>' }, { status: 400, body: '[1]' },
      { status: 403, json: { code: 7, missingScopes: 'all', errors: {} } },
      { status: 418, body: '' }, { status: 404, body: '{"detail":null}' }]) {
      const { client } = makeClient({ '/v1/tokens/x': answer }, { maxRetries: 0 })
      await assert.rejects(client.tokens.get('x'), LatchkeyError)
    }
    for (const body of ['hello', '{']) {
      const { client } = makeClient({ '/v1/tokens/x': { body } })
      await assert.rejects(client.tokens.get('x'), { code: 'bad_answer' })
    }
    const { client } = makeClient({ '/v1/tokens': { json: {} } })
    await assert.rejects(client.tokens.list().page(), { code: 'bad_answer' })
  })

  test('do not quote the token, whoever wrote it into them', async () => {
    const { client } = makeClient({
      '/v1/tokens/x': { status: 401, json: { code: SECRET, detail: `no ${SECRET}`, hint: SECRET } },
    })
    const error = await client.tokens.get('x').catch((one) => one)
    const shown = [inspect(error, { depth: 9 }), JSON.stringify(error), error.stack,
      inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client), `${client}`]
    for (const text of shown) assert.ok(!text.includes(SECRET), text)
  })

  test('a token with a line break is refused without being quoted', () => {
    for (const token of [`${SECRET}\n`, `${SECRET} x`, `${SECRET}é`, 'x'.repeat(20_000)]) {
      try {
        new Latchkey({ authToken: token, server: SERVER })
        assert.fail('it was taken')
      } catch (error) {
        assert.equal(error.code, 'bad_token')
        assert.ok(!inspect(error).includes(SECRET.slice(4)))
      }
    }
    assert.throws(() => new Latchkey({ server: SERVER }), { code: 'no_token' })
    assert.throws(() => new Latchkey({ authToken: SECRET }), { code: 'no_server' })
    assert.throws(() => new Latchkey({ authToken: SECRET, server: 'http://latchkey.example' }),
      { code: 'unsafe_address' })
    assert.throws(() => new Latchkey({ authToken: SECRET, server: 'nonsense' }),
      { code: 'bad_address' })
  })
})

describe('lists', () => {
  const page = (ids, next) => ({ json: ids.map((id) => ({ id })),
    headers: next ? { link: `<${SERVER}/v1/tokens?limit=2&after=${next}>; rel="next"` } : {} })

  test('are walked page by page, and no further than is wanted', async () => {
    const { client, network } = makeClient({
      '/v1/tokens?limit=2': page(['a', 'b'], 'c1'),
      '/v1/tokens?limit=2&after=c1': page(['c', 'd'], 'c2'),
      '/v1/tokens?limit=2&after=c2': page(['e']),
    })
    const ids = []
    for await (const { id } of client.tokens.list({ limit: 2 })) ids.push(id)
    assert.deepEqual(ids, ['a', 'b', 'c', 'd', 'e'])
    assert.equal(network.requests.length, 3)
    for await (const { id } of client.tokens.list({ limit: 2 })) if (id === 'b') break
    assert.equal(network.requests.length, 4)
    assert.deepEqual((await client.tokens.list({ limit: 2 }).page('c1')).next, 'c2')
  })

  test('follow no link to elsewhere, and none in a circle', async () => {
    const { client, network } = makeClient({
      '/v1/projects': { json: [{ id: 'a' }],
        headers: { link: '<https://evil.example/v1/projects?after=z>; rel="next"' } },
      '/v1/projects?after=z': { json: [{ id: 'b' }],
        headers: { link: '<https://evil.example/v1/projects?after=z>; rel="next"' } },
    })
    assert.deepEqual((await client.projects.list().all()).map((one) => one.id), ['a', 'b'])
    assert.ok(network.requests.every((one) => one.url.startsWith(SERVER)))
  })
})

describe('functions of an API', () => {
  test('are called by id or functionID, with text, bytes or JSON', async () => {
    const { client, network } = makeClient({
      'https://api.example/functions/2dDqeXN': (init) => respond({ json: { type:
        init.headers['content-type'], body: init.body === undefined ? null : String(init.body) } }),
    }, { baseUrl: 'https://api.example/' })
    const answers = [
      await client.run({ id: '2dDqeXN', data: 'ping' }),
      await client.run({ functionID: '2dDqeXN', data: { n: 7 } }),
      await client.run({ id: '2dDqeXN', data: new Uint8Array([1, 2]) }),
      await client.run({ id: '2dDqeXN' }),
    ]
    assert.deepEqual(answers, [
      { type: 'text/plain', body: 'ping' }, { type: 'application/json', body: '{"n":7}' },
      { type: 'application/octet-stream', body: '1,2' }, { body: null }])
    assert.ok(network.requests.every((one) => one.headers.authorization === `Bearer ${SECRET}`))
    await assert.rejects(client.run({}), { code: 'no_function' })
  })

  test('are found by the metadata of the API when no base URL is given', async () => {
    const { client } = makeClient({
      '/v1/tokens/self': { json: { api: 'licensing' } },
      '/.well-known/oauth-protected-resource/licensing': { json: { resource: 'https://api.example' } },
      'https://api.example/functions/f': { body: 'pong' },
    })
    assert.equal(await client.run({ id: 'f' }), 'pong')
    for (const resource of ['licensing-api', 'http://api.example', 7]) {
      const { client: other } = makeClient({
        '/v1/tokens/self': { json: { api: 'licensing' } },
        '/.well-known/oauth-protected-resource/licensing': { json: { resource } },
      })
      await assert.rejects(other.run({ id: 'f' }), { name: 'ConfigurationError' })
    }
  })

  test('that refuse say what was missing; a redirect is followed by nobody', async () => {
    const { client } = makeClient({
      'https://api.example/functions/f': { status: 403, json: { code: 'insufficient_scope',
        detail: 'no', missingScopes: ['license:read'] } },
      'https://api.example/functions/g': { status: 302, headers: { location: 'https://evil.example' } },
    }, { baseUrl: 'https://api.example' })
    await assert.rejects(client.run({ id: 'f' }), { missingScopes: ['license:read'] })
    await assert.rejects(client.run({ id: 'g' }), { code: 'redirected' })
  })

  test('fetch() goes to the API and the server, and nowhere else', async () => {
    const { client, network } = makeClient({ 'https://api.example/x': { body: 'x' },
      '/v1/tokens/self': { json: {} } }, { baseUrl: 'https://api.example' })
    assert.equal(await (await client.fetch('/x')).text(), 'x')
    assert.equal((await client.fetch(`${SERVER}/v1/tokens/self`)).status, 200)
    await assert.rejects(client.fetch('https://evil.example/'), { code: 'foreign_address' })
    assert.equal(network.requests.length, 2)
  })
})

describe('events', () => {
  const change = (revision) => `id: 1.${revision}\nevent: change\ndata: ${JSON.stringify({
    from: revision, to: revision, event: { epoch: 1, revision, type: 'token.created' } })}\n\n`
  const stream = (text) => respond({ body: text, headers: { 'content-type': 'text/event-stream' } })

  test('are followed across connections, from where it was', async () => {
    const seen = []
    const texts = [change(1) + change(2), ': hello\n\n' + change(3)]
    const { client } = makeClient({
      '/v1/events/stream?type=token.': (init) => {
        seen.push(init.headers['last-event-id'])
        return stream(texts.shift() ?? '')
      },
    })
    const revisions = []
    for await (const event of client.events.stream({ type: 'token.' })) {
      revisions.push(event.revision)
      if (revisions.length === 3) break
    }
    assert.deepEqual(revisions, [1, 2, 3])
    assert.deepEqual(seen, [undefined, '1.2'])
  })

  test('end when the log is another one, and when they are refused', async () => {
    const { client } = makeClient({
      '/v1/events/stream?after=40': () => stream('event: reset\ndata: {"epoch":2,"revision":3}\n\n') })
    await assert.rejects(client.events.stream({ after: 40 }).next(), { code: 'epoch_changed' })
    const { client: heard } = makeClient({ '/v1/events/stream': () => stream(change(41) +
      'event: reset\ndata: {"epoch":1,"revision":45}\n\n' + change(46) +
      'event: reset\ndata: {"epoch":2,"revision":46}\n\n') })
    const events = heard.events.stream()
    assert.equal((await events.next()).value.revision, 41)
    assert.equal((await events.next()).value.revision, 46) // what one may see changed meanwhile
    await assert.rejects(events.next(), { code: 'epoch_changed' })
    const { client: other } = makeClient({
      '/v1/events/stream': { status: 403, json: { code: 'insufficient_scope', detail: 'no' } } })
    await assert.rejects(other.events.stream().next(), PermissionError)
  })
})
