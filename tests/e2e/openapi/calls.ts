// The calls, in the order in which they are made: the name of the operation, and how it is called.
// `tsc --strict` says whether what is sent fits the description.
//
// A new operation: add a line where what it needs is there. One that has none is called with the
// description's own examples (generic.ts).
import { type Client, clientWith, email, good, password, refused } from './client.js'
import { assertionOf, codeOf, jwkOf, pair, second } from './keys.js'
import type { operations } from './schema.js'

export type OperationId = keyof operations
type Call = readonly [OperationId, () => Promise<unknown>]

/** What the calls find out for those behind them. */
const know = {
  token: '', secret: '', key: '', kid: '', access: '', project: '', machine: '', human: '', role: '',
  api: '', verifier: '', bulk: '', userCode: '', cliSession: '', invite: '', factor: '',
  recovery: [] as readonly string[],
}
const PERSON = { email: 'grace@example.com', password: 'another horse battery staple' }

const nobody = clientWith()
let admin = nobody
let person = nobody

const of = (id: string) => ({ params: { path: { id } } })
const inProject = (principalId: string) => ({ params: { path: { id: know.project, principalId } } })
const ofPolicy = () => ({ params: { path: { id: know.project, type: 'token' as const,
  principalId: know.token } } })
const page = { parseAs: 'text' } as const
const asForm = {
  bodySerializer: (body: object = {}) => new URLSearchParams(body as Record<string, string>),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
}
const fragmentOf = (link: string | undefined): string => (link ?? '').split('#')[1] ?? ''

async function loggedIn(by: { email: string; password: string }): Promise<Client> {
  const { session } = await good(nobody.POST('/v1/session', { body: { ...by, kind: 'cli' } }))
  return clientWith(session)
}

async function made(name: string, more: object = {}): Promise<{ id: string; token: string }> {
  const body = { name, api: 'orders', scopes: ['order:read', 'order:write'], ...more }
  const { id, token } = await good(admin.POST('/v1/tokens', { body }))
  return { id, token: token ?? '' }
}

const sessions: Call[] = [
  ['logIn', async () => void (admin = await loggedIn({ email, password }))],
  ['getMe', () => good(admin.GET('/v1/users/me'))],
  ['proveSession', () => good(admin.POST('/v1/session/proof', { body: { password } }))],
  // There is an administrator already.
  ['setUp', () => refused(409, nobody.POST('/v1/setup', {
    body: { code: '7Qx2mNc9', email: 'eve@example.com', name: 'Eve', password: PERSON.password } }))],
]

