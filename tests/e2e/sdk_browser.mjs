// The JavaScript SDK as it is packed, in a page and in a worker of Debian's Chromium: the client, a
// key token's provider and the verifier against a real server of another origin.
//   node sdk_browser.mjs '{"url", "token", "verifierToken", "jwt", "jwtId", "credentials", …}'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from 'playwright-core'

const facts = JSON.parse(process.argv[2])
const dist = new URL('../../sdk/js/dist/', import.meta.url)

// What runs in the browser; both sides import it.
const kProgram = `
import { Latchkey, NotFoundError, PermissionError } from '/dist/index.js'
import { AuthProvider } from '/dist/auth/index.js'
import { createVerifier } from '/dist/verify/index.js'

export async function run(facts) {
  const said = {}
  const { url, audience, elsewhere } = facts
  const client = new Latchkey({ authToken: facts.token, server: url, baseUrl: facts.origin })
  said.self = (await client.tokens.self()).name
  said.listed = (await client.tokens.list({ limit: 1 }).all()).length
  said.ran = await client.run({ id: 'greet', data: 'Ada' })
  const owner = new Latchkey({ accessToken: facts.session, server: url })
  const made = await owner.tokens.create({ name: facts.name, api: 'licensing', scopes: ['license:read'] })
  said.missing = await client.tokens.get(crypto.randomUUID()).catch((error) => error instanceof NotFoundError && error.status)
  said.denied = await client.projects.create({ name: 'x' })
    .catch((error) => error instanceof PermissionError && error.missingScopes)

  const polling = createVerifier({ issuer: url, audience })
  const events = []
  const streaming = createVerifier({ issuer: url, audience, token: facts.verifierToken,
    onEvent: (event) => events.push(event.error?.code ?? event.type) })
  await streaming.ready()
  said.connected = streaming.state.isConnected
  said.events = events
  for (const [name, verifier] of Object.entries({ polling, streaming })) {
    said[name] = (await verifier.verify(made.token, { scopes: ['license:read'] })).verdict
    said[name + 'Lacks'] = (await verifier.verify(made.token, { scopes: ['license:write'] })).missingScopes
    said[name + 'Forged'] = (await verifier.verify(made.token.slice(0, -4) + 'AAAA')).verdict
  }

  const auth = new AuthProvider({ ...facts.credentials, passphrase: facts.passphrase })
  said.access = (await streaming.verify(await auth.getToken())).verdict
  said.shown = JSON.stringify([client, auth, streaming]).includes(facts.token)
  said.api = await (await auth.fetch(facts.origin + '/echo')).json()
  said.redirected = await (await auth.fetch(facts.origin + '/go?' + elsewhere + '/echo')).json()
  said.refused = await new AuthProvider({ ...facts.credentials, passphrase: 'wrong' }).getToken()
    .catch((error) => error.code)

  await owner.tokens.revoke(made.id)
  const revoked = performance.now()
  while ((await streaming.verify(made.token)).ok) await new Promise((resolve) => setTimeout(resolve, 5))
  said.revoked = (await streaming.verify(made.token)).verdict
  said.revokedAfterMs = Math.round(performance.now() - revoked)
  await streaming.close()
  return said
}
`
const kWorker = `
import { run } from '/program.js'
self.onmessage = ({ data }) => run(data).then(
  (said) => self.postMessage({ said }), (error) => self.postMessage({ failed: String(error.stack) }))
`

function answer(request, response) {
  const [path, query] = request.url.split('?')
  const send = (type, text) => {
    response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' })
    response.end(text)
  }
  if (path === '/') return send('text/html', '<!doctype html><title>SDK</title>')
  if (path === '/program.js') return send('text/javascript', kProgram)
  if (path === '/worker.js') return send('text/javascript', kWorker)
  if (path === '/functions/greet') return send('application/json', '"hello"')
  if (path === '/echo') {
    return send('application/json', JSON.stringify({ isKnown: request.headers.authorization !== undefined }))
  }
  if (path === '/go') return response.writeHead(302, { location: query }).end()
  if (!path.startsWith('/dist/')) return response.writeHead(404).end()
  // What a bundler makes of the package's own imports.
  const text = readFileSync(new URL(path.slice(6), dist), 'utf8')
  return send('text/javascript', text.replace(/'#platform'/g, "'/dist/platform/web.js'"))
}

async function serve(port) {
  const server = createServer(answer)
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { origin: `http://127.0.0.1:${server.address().port}`, server }
}

const here = await serve(Number(facts.port))
const there = await serve(0)
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'] })
try {
  for (const place of ['page', 'worker']) {
    const page = await browser.newPage()
    const complaints = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${here.origin}/`)
    const given = { ...facts, origin: here.origin, elsewhere: there.origin, name: `made-in-a-${place}` }
    const said = await page.evaluate(async ([place, given]) => {
      if (place === 'page') return (await import('/program.js')).run(given)
      const worker = new Worker('/worker.js', { type: 'module' })
      worker.postMessage(given)
      const { data } = await new Promise((resolve) => (worker.onmessage = resolve))
      if (data.failed) throw new Error(data.failed)
      return data.said
    }, [place, given]).catch((error) => {
      throw new Error(`${place}: ${error.message}\n${complaints.join('\n')}`)
    })
    console.log(`${place}: ${JSON.stringify(said)}`)
    const { revokedAfterMs, listed, events, ...rest } = said
    assert.deepEqual(rest, {
      self: 'browser', ran: 'hello', missing: 404, denied: ['project:write'], connected: true,
      polling: 'active', pollingLacks: ['license:write'], pollingForged: 'unknown',
      streaming: 'active', streamingLacks: ['license:write'], streamingForged: 'unknown',
      access: 'active', shown: false, api: { isKnown: true }, redirected: { isKnown: false },
      refused: 'wrong_passphrase', revoked: 'revoked',
    })
    assert.ok(listed > 0 && revokedAfterMs < 10_000)
    // Under load a stream may be silent for too long, and be opened again.
    assert.equal(events[0], 'connected')
    await page.close()
  }
} finally {
  await browser.close()
  for (const { server } of [here, there]) {
    server.closeAllConnections()
    server.close()
  }
}
