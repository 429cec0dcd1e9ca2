import type { Policy, PrincipalType, Simulation } from '../model.js'
import type { RequestOptions, Transport } from '../transport.js'

/** Whose policy, and where. */
export interface PolicyOf {
  readonly project: string
  readonly type: PrincipalType
  readonly id: string
}

export interface Question {
  readonly action: string
  readonly resource?: string
  /** A draft in the place of the stored policy. */
  readonly policy?: Policy
}

/** What a token or a user may do in a project. */
export class Policies {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  get(of: PolicyOf, options: RequestOptions = {}): Promise<Policy> {
    return this.#transport.json({ ...options, method: 'GET', path: pathOf(of) })
  }

  put(of: PolicyOf, policy: Policy, options: RequestOptions = {}): Promise<Policy> {
    return this.#transport.json({ ...options, method: 'PUT', path: pathOf(of), body: policy })
  }

  /** What it may do, and why. Changes nothing. */
  simulate(of: PolicyOf, question: Question, options: RequestOptions = {}): Promise<Simulation> {
    return this.#transport.json({
      ...options,
      method: 'POST',
      path: `/v1/projects/${encodeURIComponent(of.project)}/simulate`,
      body: { principalType: of.type, principalId: of.id, ...question },
    })
  }
}

function pathOf(of: PolicyOf): string {
  const [project, id] = [of.project, of.id].map(encodeURIComponent)
  return `/v1/projects/${project}/principals/${of.type}/${id}/policy`
}