const installation: Call[] = [
  ['createApi', async () => {
    know.api = (await good(admin.POST('/v1/apis', { body: { slug: 'orders', audience: 'orders-api',
      name: 'Orders', defaultScopes: ['order:read'],
      scopes: [{ name: 'order:read' }, { name: 'order:write' }] } }))).id
  }],
  ['listApis', () => good(admin.GET('/v1/apis'))],
  ['getApi', () => good(admin.GET('/v1/apis/{id}', of(know.api)))],
  ['updateApi', () => good(admin.PATCH('/v1/apis/{id}', { ...of(know.api), body: { default: true } }))],
  ['listScopes', () => good(admin.GET('/v1/apis/{id}/scopes', of(know.api)))],
  ['replaceScopes', () => good(admin.PUT('/v1/apis/{id}/scopes', { ...of(know.api),
    body: [{ name: 'order:read', description: 'See orders' }, { name: 'order:write' }] }))],
  ['createRole', async () => {
    know.role = (await good(admin.POST('/v1/roles',
      { body: { name: 'auditor', patterns: { orders: ['order:read'] } } }))).id
  }],
  ['listRoles', () => good(admin.GET('/v1/roles'))],
  ['getRole', () => good(admin.GET('/v1/roles/{id}', of(know.role)))],
  ['updateRole', () => good(admin.PATCH('/v1/roles/{id}',
    { ...of(know.role), body: { patterns: { orders: ['order:*'] } } }))],
  ['createUser', async () => {
    know.machine = (await good(admin.POST('/v1/users', { body: { kind: 'machine', name: 'gateway',
      verifies: ['orders'], roles: ['verifier'] } }))).id
    know.human = (await good(admin.POST('/v1/users', { body: { kind: 'human', ...PERSON,
      roles: ['member'] } }))).id
  }],
  ['listUsers', () => good(admin.GET('/v1/users', { params: { query: { limit: 2 } } }))],
  ['getUser', () => good(admin.GET('/v1/users/{id}', of(know.human)))],
  ['updateUser', () => good(admin.PATCH('/v1/users/{id}',
    { ...of(know.human), body: { roles: ['member', 'auditor'] } }))],
  ['getSettings', () => good(admin.GET('/v1/settings'))],
  ['putSettings', () => good(admin.PUT('/v1/settings',
    { body: { defaultKind: 'jwt', defaultLifeDays: 90, corsOrigins: ['https://app.example.com'] } }))],
  ['getTokenRules', () => good(admin.GET('/v1/token-rules'))],
  ['tryTokenRules', () => good(admin.POST('/v1/token-rules/dry-run', { body: { rules:
    { maxLifeDays: 90, requireExpiry: true, requireAddresses: false, kinds: ['jwt'] } } }))],
  ['putTokenRules', () => good(admin.PUT('/v1/token-rules', { body:
    { maxLifeDays: 365, requireExpiry: false, requireAddresses: false,
      kinds: ['jwt', 'opaque', 'key'] } }))],
  ['listSigningKeys', () => good(admin.GET('/v1/signing-keys'))],
  ['rotateSigningKeys', () => good(admin.POST('/v1/signing-keys/rotate', { body: { emergency: false } }))],
]

const tokens: Call[] = [
  ['createToken', async () => {
    ({ id: know.token, token: know.secret } = await made('ci-deploy', { kind: 'opaque' }))
    const { token } = await good(admin.POST('/v1/tokens', { params: { query: { owner: know.machine } },
      body: { name: 'gateway', api: 'latchkey', kind: 'opaque', scopes: ['token:verify'] } }))
    know.verifier = token ?? ''
  }],
  ['listTokens', () => good(admin.GET('/v1/tokens', { params: { query: { limit: 1, state: 'all' } } }))],
  ['getToken', () => good(admin.GET('/v1/tokens/{id}', of(know.token)))],
  ['getOwnToken', () => good(clientWith(know.secret).GET('/v1/tokens/self'))],
  ['updateToken', () => good(admin.PATCH('/v1/tokens/{id}',
    { ...of(know.token), body: { description: 'For the release pipeline' } }))],
  ['suspendToken', () => good(admin.POST('/v1/tokens/{id}/suspend',
    { ...of(know.token), body: { reason: 'on holiday' } }))],
  ['resumeToken', () => good(admin.POST('/v1/tokens/{id}/resume', { ...of(know.token), body: {} }))],
  ['verifyToken', async () => {
    const asked = (token: string) => good(clientWith(know.verifier).POST('/v1/tokens/verify',
      { body: { token, api: 'orders', scopes: ['order:read'] } }))
    await asked(know.secret)
    await asked('lkp_0000000000000000000000000000000000000000')
  }],
  ['introspectToken', () => good(clientWith(know.verifier).POST('/oauth2/introspect',
    { body: { token: know.secret }, ...asForm }))],
  ['check', () => good(clientWith(know.secret).GET('/check', { parseAs: 'text' }))],
  ['checkRequirements', async () => {
    const scope = (name: string) => clientWith(know.secret).GET('/check/{requirements}', {
      params: { path: { requirements: `scope/${name}` } }, parseAs: 'text',
      pathSerializer: (path, { requirements }) => path.replace('{requirements}', String(requirements)),
    })
    await good(scope('order:read'))
    await refused(403, scope('order:delete'))
  }],
  ['getTokenUsage', () => good(admin.GET('/v1/tokens/{id}/usage', of(know.token)))],
  ['getUnusedScopes', () => good(admin.GET('/v1/tokens/{id}/unused', of(know.token)))],
  ['shrinkToken', () => good(admin.POST('/v1/tokens/{id}/shrink',
    { ...of(know.token), body: { days: 90, apply: false } }))],
  ['rotateToken', async () => {
    const { token } = await good(admin.POST('/v1/tokens/{id}/rotate',
      { ...of(know.token), body: { graceSeconds: 3600 } }))
    know.secret = token
  }],
  ['revokeToken', async () => {
    const { id } = await made('to-be-revoked')
    await good(admin.POST('/v1/tokens/{id}/revoke', { ...of(id), body: { reason: 'leaked' } }))
  }],
  ['revokePresentedToken', async () => {
    const { token } = await made('to-be-given-back')
    await good(nobody.POST('/oauth2/revoke', { body: { token }, ...asForm }))
  }],
  ['deleteToken', async () => {
    const { id } = await made('to-be-deleted')
    await good(admin.DELETE('/v1/tokens/{id}', of(id)))
  }],
  ['changeTokensInBulk', async () => {
    const ask = (dryRun: boolean) => good(admin.POST('/v1/tokens/bulk', { body: { action: 'revoke',
      filter: { owner: know.human }, reason: 'left', dryRun } }))
    await ask(true)
    const started = await ask(false)
    know.bulk = 'id' in started ? started.id : ''
  }],
  ['getBulkChange', () => good(admin.GET('/v1/tokens/bulk/{id}', of(know.bulk)))],
]

