// Authorities, proxies and callers that misbehave, over real HTTP: a clear answer each, no crash,
// no secret told.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { deflateSync } from 'node:zlib'
import { protect as protectInExpress } from '@latchkey/sdk/express'
import { protect as protectInHono } from '@latchkey/sdk/hono'
import { createVerifier } from '@latchkey/sdk/verify'
import { Changes } from '../dist/verify/changes.js'
import { steadyClock } from '../dist/verify/steady.js'
import { SseParser } from '../dist/wire/sse.js'
import { Authority, AUDIENCE, Stream } from './support/authority.mjs'

const VERIFIER_SECRET = 'lkp_theverifiersownsecretthatnobodysees00000'
const KEYS = '/.well-known/jwks.json'
const LIST = '/status/0'
const STREAM = '/v1/events/stream'

let authority
let verifiers
let events

beforeEach(async () => {
  authority = await Authority.start()
  verifiers = []
  events = []
})
afterEach(async () => {
  await Promise.all(verifiers.map((one) => one.close()))
  await authority.stop()
})

// A minute for what is answered at once; a test that is about waiting says how long.
function makeVerifier(more = {}) {
  const verifier = createVerifier({ issuer: authority.url, audience: AUDIENCE, timeout: 60_000,
    onEvent: (event) => events.push(event), ...more })
  verifiers.push(verifier)
  return verifier
}

const codes = () => events.map((event) => event.error?.code).filter(Boolean)

