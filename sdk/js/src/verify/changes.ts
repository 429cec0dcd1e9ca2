// What the event stream told since: final where it says revoked, disabled or withdrawn. Everything
// else that it tells of says only that lists and answers from before it count no more, for who is
// concerned. A fact that we do not understand concerns everybody.
import { concatenate, toBase64url, utf8 } from '../wire/encoding.js'
import { isObject, type JsonObject } from '../wire/json.js'
import type { TokenClaims } from './claims.js'

const kEntriesMax = 100_000

interface Change {
  verdict: 'revoked' | 'suspended' | 'owner_disabled' | undefined
  /** The revision that a list, or an answer, must have. */
  revision: number
  /** Seconds on our clock: access tokens made before are asked about. */
  at: number
}

export interface Standing {
  readonly final: 'revoked' | 'key_compromised' | undefined
  readonly passing: 'suspended' | 'owner_disabled' | undefined
  /** What a status list must have been read at. */
  readonly revision: number
  /** That revision made the token: a list that was read because of it knows. */
  readonly isMaking: boolean
  /** Of an access token: only the authority can tell. */
  readonly mustAsk: boolean
}

const kUntouched: Standing = {
  final: undefined, passing: undefined, revision: 0, isMaking: false, mustAsk: false,
}

export class Changes {
  readonly #tokens = new Map<string, Change>()
  readonly #secrets = new Map<string, Change>()
  /** The revision at which a token was made. */
  readonly #made = new Map<string, number>()
  readonly #owners = new Map<string, Change>()
  /** Of projects, and of tokens in them ("project token"). */
  readonly #places = new Map<string, Change>()
  readonly #withdrawnKids = new Set<string>()
  readonly #endedKeys = new Set<string>()
  readonly #endedAccess = new Set<string>()
  #everybody: Change = { verdict: undefined, revision: 0, at: -Infinity }
  #accessBefore = -Infinity
  #newest = { token: 0, owner: 0, place: 0 }
  #count = 0

  /** `now`: seconds on our clock, with the tolerance for the authority's. */
  apply(facts: unknown, revision: number, now: number, makesToken: boolean): void {
    if (facts === undefined) return
    if (!Array.isArray(facts)) return this.#concern(revision, now)
    for (const fact of facts) {
      this.#take(fact, revision, now)
      if (makesToken && isObject(fact) && fact.kind === 'token' && typeof fact.id === 'string') {
        this.#put(this.#made, fact.id, revision)
      }
    }
    if (this.#count > kEntriesMax) this.#collapse(revision, now)
  }

  /** Of another log: nothing is known. */
  forget(now: number): void {
    this.#clear()
    this.#everybody = { verdict: undefined, revision: 0, at: now }
    this.#accessBefore = now
  }

  standing(claims: TokenClaims, kid: string, keyDigest: string | undefined): Standing {
    if (this.#count === 0 && this.#everybody.revision === 0 && this.#accessBefore === -Infinity) {
      return kUntouched
    }
    const token = this.#tokens.get(claims.tokenId)
    const final = token?.verdict === 'revoked' || this.#isEnded(claims, keyDigest)
      ? 'revoked'
      : this.#withdrawnKids.has(kid) ? 'key_compromised' : undefined
    const suspended = token?.verdict === 'suspended' ? 'suspended' : undefined
    if (claims.kind === 'access') {
      return {
        final, passing: suspended, revision: 0, isMaking: false,
        mustAsk: suspended === undefined && this.#isOpen(claims, token),
      }
    }
    const owner = this.#owners.get(claims.owner ?? '')
    const disabled = owner?.verdict === 'owner_disabled' ? 'owner_disabled' : undefined
    const secret = this.#secrets.get(claims.secretId)
    const revision = Math.max(
      this.#everybody.revision,
      // Where the stream itself says how it is, no list need say it again.
      suspended === undefined ? (token?.revision ?? 0) : 0,
      disabled === undefined ? (owner?.revision ?? 0) : 0,
      secret?.revision ?? 0,
    )
    const isMaking = revision > 0 && revision === this.#made.get(claims.tokenId)
    return { final, passing: suspended ?? disabled, revision, isMaking, mustAsk: false }
  }

  /** The revision that an answer about a token must have. */
  revisionFor(tokenId: string | undefined, owner: string | undefined): number {
    return Math.max(
      this.#everybody.revision,
      this.#newest.place,
      tokenId === undefined ? this.#newest.token : (this.#tokens.get(tokenId)?.revision ?? 0),
      owner === undefined ? this.#newest.owner : (this.#owners.get(owner)?.revision ?? 0),
    )
  }

  #isEnded(claims: TokenClaims, keyDigest: string | undefined): boolean {
    if (claims.kind === 'jwt') return this.#secrets.get(claims.secretId)?.verdict === 'revoked'
    if (keyDigest !== undefined && this.#endedKeys.has(keyDigest)) return true
    const ids = [claims.secretId, ...claims.ancestors]
    if (ids.some((id) => this.#endedAccess.has(id))) return true
    return this.#placesOf(claims).some(
      (place) => place.verdict === 'revoked' && claims.issuedAt <= place.at,
    )
  }

  #isOpen(claims: TokenClaims, token: Change | undefined): boolean {
    const made = claims.issuedAt
    if (made <= this.#accessBefore || (token !== undefined && made <= token.at)) return true
    return this.#placesOf(claims).some((place) => made <= place.at)
  }

  #placesOf(claims: TokenClaims): Change[] {
    if (claims.project === undefined) return []
    const names = [claims.project, `${claims.project} ${claims.tokenId}`]
    return names.flatMap((name) => this.#places.get(name) ?? [])
  }

  #take(fact: unknown, revision: number, at: number): void {
    if (!isObject(fact)) return this.#concern(revision, at)
    const { kind, id } = fact
    if (kind === 'key' && typeof fact.kid === 'string') {
      // New and retired keys are found in the key set.
      if (fact.is_compromised === true) this.#add(this.#withdrawnKids, fact.kid)
      return
    }
    if (kind === 'token' && typeof id === 'string') {
      const { state } = fact
      const verdict = state === 'revoked' || state === 'suspended' ? state : undefined
      this.#put(this.#tokens, id, { verdict, revision, at })
      this.#newest.token = revision
    } else if (kind === 'token_states' && Array.isArray(fact.tokens)) {
      for (const one of fact.tokens) {
        this.#take({ kind: 'token', id: one, state: fact.state }, revision, at)
      }
    } else if (kind === 'secret' && typeof id === 'string' && typeof fact.token === 'string') {
      this.#takeSecret(fact, id, fact.token, revision, at)
    } else if (kind === 'user' && typeof id === 'string') {
      const verdict = fact.is_disabled === true ? 'owner_disabled' : undefined
      this.#put(this.#owners, id, { verdict, revision, at })
      this.#newest.owner = revision
      this.#accessBefore = at
    } else if (!this.#takePlace(fact, revision, at)) {
      this.#concern(revision, at)
    }
  }

  #takeSecret(fact: JsonObject, id: string, token: string, revision: number, at: number): void {
    const verdict = fact.is_revoked === true ? 'revoked' : undefined
    this.#put(this.#secrets, id, { verdict, revision, at })
    if (verdict !== undefined && typeof fact.digest === 'string') {
      this.#add(this.#endedKeys, fact.digest)
    }
    this.#newest.token = revision
    // What was got with it, or with the one before it, is to be asked about.
    const known = this.#tokens.get(token)
    this.#put(this.#tokens, token, { verdict: known?.verdict, revision, at })
  }

