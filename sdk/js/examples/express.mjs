// A protected API. LATCHKEY_SERVER and LATCHKEY_VERIFIER_TOKEN say where Latchkey is and who asks.
import express from 'express'
import { createVerifier } from '@latchkey/sdk/verify'
import { protect } from '@latchkey/sdk/express'

const { LATCHKEY_SERVER: issuer, LATCHKEY_VERIFIER_TOKEN: token, PORT = '8090' } = process.env
const verifier = createVerifier({ issuer, token, audience: 'licensing-api' })
const app = express()
app.get('/licenses', protect(verifier, { scopes: ['license:read'] }), (req, res) => {
  res.json({ owner: req.latchkey.owner, token: req.latchkey.tokenId })
})
app.post('/functions/:id', protect(verifier), express.text(), (req, res) => {
  res.json({ id: req.params.id, echo: req.body })
})
const server = app.listen(PORT, '127.0.0.1', () => console.log(`ready ${server.address().port}`))
