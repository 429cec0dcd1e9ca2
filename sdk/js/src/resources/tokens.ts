import { List } from '../list.js'
import type {
  CreatedToken,
  CreateToken,
  OwnToken,
  RotateToken,
  Token,
  TokenKey,
  TokenProject,
  TokenUsage,
  UpdateToken,
  VerifyAnswer,
  VerifyQuestion,
} from '../model.js'
import type { RequestOptions, Transport } from '../transport.js'

export interface ListTokens {
  readonly state?: 'active' | 'expired' | 'expiring' | 'revoked' | 'suspended' | 'all'
  readonly sort?: string
  readonly owner?: string
  readonly api?: string
  readonly scope?: string
  readonly project?: string
  readonly unusedFor?: string
  readonly q?: string
  readonly limit?: number
}

/** Tokens: their own, or with `owner` another user's. */
export class Tokens {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** What the presented token is. Needs no scope. */
  self(options: RequestOptions = {}): Promise<OwnToken> {
    return this.#transport.json({ ...options, method: 'GET', path: '/v1/tokens/self' })
  }

  list(query: ListTokens = {}, options: RequestOptions = {}): List<Token> {
    return new List(this.#transport, '/v1/tokens', { ...query }, options)
  }

  get(id: string, options: RequestOptions = {}): Promise<Token> {
    return this.#transport.json({ ...options, method: 'GET', path: pathOf(id) })
  }

  create(
    wanted: CreateToken,
    options: RequestOptions & { owner?: string } = {},
  ): Promise<CreatedToken> {
    const { owner, ...rest } = options
    return this.#transport.json({
      ...rest, method: 'POST', path: '/v1/tokens', query: { owner }, body: wanted, creates: true,
    })
  }

  update(id: string, changes: UpdateToken, options: RequestOptions = {}): Promise<Token> {
    return this.#transport.json({ ...options, method: 'PATCH', path: pathOf(id), body: changes })
  }

  /** Final; it stays listed as revoked. After the answer no check says active. */
  revoke(id: string, reason?: string, options: RequestOptions = {}): Promise<Token> {
    return this.#act(id, 'revoke', reason, options)
  }

  suspend(id: string, reason?: string, options: RequestOptions = {}): Promise<Token> {
    return this.#act(id, 'suspend', reason, options)
  }

  resume(id: string, reason?: string, options: RequestOptions = {}): Promise<Token> {
    return this.#act(id, 'resume', reason, options)
  }

  /** A new secret; the old one works on for the grace. */
  rotate(id: string, how: RotateToken = {}, options: RequestOptions = {}): Promise<CreatedToken> {
    return this.#transport.json({
      ...options, method: 'POST', path: pathOf(id, '/rotate'), body: how,
    })
  }

  /** Revokes it and hides it. */
  async delete(id: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.send({ ...options, method: 'DELETE', path: pathOf(id) })
  }

  usage(id: string, options: RequestOptions = {}): Promise<TokenUsage> {
    return this.#transport.json({ ...options, method: 'GET', path: pathOf(id, '/usage') })
  }

  projects(id: string, options: RequestOptions = {}): Promise<TokenProject[]> {
    return this.#transport.json({ ...options, method: 'GET', path: pathOf(id, '/projects') })
  }

  keys(id: string, options: RequestOptions = {}): Promise<TokenKey[]> {
    return this.#transport.json({ ...options, method: 'GET', path: pathOf(id, '/keys') })
  }

  addKeys(
    id: string,
    keys: unknown,
    options: RequestOptions & { algorithm?: string } = {},
  ): Promise<Token> {
    const { algorithm, ...rest } = options
    const body = algorithm === undefined ? { keys } : { keys, algorithm }
    return this.#transport.json({ ...rest, method: 'POST', path: pathOf(id, '/keys'), body })
  }

  async removeKey(id: string, kid: string, options: RequestOptions = {}): Promise<void> {
    const path = pathOf(id, `/keys/${encodeURIComponent(kid)}`)
    await this.#transport.send({ ...options, method: 'DELETE', path })
  }

  /** Asks about a token that somebody showed you. createVerifier() does this, and more. */
  verify(question: VerifyQuestion, options: RequestOptions = {}): Promise<VerifyAnswer> {
    return this.#transport.json({
      ...options, method: 'POST', path: '/v1/tokens/verify', body: question,
    })
  }

  #act(
    id: string,
    verb: string,
    reason: string | undefined,
    options: RequestOptions,
  ): Promise<Token> {
    return this.#transport.json({
      ...options,
      method: 'POST',
      path: pathOf(id, `/${verb}`),
      body: reason === undefined ? {} : { reason },
    })
  }
}

function pathOf(id: string, more = ''): string {
  return `/v1/tokens/${encodeURIComponent(id)}${more}`
}