async function until(what, isTrue) {
  const end = Date.now() + 60_000
  while (Date.now() < end) {
    if (await isTrue()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`it never came: ${what}; ${codes()}`)
}

describe('tokens', () => {
  test('that are none are malformed, however they are none', async () => {
    const verifier = makeVerifier()
    const good = authority.token()
    const texts = ['', 'x', '\0', '.'.repeat(1 << 20), 'A'.repeat(1 << 20), `${good}\n`, `${good}.`,
      `Bearer ${good}`, 'eyJ'.repeat(5000), '💥.💥.💥', '__proto__', good.toUpperCase(),
      undefined, null, 7, {}, [good]]
    for (const text of texts) {
      const result = await verifier.verify(text)
      assert.equal(result.verdict, 'malformed', inspect(text).slice(0, 60))
      assert.equal(result.status, 401)
    }
    assert.equal(authority.requests.length, 0)
    assert.equal((await verifier.verify(good)).verdict, 'active')
  })

  test('that are random bytes never throw', async () => {
    const verifier = makeVerifier()
    const good = authority.token()
    let seed = 7
    const random = (below) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below
    for (let round = 0; round < 3000; ++round) {
      const letters = [...good]
      for (let i = 0; i <= random(3); ++i) {
        letters[random(letters.length)] = String.fromCharCode(random(256))
      }
      const text = letters.join('')
      const { verdict } = await verifier.verify(text)
      if (text === good) assert.equal(verdict, 'active')
      else assert.ok(['malformed', 'unknown'].includes(verdict), `${verdict}: ${text}`)
    }
  })

  test('that are made to keep it busy cost little', async () => {
    const verifier = makeVerifier()
    const header = Buffer.from('{"alg":"ES256","kid":"k1","typ":"JWT"}').toString('base64url')
    const claims = [`{"x":"${'\\"'.repeat(5900)}"}`, `{"x":${'['.repeat(5900)}${']'.repeat(5900)}}`,
      `{"x":[${'"a",'.repeat(2900)}"b"]}`, `{"a"${' '.repeat(11000)}`, '"'.repeat(11800),
      `{"x":"${'\\\\'.repeat(5800)}"}`]
    const begun = process.cpuUsage()
    for (let round = 0; round < 100; ++round) {
      for (const text of claims) {
        const token = `${header}.${Buffer.from(text).toString('base64url')}.AAAA`
        assert.equal((await verifier.verify(token)).verdict, 'malformed', text.slice(0, 20))
      }
    }
    const { user } = process.cpuUsage(begun)
    assert.ok(user < 1_500_000, `${user} us`)
    assert.equal(authority.requests.length, 0)
  })

  test('of other issuers cause no request, a thousand of them', async () => {
    const verifier = makeVerifier()
    for (let i = 0; i < 1000; ++i) {
      const token = authority.token({ iss: `https://evil${i}.example`,
        status: { status_list: { idx: 1, uri: `${authority.url}/status/0` } } })
      assert.equal((await verifier.verify(token)).verdict, 'unknown')
    }
    assert.equal(authority.requests.length, 0)
  })

  test('with invented kids cause three looks at the key set, a thousand of them', async () => {
    const verifier = makeVerifier()
    const begun = performance.now()
    await verifier.ready()
    for (let i = 0; i < 1000; ++i) {
      const token = authority.sign({ typ: 'JWT', kid: `k-${i}` }, { iss: authority.url }, 'k1')
      assert.equal((await verifier.verify(token)).verdict, 'unknown')
    }
    // And as many again every ten seconds, however long it took.
    assert.ok(authority.count(KEYS) <= 4 + 3 * (performance.now() - begun) / 10_000)
  })

  test('whose key is newer than the last reading of the set are good', async () => {
    const verifier = makeVerifier()
    await verifier.ready()
    authority.addKey('k2')
    assert.equal((await verifier.verify(authority.token({}, 'k2'))).verdict, 'active')
  })

  test('whose key is newer than a reading under way are good', async () => {
    const verifier = makeVerifier({ timeout: 60_000 })
    let answer
    const isAsked = new Promise((resolve) => {
      authority.handlers[KEYS] = (_, response) => {
        const text = authority.keySet()
        answer = () => response.end(text)
        resolve()
      }
    })
    const ready = verifier.ready()
    await isAsked
    delete authority.handlers[KEYS]
    authority.addKey('k2')
    const verdicts = Promise.all(Array.from({ length: 10 }, () =>
      verifier.verify(authority.token({}, 'k2'))))
    answer()
    for (const { verdict } of await verdicts) assert.equal(verdict, 'active')
    await ready
    assert.equal(authority.count(KEYS), 2)
  })

  test('a requirement with a slip of the pen is an error and lets nobody in', async () => {
    const verifier = makeVerifier()
    const token = authority.token()
    for (const wanted of [{ scope: 'license:write' }, { scopes: 'license:write' },
      { scopes: ['license:read'], Project: 'x' }]) {
      await assert.rejects(verifier.verify(token, wanted), { code: 'bad_requirement' })
      for (const protect of [protectInExpress, protectInHono]) {
        assert.throws(() => protect(verifier, wanted), { code: 'bad_requirement' })
      }
    }
    const errors = []
    protectInExpress(verifier, () => ({ scope: 'license:write' }))(
      { headers: { authorization: `Bearer ${token}` } }, {}, (error) => errors.push(error))
    await until('the error', () => errors.length > 0)
    assert.equal(errors[0].code, 'bad_requirement')
  })

  test('a route that asks for nonsense gets a refusal', async () => {
    const verifier = makeVerifier()
    const token = authority.token()
    assert.equal((await verifier.verify(token, { scopes: [''] })).verdict, 'insufficient_scope')
    assert.equal((await verifier.verify(token, { project: 'x' })).verdict, 'not_current')
  })
})

describe('the key set', () => {
  const cases = {
    'is huge': [(_, response) => response.end('x'.repeat(1 << 20)), 'too_large'],
    'never ends': [(_, response) => {
      response.write('{"keys":[')
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }, 'timeout', 500],
    'is slow': [() => {}, 'timeout', 500],
    'is empty': [(_, response) => response.end(), 'bad_key_set'],
    'has no keys': [(_, response) => response.end('{"keys":[]}'), 'bad_key_set'],
    'has strange keys': [(_, response) => response.end(JSON.stringify({ keys: [7, null, {},
      { kty: 'oct', k: 'AAAA', kid: 'k1', alg: 'HS256' }, { kty: 'EC', kid: 'k1', alg: 'ES256',
        crv: 'P-256', x: 'AAAA', y: 'AAAA' }] })), 'bad_key_set'],
    'has too many keys': [(_, response) => response.end(JSON.stringify({ keys:
      Array.from({ length: 65 }, () => ({})) })), 'bad_key_set'],
    'is no JSON': [(_, response) => response.end('<html>'), 'bad_key_set'],
    'is no UTF-8': [(_, response) => response.end(Buffer.from([0xff, 0xfe])), 'bad_answer'],
    'is elsewhere': [(_, response) => response.writeHead(302, { location: LIST }).end(), 'redirected'],
    'is forbidden': [(_, response) => response.writeHead(403).end('{}'), 'bad_key_set'],
    'breaks off': [(_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"keys"')
      setTimeout(() => response.destroy(), 10)
    }, 'unreachable'],
  }
  for (const [how, [handler, code, timeout = 60_000]] of Object.entries(cases)) {
    test(`${how}: it cannot be told, and the reason is ${code}`, async () => {
      authority.handlers[KEYS] = handler
      const verifier = makeVerifier({ timeout })
      const result = await verifier.verify(authority.token())
      assert.equal(result.verdict, 'not_current')
      assert.equal(result.status, 503)
      assert.deepEqual([...new Set(codes())], [code])
    })
  }

  test('changes under load: no good token is refused', async () => {
    const verifier = makeVerifier()
    await verifier.ready()
    const old = authority.token()
    authority.addKey('k2')
    // Published before it signs, as it is done.
    const verdicts = new Set()
    const again = createVerifier({ issuer: authority.url, audience: AUDIENCE })
    const load = Array.from({ length: 200 }, async (_, i) => {
      const token = i % 2 ? authority.token({}, 'k2') : old
      verdicts.add((await again.verify(token)).verdict)
    })
    await Promise.all(load)
    assert.deepEqual([...verdicts], ['active'])
    assert.equal(authority.count(KEYS), 2)
  })
})

describe('the status list', () => {
  const bomb = deflateSync(Buffer.alloc(64 << 20))
  const cases = {
    'is a bomb': [() => authority.list({}, bomb), 'bad_status_list'],
    'is huge': [() => 'x'.repeat(4 << 20), 'too_large'],
    'is empty': [() => '', 'bad_status_list'],
    'is another token of ours': [() => authority.token(), 'bad_status_list'],
    'is of another place': [() => authority.list({ sub: `${authority.url}/status/1` }),
      'bad_status_list'],
  }
  for (const [how, [text, code]] of Object.entries(cases)) {
    test(`${how}: it cannot be told`, async () => {
      authority.handlers[LIST] = (_, response) => response.end(text())
      const before = process.memoryUsage().rss
      const result = await makeVerifier().verify(authority.token())
      assert.equal(result.verdict, 'not_current')
      assert.deepEqual([...new Set(codes())], [code]) // once a second, if it takes so long
      assert.ok(process.memoryUsage().rss - before < 200 << 20)
    })
  }

  test('is slow: within the bound nobody waits for it', async () => {
    const verifier = makeVerifier()
    const token = authority.token()
    assert.equal((await verifier.verify(token)).verdict, 'active')
    authority.handlers[LIST] = () => {}
    await new Promise((resolve) => setTimeout(resolve, 1100)) // older than its ttl
    const begun = performance.now()
    assert.equal((await verifier.verify(token)).verdict, 'active')
    // It was asked for, and whoever waited for the answer would have waited for a minute.
    await until('the question', () => authority.count(LIST) === 2)
    assert.ok(performance.now() - begun < 15_000)
  })
})

describe('the event stream', () => {
  let stream
  beforeEach(() => {
    stream = new Stream()
    authority.handlers[STREAM] = stream.handler
  })
  const connected = (more) => makeVerifier({ token: VERIFIER_SECRET, maxStalenessSeconds: 30, ...more })
  const tokenFact = (id, state) => ({ kind: 'token', id, state })

  test('tells of a revocation, and the next request is refused', async () => {
    stream.opened = (response) => response.write(Stream.head(40))
    const verifier = connected()
    await verifier.ready()
    const token = authority.token()
    const { tokenId, verdict } = await verifier.verify(token)
    assert.equal(verdict, 'active')
    stream.connections[0].write(Stream.change(41, [tokenFact(tokenId, 'revoked')]))
    await until('the frame', () => verifier.state.revision === 41)
    assert.equal((await verifier.verify(token)).verdict, 'revoked')
  })

  test('may tell of a change while a list is read: then it is read again', async () => {
    stream.opened = (response) => response.write(Stream.head(40))
    const verifier = connected()
    await verifier.ready()
    const token = authority.token()
    const { tokenId } = await makeVerifier().verify(token)
    let revision = 40
    authority.handlers[LIST] = async (_, response) => {
      const text = authority.list()
      if (++revision <= 42) {
        stream.connections[0].write(Stream.change(revision, [tokenFact(tokenId, 'active')]))
        await until('the change', () => verifier.state.revision === revision)
      }
      response.end(text)
    }
    assert.equal((await verifier.verify(token)).verdict, 'active')
    assert.equal(verifier.state.revision, 42)
    assert.equal(revision, 43) // the third answer is the first that counts
  })

  test('comes back where it was', async () => {
    stream.opened = (response, count) => {
      response.write(count === 1 ? Stream.head(40) : Stream.head(42, 41))
    }
    const verifier = connected()
    await verifier.ready()
    stream.connections[0].destroy()
    await until('the second connection', () => verifier.state.revision === 42)
    assert.deepEqual(stream.lastIds, [undefined, '1.40'])
  })

  const lies = {
    'leaves out a revision': Stream.head(50, 45),
    'goes back': Stream.head(30),
    'says nothing of its place': Stream.frame('head', '1.41', { at: new Date().toISOString() }),
    'contradicts itself': Stream.frame('head', '1.41', { from: 41, to: 44, epoch: 1, revision: 43,
      at: new Date().toISOString() }),
    'counts in fractions': Stream.frame('head', '1.41', { from: 40.5, to: 41.5, epoch: 1,
      revision: 41.5, at: new Date().toISOString() }),
    'is of no time': Stream.frame('head', '1.41', { from: 41, to: 41, epoch: 1, revision: 41,
      at: 'now' }),
    'is no JSON': 'event: head\ndata: hello\n\n',
    'changes its epoch without a reset': Stream.head(40, 41, 2),
  }
  for (const [how, frame] of Object.entries(lies)) {
    test(`${how}: that is no news, and past the bound it cannot be told`, async () => {
      stream.opened = (response) => response.write(Stream.head(40))
      const verifier = connected({ maxStalenessSeconds: 1 })
      await verifier.ready()
      const token = authority.token()
      await until('active', async () => (await verifier.verify(token)).verdict === 'active')
      authority.handlers[LIST] = (_, response) => response.writeHead(503).end()
      stream.opened = (response) => response.write(frame)
      stream.connections[0].write(frame)
      await until('the complaint', () => codes().some((code) => /gap|bad_frame/.test(code)))
      await until('not current', async () => (await verifier.verify(token)).verdict === 'not_current')
    })
  }

  test('that a proxy holds back is given up, and lists are read instead', async () => {
    // Nothing comes: as if a proxy waited for its buffer to fill.
    const verifier = connected()
    const ready = verifier.ready()
    const token = authority.token()
    assert.equal((await verifier.verify(token)).verdict, 'active')
    assert.equal(verifier.state.isConnected, false)
    await ready
    assert.ok(codes().includes('silent'))
    authority.statuses[1] = 1 << 6 // entry 7: revoked
    await until('the list', async () => (await verifier.verify(token)).verdict === 'revoked')
  })

  test('that is huge, no stream, a redirect or a refusal is a typed error each', async () => {
    const answers = [
      [(_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' })
        .end(`data: ${'x'.repeat(5 << 20)}`), 'bad_answer'],
      [(_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('x'), 'bad_answer'],
      [(_, response) => response.writeHead(302, { location: '/x' }).end(), 'redirected'],
      [(_, response) => response.writeHead(403).end('{"code":"insufficient_scope"}'),
        'insufficient_scope'],
      [(request) => request.socket.destroy(), 'unreachable'],
    ]
    for (const [handler, code] of answers) {
      events = []
      authority.handlers[STREAM] = handler
      const verifier = connected()
      await verifier.ready()
      await until(code, () => codes().includes(code))
      assert.equal((await verifier.verify(authority.token())).verdict, 'active')
      await verifier.close()
    }
  })
})

test('a refusal of the stream that never ends is a refusal all the same', async () => {
  let sent = 0
  authority.handlers[STREAM] = (_, response) => {
    response.writeHead(401, { 'content-type': 'application/problem+json' })
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65536))) sent += 65536
    }
    response.on('drain', more)
    more()
  }
  const verifier = makeVerifier({ token: VERIFIER_SECRET })
  await verifier.ready()
  await until('the refusal', () => events.some(({ error }) => error?.status === 401))
  await verifier.close()
  assert.ok(sent < 64 << 20, `${sent}`)
})

