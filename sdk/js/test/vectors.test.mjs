// What every verifier answers: spec/vectors/verifier, the same files as in C++ and Python.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { addressIsIn, createVerifier, missingScopes, policyAllows } from '@latchkey/sdk/verify'
import { Network, settle } from './support/network.mjs'

const folder = new URL('../../../spec/vectors/verifier/', import.meta.url).pathname
let count = 0
after(() => console.log(`verifier vectors: ${count} cases`))

const rules = {
  scopes: ({ have, wanted, missing }) => assert.deepEqual(missingScopes(have, wanted), missing),
  policies: ({ policy, action, resource, allowed }) =>
    assert.equal(policyAllows(policy, action, resource), allowed),
  addresses: ({ block, address, inside }) => assert.equal(addressIsIn(block, address), inside),
}

for (const name of readdirSync(folder).filter((one) => one.endsWith('.json')).sort()) {
  const file = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const rule = rules[name.replace('.json', '')]
  describe(name, () => {
    for (const one of file.cases) {
      test(one.name, async () => {
        ++count
        if (rule) rule(one)
        else await runCase(file, one)
      })
    }
  })
}

async function runCase(file, { config: changes, steps }) {
  const config = { ...file.config, ...changes }
  const network = new Network()
  let now = 0
  const needsToken = config.ask || config.revocation === 'stream'
  const verifier = createVerifier({
    issuer: config.issuer,
    audience: config.audience,
    maxStalenessSeconds: config.maxStalenessSeconds,
    clockToleranceSeconds: config.clockToleranceSeconds,
    revocation: config.revocation,
    ...(needsToken ? { token: 'the-verifiers-own-token' } : {}),
    fetch: network.fetch,
    now: () => now,
  })
  try {
    for (const [number, step] of steps.entries()) {
      now = step.at * 1000
      network.answers = answersOf(file.documents, step.network)
      if (!config.ask) delete network.answers[`${config.issuer}/v1/tokens/verify`]
      if (step.frames) await send(network, verifier, step.frames, number === 0)
      network.requests = []
      const { token, ...wanted } = step.verify
      const result = await verifier.verify(textOf(token), wanted)
      compare(result, step.expect, `step ${number}`)
      if (step.asked) compareAsked(network.requests, step.asked)
      if (step.requests === 0) assert.deepEqual(network.requests, [])
    }
  } finally {
    await verifier.close()
  }
}

async function send(network, verifier, frames, isFirst) {
  network.frames(frames)
  if (isFirst) await verifier.ready()
  const last = frames.at(-1).data
  await settle(() => verifier.state.revision === last.to && verifier.state.epoch === last.epoch)
}

function answersOf(documents, network) {
  return Object.fromEntries(
    Object.entries(network).map(([url, answer]) => {
      if (typeof answer === 'string') return [url, { body: documents[answer] }]
      return [url, { ...answer, body: documents[answer.body] ?? '' }]
    }),
  )
}

function textOf(token) {
  if (typeof token === 'string') return token
  return token.before + token.repeat.repeat(token.times) + token.after
}

function compareAsked(requests, asked) {
  const { body } = requests.findLast(({ url }) => url.endsWith('/v1/tokens/verify'))
  const said = JSON.parse(body)
  for (const [name, value] of Object.entries(asked)) assert.deepEqual(said[name], value, name)
}

function compare(result, expected, where) {
  const seen = {}
  for (const name of Object.keys(expected)) {
    const value = result[name]
    if (name === 'expiresAt') seen[name] = value === undefined ? null : value.getTime() / 1000
    else seen[name] = value ?? null
  }
  assert.deepEqual(seen, expected, where)
  assert.equal(result.ok, expected.verdict === 'active')
}
