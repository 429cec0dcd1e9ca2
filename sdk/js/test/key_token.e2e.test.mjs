// The credentials file that the CLI wrote, the client and the verifier, against the real server.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Latchkey, NotFoundError, PermissionError, ValidationError } from '@latchkey/sdk'
import { AuthProvider } from '@latchkey/sdk/auth'
import { createVerifier } from '@latchkey/sdk/verify'
import { binary, LatchkeyServer } from './support/server.mjs'

describe('with the real server', { skip: !binary && 'LATCHKEY_BINARY is not set' }, () => {
  let server, project, verifier
  before(async () => {
    server = await LatchkeyServer.start()
    await server.makeApi()
    project = (await server.call('POST', '/v1/projects', { name: 'shop' })).id
    verifier = createVerifier({ issuer: server.url, audience: 'licensing-api',
      token: server.verifierToken })
    await verifier.ready()
  })
  after(async () => {
    await verifier?.close()
    await server?.stop()
  })

  const cli = (...args) => execFileSync(binary, [...args, '--token', server.session],
    { env: server.environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

  for (const algorithm of ['RS256', 'RS512', 'ES256', 'ES512', 'Ed25519']) {
    test(`${algorithm}: the file of the CLI, an encrypted key, an access token that verifies`, async () => {
      const file = join(server.scratch, `${algorithm}.json`)
      const phrase = join(server.scratch, 'phrase')
      writeFileSync(phrase, 'correct horse\n', { mode: 0o600 })
      cli('token', 'create-token', '-n', `application-${algorithm}`, '-g', '-a', algorithm, '--api',
        'licensing', '--out', file, '--with-permissions', '--project', project,
        '--passphrase-file', phrase, '--no-input')
      const auth = AuthProvider.fromFile(file, { passphrase: 'correct horse' })
      const token = await auth.fetchProjectScopedToken()
      const result = await verifier.verify(token, { scopes: ['license:read'], project })
      assert.equal(result.verdict, 'active', JSON.stringify(result))
      assert.equal(result.kind, 'key')
      assert.equal(result.project, project)
      assert.equal((await verifier.verify(token, { project: crypto.randomUUID() })).verdict,
        'insufficient_scope')
      await assert.rejects(AuthProvider.fromFile(file, { passphrase: 'wrong' }).getToken(),
        { code: 'wrong_passphrase' })

      await server.call('POST', '/v1/signing-keys/rotate', {})
      const next = await auth.getToken({ forceRefresh: true })
      assert.equal((await verifier.verify(next, { project })).verdict, 'active')
      assert.equal((await verifier.verify(token, { project })).verdict, 'active')

      await server.call('POST', `/v1/tokens/${result.tokenId}/revoke`, {})
      for (let i = 0; i < 6000 && (await verifier.verify(next)).ok; ++i) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      assert.equal((await verifier.verify(next)).verdict, 'revoked')
      await assert.rejects(auth.getToken({ forceRefresh: true }), { name: 'AuthenticationError' })
    })
  }

  test('an access token that died before a verifier began is refused by it', async () => {
    const file = join(server.scratch, 'early.json')
    cli('token', 'create-token', '-n', 'application-early', '-g', '-a', 'ES256', '--api',
      'licensing', '--out', file, '--with-permissions', '--project', project, '--no-input')
    const token = await AuthProvider.fromFile(file).getToken()
    const { tokenId } = await verifier.verify(token)
    await server.call('POST', `/v1/tokens/${tokenId}/revoke`, {})
    const late = createVerifier({ issuer: server.url, audience: 'licensing-api',
      token: server.verifierToken })
    try {
      await late.ready()
      assert.equal((await late.verify(token)).verdict, 'revoked')
    } finally {
      await late.close()
    }
  })

  test('a clock that is an hour wrong is set by the refusal', async () => {
    const file = join(server.scratch, 'skewed.json')
    cli('token', 'create-token', '-n', 'application-skewed', '-g', '-a', 'ES256', '--api',
      'licensing', '--out', file, '--with-permissions', '--project', project, '--no-input')
    for (const skew of [-3600_000, 3600_000]) {
      const auth = AuthProvider.fromFile(file, { now: () => Date.now() + skew })
      assert.equal((await verifier.verify(await auth.getToken())).verdict, 'active')
    }
  })

  test('tokens, projects, policies and events by the client', async () => {
    const client = new Latchkey({ accessToken: server.session, server: server.url })
    const made = await client.tokens.create({ name: 'by-the-sdk', api: 'licensing',
      scopes: ['license:read'], expiresAt: new Date(Date.now() + 86_400_000) })
    assert.equal((await verifier.verify(made.token)).verdict, 'active')
    const self = await new Latchkey({ authToken: made.token, server: server.url }).tokens.self()
    assert.deepEqual(self.effectiveScopes, ['license:read'])
    const names = []
    for await (const token of client.tokens.list({ limit: 1 })) names.push(token.name)
    assert.ok(names.includes('by-the-sdk') && names.length > 2)

    const shop = await client.projects.create({ name: 'by-the-sdk' })
    await client.projects.addToken(shop.id, made.id)
    const of = { project: shop.id, type: 'token', id: made.id }
    const policy = { version: '2022-12-15',
      statement: [{ effect: 'Allow', action: ['license:*'], resource: ['*'] }] }
    assert.deepEqual(await client.policies.put(of, policy), policy)
    assert.deepEqual(await client.policies.get(of), policy)
    assert.equal((await client.policies.simulate(of, { action: 'license:read' })).allowed, true)
    assert.equal((await verifier.verify(made.token, { scopes: ['license:read'], project: shop.id }))
      .verdict, 'active')
    assert.equal((await client.projects.principals(shop.id, { type: 'token' }).all()).length, 1)

    const heard = client.events.stream({ token: made.id })
    let first
    const listening = heard.next().then(({ value }) => { first = value })
    // Only what comes after its beginning is heard.
    while (!first) {
      for (const act of ['suspend', 'resume']) await client.tokens[act](made.id)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await listening
    assert.match(first.type, /^token\.(suspended|resumed)$/)
    assert.equal((await client.tokens.revoke(made.id, 'done')).state, 'revoked')
    for await (const event of heard) if (event.type === 'token.revoked') break
    const types = (await client.events.list({ token: made.id }).all()).map((event) => event.type)
    assert.ok(types.includes('token.created') && types.includes('token.revoked'))

    await assert.rejects(client.tokens.get(crypto.randomUUID()), NotFoundError)
    await assert.rejects(client.tokens.create({ name: 'x', scopes: ['no:such'] }), ValidationError)
    const poor = await client.tokens.create({ name: 'poor', api: 'latchkey', scopes: ['token:read'] })
    const weak = new Latchkey({ authToken: poor.token, server: server.url })
    await assert.rejects(weak.projects.create({ name: 'x' }), (error) => {
      assert.ok(error instanceof PermissionError)
      assert.deepEqual(error.missingScopes, ['project:write'])
      assert.ok(error.requestId)
      return true
    })
    await client.projects.delete(shop.id)
  })
})