test('a signing key stays withdrawn when there is more to keep than there is room', () => {
  const changes = new Changes()
  changes.apply([{ kind: 'key', kid: 'k1', is_compromised: true }], 1, 0, false)
  const tokens = Array.from({ length: 100_001 }, (_, i) => `token ${i}`)
  changes.apply([{ kind: 'token_states', state: 'suspended', tokens }], 2, 0, false)
  const claims = { kind: 'jwt', tokenId: 'token 0', secretId: 'token 0', ancestors: [] }
  const standing = changes.standing(claims, 'k1', undefined)
  assert.deepEqual([standing.passing, standing.final], [undefined, 'key_compromised'])
})

test('a stream that comes letter by letter costs each letter once', () => {
  const parser = new SseParser(4 << 20)
  const begun = process.cpuUsage()
  for (const letter of ': wait\r\nevent: head\r\ndata: ') assert.deepEqual(parser.feed(letter), [])
  for (let i = 0; i < 1 << 20; ++i) parser.feed('x')
  assert.deepEqual(parser.feed('\r'), [])
  const [frame, ...more] = [...parser.feed('\n'), ...parser.feed('\r'), ...parser.feed('\n')]
  assert.deepEqual([frame.event, frame.data.length, more.length], ['head', 1 << 20, 0])
  assert.ok(process.cpuUsage(begun).user < 2_000_000) // looked at again for each letter: minutes
  assert.throws(() => {
    for (let i = 0; i < 6 << 20; i += 1024) parser.feed('y'.repeat(1024))
  }, RangeError)
  const lines = new SseParser(100).feed('data: a\rdata: b\n\ndata: c\r\n\r\n\n')
  assert.deepEqual(lines.map(({ data }) => data), ['a\nb', 'c'])
})

