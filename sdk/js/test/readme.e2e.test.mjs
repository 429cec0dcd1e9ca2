// The README's first screen, as it stands there, against the real server.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { binary, freePort, LatchkeyServer } from './support/server.mjs'

const root = new URL('..', import.meta.url).pathname
const run = promisify(execFile)

describe('the README', { skip: !binary && 'LATCHKEY_BINARY is not set' }, () => {
  let server, folder, env, api
  before(async () => {
    server = await LatchkeyServer.start()
    folder = join(server.scratch, 'app')
    mkdirSync(join(folder, 'node_modules/@latchkey'), { recursive: true })
    symlinkSync(root, join(folder, 'node_modules/@latchkey/sdk'))
    symlinkSync(join(root, 'node_modules/express'), join(folder, 'node_modules/express'))
    const text = readFileSync(join(root, 'README.md'), 'utf8')
    for (const [, name, code] of text.matchAll(/```js (\w+)\n([^]*?)```/g)) {
      writeFileSync(join(folder, `${name}.mjs`), code)
    }
    const port = await freePort()
    await server.makeApi(`http://127.0.0.1:${port}`)
    env = { ...process.env, LATCHKEY_SERVER: server.url, PORT: String(port),
      LATCHKEY_VERIFIER_TOKEN: server.verifierToken, API: `http://127.0.0.1:${port}` }
    api = spawn(process.execPath, ['verify.mjs'], { cwd: folder, env, stdio: 'inherit' })
    for (let i = 0; i < 3000; ++i) {
      if (await fetch(`${env.API}/licenses`).then(() => true, () => false)) break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
  after(async () => {
    api?.kill()
    await server?.stop()
  })

  test('calls with a token', async () => {
    const { token } = await server.mint({ name: 'ci-deploy' })
    const { stdout } = await run(process.execPath, ['call.mjs'],
      { cwd: folder, env: { ...env, TOKEN: token, BASE_URL: env.API } })
    assert.match(stdout, /ci-deploy \[ 'license:read' \] null\ngreet Ada/)
  })

  test('signs with a key', async () => {
    const project = (await server.call('POST', '/v1/projects', { name: 'shop' })).id
    writeFileSync(join(folder, 'phrase'), 'correct horse\n', { mode: 0o600 })
    execFileSync(binary, ['token', 'create-token', '-n', 'deploy-production', '-g', '-a', 'ES256',
      '--api', 'licensing', '--out', join(folder, 'deploy.json'), '--with-permissions', '--project',
      project, '--passphrase-file', join(folder, 'phrase'), '--no-input', '--token', server.session],
    { env: server.environment, stdio: 'ignore' })
    const { stdout } = await run(process.execPath, ['key.mjs'],
      { cwd: folder, env: { ...env, KEY_PASSPHRASE: 'correct horse' } })
    assert.match(stdout, /^200 \{/)
  })
})
