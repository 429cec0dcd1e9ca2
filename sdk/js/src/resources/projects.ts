import { List } from '../list.js'
import type { Principal, PrincipalType, Project, ProjectToken } from '../model.js'
import type { RequestOptions, Transport } from '../transport.js'

export interface CreateProject {
  readonly name: string
  readonly description?: string
  readonly api?: string
}

/** Projects, who is in them, and the tokens that they own themselves. */
export class Projects {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  list(query: { limit?: number } = {}, options: RequestOptions = {}): List<Project> {
    return new List(this.#transport, '/v1/projects', query, options)
  }

  get(id: string, options: RequestOptions = {}): Promise<Project> {
    return this.#transport.json({ ...options, method: 'GET', path: pathOf(id) })
  }

  create(wanted: CreateProject, options: RequestOptions = {}): Promise<Project> {
    return this.#transport.json({
      ...options, method: 'POST', path: '/v1/projects', body: wanted, creates: true,
    })
  }

  update(
    id: string,
    changes: Partial<CreateProject>,
    options: RequestOptions = {},
  ): Promise<Project> {
    return this.#transport.json({ ...options, method: 'PATCH', path: pathOf(id), body: changes })
  }

  /** All rights in it end at once. */
  async delete(id: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.send({ ...options, method: 'DELETE', path: pathOf(id) })
  }

  principals(
    id: string,
    query: { type?: PrincipalType; limit?: number } = {},
    options: RequestOptions = {},
  ): List<Principal> {
    return new List(this.#transport, pathOf(id, '/principals'), query, options)
  }

  addToken(id: string, tokenId: string, options: RequestOptions = {}): Promise<Principal> {
    return this.#put(id, 'token', tokenId, {}, options)
  }

  /** `role`: owner, admin, member, viewer or a custom one; member when it is left out. */
  addUser(
    id: string,
    userId: string,
    role?: string,
    options: RequestOptions = {},
  ): Promise<Principal> {
    return this.#put(id, 'user', userId, role === undefined ? {} : { role }, options)
  }

  async removePrincipal(
    id: string,
    type: PrincipalType,
    principalId: string,
    options: RequestOptions = {},
  ): Promise<void> {
    const path = pathOf(id, `/principals/${type}/${encodeURIComponent(principalId)}`)
    await this.#transport.send({ ...options, method: 'DELETE', path })
  }

  tokens(
    id: string,
    query: { limit?: number } = {},
    options: RequestOptions = {},
  ): List<ProjectToken> {
    return new List(this.#transport, pathOf(id, '/tokens'), query, options)
  }

  createToken(
    id: string,
    wanted: { name: string; permissions: readonly string[] },
    options: RequestOptions = {},
  ): Promise<ProjectToken> {
    return this.#transport.json({
      ...options, method: 'POST', path: pathOf(id, '/tokens'), body: wanted, creates: true,
    })
  }

  #put(
    id: string,
    type: PrincipalType,
    principalId: string,
    body: object,
    options: RequestOptions,
  ): Promise<Principal> {
    const path = pathOf(id, `/principals/${type}/${encodeURIComponent(principalId)}`)
    return this.#transport.json({ ...options, method: 'PUT', path, body })
  }
}

function pathOf(id: string, more = ''): string {
  return `/v1/projects/${encodeURIComponent(id)}${more}`
}