const projects: Call[] = [
  ['createProject', async () => {
    know.project = (await good(admin.POST('/v1/projects',
      { body: { name: 'checkout', api: 'orders' } }))).id
  }],
  ['listProjects', () => good(admin.GET('/v1/projects', { params: { query: { limit: 1 } } }))],
  ['getProject', () => good(admin.GET('/v1/projects/{id}', of(know.project)))],
  ['updateProject', () => good(admin.PATCH('/v1/projects/{id}',
    { ...of(know.project), body: { description: 'The checkout of the shop' } }))],
  ['addTokenToProject', () => good(admin.PUT('/v1/projects/{id}/principals/token/{principalId}',
    { ...inProject(know.token), body: {} }))],
  ['putPolicy', () => good(admin.PUT('/v1/projects/{id}/principals/{type}/{principalId}/policy', {
    ...ofPolicy(), body: { version: '2022-12-15',
      statement: [{ effect: 'Allow', action: ['order:*'], resource: ['*'] }] } }))],
  ['getPolicy', () => good(admin.GET('/v1/projects/{id}/principals/{type}/{principalId}/policy',
    ofPolicy()))],
  ['simulate', () => good(admin.POST('/v1/projects/{id}/simulate', { ...of(know.project),
    body: { principalType: 'token', principalId: know.token, action: 'order:read' } }))],
  ['listProjectsOfToken', () => good(admin.GET('/v1/tokens/{id}/projects', of(know.token)))],
  ['putMember', () => good(admin.PUT('/v1/projects/{id}/principals/user/{principalId}',
    { ...inProject(know.human), body: { role: 'viewer' } }))],
  ['listPrincipals', () => good(admin.GET('/v1/projects/{id}/principals', of(know.project)))],
  ['removeMember', () => good(admin.DELETE('/v1/projects/{id}/principals/user/{principalId}',
    inProject(know.human)))],
  ['createProjectToken', () => good(admin.POST('/v1/projects/{id}/tokens',
    { ...of(know.project), body: { name: 'aggregator', permissions: ['order:read'] } }))],
  ['listProjectTokens', () => good(admin.GET('/v1/projects/{id}/tokens', of(know.project)))],
]

