// What the types of the package promise, checked by tsc --strict; nothing here is run.
import express, { type Request } from 'express'
import { type Context, Hono } from 'hono'
import { Latchkey, PermissionError, type Token } from '@latchkey/sdk'
import { AuthProvider } from '@latchkey/sdk/auth'
import { protect, requireScopes } from '@latchkey/sdk/express'
import { protect as protectHono, type LatchkeyVariables } from '@latchkey/sdk/hono'
import { createVerifier, type Result } from '@latchkey/sdk/verify'

const auth = new AuthProvider({ server: 'https://l.example', tokenId: 'x', privateKey: 'pem' })
const client = new Latchkey({ auth, server: 'https://l.example' })

export async function tokens(): Promise<string[]> {
  const names: string[] = []
  for await (const token of client.tokens.list({ state: 'active' })) names.push(token.name)
  const made = await client.tokens.create({ name: 'ci', scopes: ['license:read'] })
  const secret: string | undefined = made.token
  const plain: Token = made
  // @ts-expect-error a name is needed
  await client.tokens.create({ scopes: [] })
  // @ts-expect-error there is no such state
  client.tokens.list({ state: 'asleep' })
  return [...names, secret ?? '', plain.id]
}

export async function run(): Promise<readonly string[]> {
  try {
    await client.run({ id: 'f', data: { n: 1 } })
  } catch (error) {
    if (error instanceof PermissionError) return error.missingScopes
  }
  return []
}

export function tell(result: Result): string {
  if (result.ok) return `${result.tokenId} ${result.scopes.join()}`
  // @ts-expect-error who is refused may not be known
  const id: string = result.tokenId
  return `${result.status} ${result.reason} ${result.missingScopes.join()} ${id}`
}

const verifier = createVerifier({ issuer: 'https://l.example', audience: 'licensing-api' })
// @ts-expect-error an audience is needed
createVerifier({ issuer: 'https://l.example' })

// With Express's own types, as a newcomer has them.
const server = express()
server.use(protect(verifier))
server.get('/licenses', protect(verifier, { scopes: ['license:read'] }), (req, res) => {
  const owner: string | undefined = req.latchkey?.owner
  res.json({ owner, token: req.latchkey?.tokenId })
})
server.get('/projects/:project/licenses', requireScopes('product:read'),
  protect(verifier, (req) => ({ project: req.params.project })), (req, res) => {
    res.status(201).json([req.params.project])
  })
const wanted = (req: Request) => ({ project: String(req.params.project) })
server.use('/projects/:project', protect(verifier, wanted))
// @ts-expect-error a requirement has scopes
server.use(protect(verifier, { scope: 'license:read' }))

const app = new Hono<{ Variables: LatchkeyVariables }>()
app.use('/licenses', protectHono(verifier, (c) => ({ project: c.req.header('x-project') ?? 'p' })))
app.use('/projects/:project', protectHono(verifier, (c: Context) => ({
  project: c.req.param('project') ?? '' })))
app.get('/licenses', (c) => c.json({ owner: c.get('latchkey').owner }))