test('an hour of sleep makes everything old', () => {
  let wall = 1.8e12
  let monotonic = 1000
  const clock = steadyClock(() => wall, () => monotonic)
  const begun = clock()
  const pass = (onTheWall, steadily) => {
    wall += onTheWall
    monotonic += steadily
    return clock() - begun
  }
  assert.equal(pass(5000, 5000), 5000)
  assert.equal(pass(3_600_000, 1000), 3_605_000)
  assert.equal(pass(-7_200_000, 0), 3_605_000) // put back: no age goes down
  assert.equal(pass(2000, 2000), 3_607_000)
})

describe('the authority', () => {
  const OPAQUE = 'lkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWX0TeJoD'
  const VERIFY = '/v1/tokens/verify'
  const asking = (more) => makeVerifier({ token: VERIFIER_SECRET, revocation: 'ask', ...more })

  test('that answers nonsense has not told', async () => {
    const answers = ['', '[]', '{"valid":true}', '{"valid":true,"verdict":"active"}',
      '{"valid":true,"verdict":"active","epoch":1,"revision":1,"scopes":"*"}',
      '{"valid":true,"valid":false,"verdict":"active","epoch":1,"revision":1}', 'x'.repeat(1 << 20)]
    for (const answer of answers) {
      authority.handlers[VERIFY] = (_, response) => response.end(answer)
      assert.equal((await asking().verify(OPAQUE)).verdict, 'not_current', answer.slice(0, 80))
    }
  })

  test('that hangs holds up a few requests, and then nobody', async () => {
    authority.handlers[VERIFY] = () => {}
    const verifier = asking({ timeout: 500 })
    const begun = performance.now()
    for (let i = 0; i < 50; ++i) {
      assert.equal((await verifier.verify(OPAQUE, { ip: `192.0.2.${i}` })).verdict, 'not_current')
    }
    // After each that hung, nobody is held up for a second.
    assert.ok(authority.count(VERIFY) <= 2 + (performance.now() - begun) / 1500)
  })

  test('is asked once by many callers of one token', async () => {
    authority.handlers[VERIFY] = (_, response) => response.end(JSON.stringify({ valid: true,
      verdict: 'active', tokenId: '01a3b6c0-54a7-7c2e-8f0a-3d5b7e9c1a24', scopes: [], projects: [],
      expiresAt: null, epoch: 1, revision: 1 }))
    const verifier = asking()
    const results = await Promise.all(Array.from({ length: 100 }, () => verifier.verify(OPAQUE)))
    assert.ok(results.every((one) => one.ok))
    assert.equal(authority.count(VERIFY), 1)
  })

  test('a rate-limited yes is not kept', async () => {
    authority.handlers[VERIFY] = (_, response) => {
      response.setHeader('RateLimit', '"token";r=3;t=60')
      response.end(JSON.stringify({ valid: true, verdict: 'active',
        tokenId: '01a3b6c0-54a7-7c2e-8f0a-3d5b7e9c1a24', scopes: [], epoch: 1, revision: 1 }))
    }
    const verifier = asking()
    for (let i = 0; i < 3; ++i) assert.ok((await verifier.verify(OPAQUE)).ok)
    assert.equal(authority.count(VERIFY), 3)
  })
})

test('no secret shows: not in inspect, in JSON, in results or in events', async () => {
  authority.handlers['/v1/tokens/verify'] = (request, response) => {
    let body = ''
    request.on('data', (text) => (body += text))
    request.on('end', () => response.writeHead(400).end(JSON.stringify({ code: 'x', detail: body,
      hint: request.headers.authorization })))
  }
  const verifier = makeVerifier({ token: VERIFIER_SECRET, revocation: 'ask' })
  const opaque = 'lkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWX0TeJoD'
  const token = authority.token()
  const results = [await verifier.verify(opaque), await verifier.verify(token),
    await verifier.verify(`${token}x`)]
  const shown = inspect([verifier, results, events], { depth: 12, showHidden: true }) +
    JSON.stringify([verifier, results]) + events.map((event) => event.error?.stack).join()
  for (const secret of [opaque, token, token.split('.')[2]]) assert.ok(!shown.includes(secret))
  assert.ok(!shown.includes(VERIFIER_SECRET), shown)
})