const keys: Call[] = [
  ['createToken', async () => {
    know.key = (await made('billing-service', { kind: 'key', scopes: undefined,
      keys: jwkOf(pair), projects: [know.project] })).id
  }],
  ['addTokenKeys', () => good(admin.POST('/v1/tokens/{id}/keys',
    { ...of(know.key), body: { keys: jwkOf(second) } }))],
  ['listTokenKeys', async () => {
    const listed = await good(admin.GET('/v1/tokens/{id}/keys', of(know.key)))
    know.kid = listed[listed.length - 1]!.kid
  }],
  ['removeTokenKey', () => good(admin.DELETE('/v1/tokens/{id}/keys/{kid}',
    { params: { path: { id: know.key, kid: know.kid } } }))],
  ['exchangeAssertion', async () => {
    await good(nobody.POST('/oauth2/token', { body: { grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertionOf(know.key),
      resource: `urn:latchkey:project:${know.project}` }, ...asForm }))
    await refused(401, nobody.POST('/oauth2/token', { body: { grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'x' }, ...asForm }))
  }],
]

const logins: Call[] = [
  ['beginDeviceLogin', async () => {
    know.userCode = (await good(nobody.POST('/oauth2/device_authorization',
      { body: { client_id: 'latchkey-cli' }, ...asForm }))).user_code
  }],
  ['pushAuthorizationRequest', () => good(nobody.POST('/oauth2/par', {
    body: { client_id: 'latchkey-cli', response_type: 'code', state: 'a state',
      redirect_uri: 'http://127.0.0.1:49152/callback', code_challenge_method: 'S256',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' }, ...asForm }))],
  ['getWaitingLogin', () => good(admin.GET('/v1/device/{userCode}',
    { params: { path: { userCode: know.userCode } } }))],
  ['decideWaitingLogin', () => good(admin.POST('/v1/device/{userCode}',
    { params: { path: { userCode: know.userCode } }, body: { approve: false } }))],
  ['logIn', async () => void (person = await loggedIn(PERSON))],
  ['listSessions', async () => {
    await loggedIn(PERSON)
    const listed = await good(person.GET('/v1/sessions'))
    know.cliSession = listed.find((one) => !one.current)!.id
  }],
  ['endSession', () => good(person.DELETE('/v1/sessions/{id}', of(know.cliSession)))],
  ['logOut', async () => good((await loggedIn(PERSON)).DELETE('/v1/session'))],
]

const log: Call[] = [
  ['listEvents', () => good(admin.GET('/v1/events', { params: { query: { limit: 5 } } }))],
  ['getCheckpoint', () => good(admin.GET('/v1/events/checkpoint'))],
  ['streamEvents', async () => {
    const end = new AbortController()
    const { data, response } = await admin.GET('/v1/events/stream',
      { parseAs: 'stream', signal: end.signal })
    if (!response.ok) throw new Error(`the stream: ${response.status}`)
    const { value } = await (data as ReadableStream<Uint8Array>).getReader().read()
    if (value === undefined) throw new Error('the stream says nothing')
    end.abort()
  }],
]

const open: Call[] = [
  ['getKeySet', () => good(nobody.GET('/.well-known/jwks.json'))],
  ['getAuthorizationServerMetadata', () =>
    good(nobody.GET('/.well-known/oauth-authorization-server'))],
  ['getOwnResourceMetadata', () => good(nobody.GET('/.well-known/oauth-protected-resource'))],
  ['getResourceMetadata', () => good(nobody.GET('/.well-known/oauth-protected-resource/{slug}',
    { params: { path: { slug: 'orders' } } }))],
  ['getStatusList', () => good(nobody.GET('/status/{number}',
    { params: { path: { number: 0 } }, ...page }))],
  ['getOpenApi', () => good(nobody.GET('/openapi.json'))],
  ['explainError', () => good(nobody.GET('/errors/{code}',
    { params: { path: { code: 'unknown_scope' } }, ...page }))],
]

const endings: Call[] = [
  ['removeTokenFromProject', () => good(admin.DELETE(
    '/v1/projects/{id}/principals/token/{principalId}', inProject(know.token)))],
  ['deleteProject', () => good(admin.DELETE('/v1/projects/{id}', of(know.project)))],
  ['updateUser', () => good(admin.PATCH('/v1/users/{id}', { ...of(know.human), body: { roles: ['member'] } }))],
  ['deleteRole', () => good(admin.DELETE('/v1/roles/{id}', of(know.role)))],
  ['deleteApi', async () => {
    const { id } = await good(admin.POST('/v1/apis', { body: { slug: 'empty', audience: 'empty-api',
      name: 'Empty' } }))
    await good(admin.DELETE('/v1/apis/{id}', of(id)))
  }],
]

// Of the person who was made above: an authenticator, and a new password.
const factors: Call[] = [
  ['getSecondFactor', () => good(person.GET('/v1/account/factor'))],
  ['beginSecondFactor', async () => {
    await good(person.POST('/v1/session/proof', { body: { password: PERSON.password } }))
      .then(({ session }) => void (person = clientWith(session ?? '')))
    know.factor = (await good(person.POST('/v1/account/factor', { body: {} }))).secret
  }],
  ['confirmSecondFactor', async () => {
    know.recovery = (await good(person.POST('/v1/account/factor/confirm',
      { body: { code: codeOf(know.factor) } }))).recoveryCodes
  }],
  ['renewRecoveryCodes', async () => {
    know.recovery = (await good(person.POST('/v1/account/recovery-codes',
      { body: { password: PERSON.password, code: know.recovery[0]! } }))).recoveryCodes
  }],
  ['endSecondFactor', () => good(person.POST('/v1/account/factor/disable',
    { body: { password: PERSON.password, code: know.recovery[0]! } }))],
  ['resetSecondFactor', async () => {
    know.factor = (await good(person.POST('/v1/account/factor', { body: {} }))).secret
    await good(person.POST('/v1/account/factor/confirm', { body: { code: codeOf(know.factor) } }))
    await good(admin.DELETE('/v1/users/{id}/factor', of(know.human)))
  }],
  ['changePassword', async () => {
    person = await loggedIn(PERSON)
    await good(person.POST('/v1/account/password',
      { body: { password: PERSON.password, newPassword: 'a third horse battery staple' } }))
  }],
]

const invitations: Call[] = [
  ['inviteUser', async () => {
    const { id } = await good(admin.POST('/v1/users', { body: { kind: 'human',
      email: 'alan@example.com', name: 'Alan', roles: ['member'] } }))
    know.invite = fragmentOf((await good(admin.POST('/v1/users/{id}/invite',
      { ...of(id), body: {} }))).inviteLink)
    const { id: other } = await good(admin.POST('/v1/users', { body: { kind: 'human',
      email: 'edith@example.com', name: 'Edith', roles: ['member'] } }))
    know.human = other
  }],
  ['readInvitation', () => good(nobody.POST('/v1/invites/read', { body: { code: know.invite } }))],
  ['acceptInvitation', () => good(nobody.POST('/v1/invites/accept',
    { body: { code: know.invite, password: 'the horse of Alan is correct' } }))],
  ['withdrawInvitation', () => good(admin.DELETE('/v1/users/{id}/invite', of(know.human)))],
]

const imports: Call[] = [
  ['addImportSource', () => good(admin.POST('/v1/imports', { body: { name: 'acme', prefix: 'acme_',
    algorithm: 'hmac-sha256', hmacKey: 'c29tZSBzZWNyZXQgYnl0ZXM', dryRun: false } }))],
  ['listImportSources', () => good(admin.GET('/v1/imports'))],
  ['importTokens', () => good(admin.POST('/v1/imports/{name}/tokens', {
    params: { path: { name: 'acme' } }, body: { dryRun: true, tokens: [{ name: 'from-acme',
      digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', owner: email,
      api: 'orders', scopes: ['order:read'] }] } }))],
  ['removeImportSource', () => good(admin.DELETE('/v1/imports/{name}',
    { params: { path: { name: 'acme' } } }))],
]

export const calls: Call[] = [...sessions, ...installation, ...tokens, ...projects, ...keys,
  ...logins, ...log, ...open, ...endings, ...factors, ...invitations, ...imports]

/** Who calls what is made up: an administrator. */
export const administrator = (): Client => admin
