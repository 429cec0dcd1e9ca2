// The same for Hono, in Node, workers, Deno and Bun.
//   const verifier = createVerifier({ issuer, audience: 'licensing-api', token })
//   export default makeApp(verifier)
import { Hono } from 'hono'
import { protect } from '@latchkey/sdk/hono'

export function makeApp(verifier) {
  const app = new Hono()
  app.use('/licenses', protect(verifier, { scopes: ['license:read'] }))
  app.get('/licenses', (c) => c.json({ owner: c.get('latchkey').owner }))
  return app
}
