// A real Latchkey for a test: its own data, free ports, an API `licensing`, a verifier's token.
// $LATCHKEY_BINARY says which; without it these tests are not run.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const binary = process.env.LATCHKEY_BINARY
const EMAIL = 'admin@example.com'
const PASSWORD = 'correct horse battery staple'

const kPortsBegin = 12_000
const kPortsEnd = 20_000

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

/** Below those that the kernel gives to connections, and below those of tests/support. */
export async function freePort() {
  for (let i = 0; i < 500; ++i) {
    const port = kPortsBegin + Math.floor(Math.random() * (kPortsEnd - kPortsBegin))
    if (await isFree(port)) return port
  }
  throw new Error('no port is free')
}

export class LatchkeyServer {
  static async start() {
    const server = new LatchkeyServer()
    await server.#openAnywhere()
    const made = await server.call('POST', '/v1/session',
      { email: EMAIL, password: PASSWORD, kind: 'cli' })
    server.session = made.session
    return server
  }

  // Between the probe and the server's own listening somebody may be quicker.
  async #openAnywhere() {
    for (let left = 5; ; --left) {
      this.scratch = mkdtempSync(join(tmpdir(), 'latchkey-sdk-'))
      this.port = await freePort()
      this.opsPort = await freePort()
      this.url = `http://127.0.0.1:${this.port}`
      try {
        return await this.open()
      } catch (error) {
        rmSync(this.scratch, { recursive: true, force: true })
        if (left === 0 || !/in use/.test(error.message)) throw error
      }
    }
  }

  get environment() {
    const rest = Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_'))
    return {
      ...Object.fromEntries(rest), LATCHKEY_SETUP_EMAIL: EMAIL, LATCHKEY_SETUP_PASSWORD: PASSWORD,
      LATCHKEY_CONFIG_DIR: join(this.scratch, 'config'), LATCHKEY_SERVER: this.url,
    }
  }

  /** Starts the process; also after kill(), with the same data at the same address. */
  open() {
    const args = ['serve', '--data', join(this.scratch, 'data'), '--listen',
      `127.0.0.1:${this.port}`, '--ops-listen', `127.0.0.1:${this.opsPort}`]
    this.process = spawn(binary, args,
      { env: this.environment, stdio: ['ignore', 'ignore', 'pipe'] })
    return new Promise((resolve, reject) => {
      let words = ''
      this.process.stderr.on('data', (text) => {
        words += text
        if (/^ready$/m.test(words)) resolve()
      })
      this.process.once('exit', (code) => reject(new Error(`exit ${code}: ${words}`)))
    })
  }

  kill(signal = 'SIGKILL') {
    return new Promise((resolve) => {
      this.process.once('exit', resolve)
      this.process.kill(signal)
    })
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      await this.kill('SIGTERM')
    }
    rmSync(this.scratch, { recursive: true, force: true })
  }

  async call(method, path, body, token = this.session) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  async cli(...args) {
    const { stdout } = await run(binary, args, { env: this.environment })
    return stdout
  }

  /** The API `licensing` with scopes, and a machine user's token that may ask about it. */
  async makeApi(baseUrl) {
    await this.call('POST', '/v1/apis', {
      slug: 'licensing', audience: 'licensing-api', name: 'Licensing',
      ...(baseUrl ? { baseUrl } : {}),
      scopes: ['license:read', 'license:write', 'product:read'].map((name) => ({ name })),
    })
    const user = await this.call('POST', '/v1/users',
      { kind: 'machine', name: 'licensing-service', verifies: ['licensing'], roles: ['verifier'] })
      .catch(() => this.call('POST', '/v1/users',
        { kind: 'machine', name: 'licensing-service', verifies: ['licensing'] }))
    const made = await this.call('POST', `/v1/tokens?owner=${user.id}`,
      { name: 'verifier', api: 'latchkey', kind: 'opaque', scopes: ['token:verify'] })
    this.verifierToken = made.token
  }

  mint(members = {}) {
    return this.call('POST', '/v1/tokens',
      { name: 'caller', api: 'licensing', scopes: ['license:read'], ...members })
  }

  readScratch(name) {
    return readFileSync(join(this.scratch, name), 'utf8')
  }
}