  // False: it is no fact about a project, or about one access token.
  #takePlace(fact: JsonObject, revision: number, at: number): boolean {
    const { kind, id, project } = fact
    if (kind === 'access' && typeof fact.jti === 'string') {
      this.#add(this.#endedAccess, fact.jti)
      return true
    }
    const isPlace =
      (kind === 'project' && typeof id === 'string') ||
      ((kind === 'grant' || kind === 'membership') && typeof project === 'string')
    if (!isPlace) return false
    this.#newest.place = revision
    if (kind === 'project') {
      const verdict = fact.is_deleted === true ? 'revoked' : undefined
      this.#put(this.#places, id as string, { verdict, revision, at })
    } else if (kind === 'grant' && fact.principal_kind === 'token') {
      const verdict = fact.is_removed === true ? 'revoked' : undefined
      this.#put(this.#places, `${String(project)} ${String(fact.principal)}`,
        { verdict, revision, at })
    } else {
      this.#put(this.#places, project as string, { verdict: undefined, revision, at })
    }
    return true
  }

  #concern(revision: number, at: number): void {
    this.#everybody = { verdict: undefined, revision, at }
    this.#accessBefore = at
  }

  #put<Said>(told: Map<string, Said>, name: string, said: Said): void {
    if (!told.has(name)) ++this.#count
    told.set(name, said)
  }

  #add(names: Set<string>, name: string): void {
    if (!names.has(name)) ++this.#count
    names.add(name)
  }

  // What was told is in the lists too; only access tokens are in none, so they are asked about.
  #collapse(revision: number, now: number): void {
    this.#clear()
    this.#concern(revision, now)
  }

  // But not withdrawn keys: whoever stole one can write any token, also one that nothing is told of.
  #clear(): void {
    for (const one of [this.#tokens, this.#secrets, this.#made, this.#owners, this.#places,
      this.#endedKeys, this.#endedAccess]) {
      one.clear()
    }
    this.#count = this.#withdrawnKids.size
    this.#newest = { token: 0, owner: 0, place: 0 }
  }
}

/** How the facts name the key of a holder: SHA-256("latchkey key" NUL, token, thumbprint). */
export async function keyDigestOf(tokenId: string, thumbprint: string): Promise<string> {
  const hex = tokenId.replaceAll('-', '')
  const raw = Uint8Array.from({ length: 16 }, (_, i) => parseInt(hex.slice(i * 2, i * 2 + 2), 16))
  const text = concatenate(utf8('latchkey key\0'), raw, utf8(thumbprint))
  return toBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', text)))
}
