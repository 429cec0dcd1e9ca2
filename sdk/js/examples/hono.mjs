// The same for Hono: a fetch handler for Node, workers, Deno and Bun.
import { Hono } from 'hono'
import { createVerifier } from '@latchkey/sdk/verify'
import { protect } from '@latchkey/sdk/hono'

/** `env`: what a worker is given. */
export function makeApp(env) {
  const { LATCHKEY_SERVER: issuer, LATCHKEY_VERIFIER_TOKEN: token } = env
  const verifier = createVerifier({ issuer, token, audience: 'licensing-api' })
  const app = new Hono()
  app.use('/licenses', protect(verifier, { scopes: ['license:read'] }))
  app.get('/licenses', (c) => c.json({ owner: c.get('latchkey').owner }))
  return app
}
