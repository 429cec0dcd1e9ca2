// The verifier: what a token is, from what is known here, and from the authority where that is not
// enough. The verdicts and their order are those of spec/vectors/README.md.
import { uuidOf } from '../wire/encoding.js'
import { isObject, type JsonObject } from '../wire/json.js'
import { Authority } from './authority.js'
import { Changes, keyDigestOf, type Standing } from './changes.js'
import { accessClaims, jwtClaims, type TokenClaims } from './claims.js'
import { Freshness } from './freshness.js'
import { parseJws, kTokenBytesMax } from './jws.js'
import { KeySet } from './key_set.js'
import { isOpaqueToken, isProjectToken } from './opaque.js'
import {
  type Config,
  configOf,
  requireRequirement,
  type Requirement,
  type VerifierOptions,
} from './options.js'
import { Recent } from './recent.js'
import { allowed, type Identity, refused, type Result } from './result.js'
import { missingScopes } from './scope.js'
import { isSigned } from './signatures.js'
import { type ListCopy, StatusLists } from './status_lists.js'
import { EventStream } from './stream.js'

/** A token whose signature and claims were found good. Whether it counts now is another matter. */
interface Known {
  readonly claims: TokenClaims
  readonly who: Identity & { readonly tokenId: string }
  readonly kid: string
  readonly keyDigest: string | undefined
  /** How many keys the key set had lost when it was found good. */
  readonly losses: number
  /** When it was first shown; what is read from then on is younger than the token. */
  readonly shownAt: number
}

/** What must be had before it can be told. */
type Need = 'keys' | 'list' | 'authority'

export interface VerifierState {
  /** Whether the event stream tells of every change. */
  readonly isConnected: boolean
  readonly epoch: number
  readonly revision: number
}

/** Not for us to tell: an opaque token, which says nothing. */
const kOpaque = 'opaque'

const kReadingsMax = 6
const kNone: Requirement = Object.freeze({})
const kNoScopes: readonly string[] = Object.freeze([])

export class Verifier {
  readonly #config: Config
  readonly #freshness: Freshness
  readonly #keys: KeySet
  readonly #lists: StatusLists
  readonly #changes = new Changes()
  readonly #authority: Authority
  readonly #stream: EventStream | undefined
  readonly #known: Recent<Known>

  constructor(options: VerifierOptions) {
    this.#config = configOf(options)
    this.#freshness = new Freshness(this.#config)
    this.#keys = new KeySet(this.#config, this.#freshness)
    this.#lists = new StatusLists(this.#config, this.#keys, this.#freshness)
    this.#authority = new Authority(this.#config, this.#freshness, this.#changes)
    this.#known = new Recent(this.#config.cacheSize)
    if (this.#config.revocation === 'stream') {
      this.#stream = new EventStream(this.#config, this.#freshness, {
        began: () => this.#readAnew(),
        wasReset: () => this.#forget(),
        changed: (facts, revision, makesToken) => {
          const now = this.#seconds() + this.#config.toleranceSeconds
          this.#changes.apply(facts, revision, now, makesToken)
          if (tellsOfKeys(facts)) this.#keys.expectNews()
        },
      })
    }
  }

  /** Reads the keys and opens the event stream, so that the first request need not wait. Never
   * throws: without them it is not known what counts, and verify() says so. */
  async ready(): Promise<void> {
    this.#stream?.start()
    await Promise.all([this.#stream?.settled(), this.#keys.refresh()])
    if (this.#freshness.run !== undefined) await this.#keys.readInRun()
  }

  get state(): VerifierState {
    const { epoch, revision } = this.#freshness
    return { isConnected: this.#freshness.isFresh(), epoch, revision }
  }

  /** What the token is, and whether it may do what is wanted. Never throws for a token, whatever it
   * is; what is no requirement is a ConfigurationError. */
  async verify(token: string, wanted: Requirement = kNone): Promise<Result> {
    requireRequirement(wanted)
    this.#stream?.start()
    if (typeof token !== 'string' || token.length > kTokenBytesMax) return refused('malformed')
    const known = this.#remembered(token) ?? (await this.#open(token))
    if (known === kOpaque) return this.#authority.ask(token, wanted)
    if ('ok' in known) return known
    const now = this.#judge(known, wanted)
    return typeof now === 'string' ? this.#judgeAgain(token, known, wanted, now) : now
  }

  /** Ends the event stream. What is asked afterwards is told from what can be read. */
  async close(): Promise<void> {
    await this.#stream?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #remembered(token: string): Known | undefined {
    const known = this.#known.get(token)
    if (known === undefined) return undefined
    if (known.losses === this.#keys.losses || this.#keys.has(known.kid)) return known
    this.#known.delete(token)
    return undefined
  }

  async #open(token: string): Promise<Known | Result | typeof kOpaque> {
    const jws = parseJws(token)
    if (jws === undefined) {
      return isOpaqueToken(token) || isProjectToken(token) ? kOpaque : refused('malformed')
    }
    const { iss } = jws.claims
    if (typeof iss !== 'string') return refused('malformed')
    // Before anything is read: strangers' tokens cause no request.
    if (iss !== this.#config.issuer || jws.kid === undefined) return refused('unknown')
    const { losses } = this.#keys
    const shownAt = this.#config.steady()
    const key = await this.#keys.find(jws.kid)
    // A key that came meanwhile is better not called unknown.
    if (key === undefined) {
      return refused(this.#keys.mayLack(jws.claims.iat, shownAt) ? 'not_current' : 'unknown')
    }
    if (!(await isSigned(jws, key))) return refused('unknown')
    const claims = this.#claimsOf(jws.type, jws.claims)
    if (claims === undefined) return refused('malformed')
    const { clientKey, clientSecret, tokenId } = claims
    const keyDigest =
      clientKey === undefined ? clientSecret : await keyDigestOf(tokenId, clientKey)
    const known = {
      claims, who: identityOf(claims), kid: jws.kid, losses, shownAt,
      keyDigest,
    }
    this.#known.set(token, known)
    return known
  }

  #claimsOf(type: string | undefined, claims: JsonObject): TokenClaims | undefined {
    if (type === 'jwt') return jwtClaims(claims, this.#config.issuer)
    return type === 'at+jwt' ? accessClaims(claims) : undefined
  }

  #judge(known: Known, wanted: Requirement): Result | Need {
    const { claims, who } = known
    const standing = this.#changes.standing(claims, known.kid, known.keyDigest)
    const list = claims.status && this.#lists.copy(claims.status.uri)
    const status = list && StatusLists.status(list, claims.status!.index)
    const over = this.#isOver(claims, standing, status)
    if (over !== undefined) return refused(over, who)
    if (this.#config.revocation === 'ask') return 'authority'
    if (claims.kind === 'access') {
      if (this.#config.token !== undefined && !this.#isTold(claims)) return 'authority'
    } else {
      if (claims.status === undefined || wanted.project !== undefined) return 'authority'
      if (list === undefined || status === undefined) return 'list'
      if (!this.#speaksFor(list, known, standing)) return 'list'
      this.#lists.refreshIfOld(claims.status.uri, list)
    }
    // Whoever stole a signing key that was withdrawn since can write any token, of any status.
    if (!this.#keys.isCurrent()) return 'keys'
    this.#keys.refreshIfOld()
    if (standing.passing !== undefined) return refused(standing.passing, who)
    if (status === 2) return refused('suspended', who)
    if (standing.mustAsk || (status !== undefined && status !== 0)) return 'authority'
    // Proofs are for the authority to check; a stolen token is worth nothing here.
    if (claims.needsProof) return refused('proof_needed', who)
    return this.#permit(known, wanted, false)
  }

  // What stays true, however old the news is.
  #isOver(
    claims: TokenClaims,
    standing: Standing,
    status: number | undefined,
  ): 'wrong_audience' | 'revoked' | 'key_compromised' | 'expired' | 'not_yet_valid' | undefined {
    if (claims.audience !== this.#config.audience) return 'wrong_audience'
    if (status === 1) return 'revoked'
    if (standing.final !== undefined) return standing.final
    const now = this.#seconds()
    if (claims.expiresAt !== undefined && claims.expiresAt <= now) return 'expired'
    return claims.issuedAt > now + this.#config.toleranceSeconds ? 'not_yet_valid' : undefined
  }

  // No list names access tokens: what became of one before the stream was heard, or without it, only
  // the authority knows.
  #isTold(claims: TokenClaims): boolean {
    const { beganAt } = this.#freshness
    return this.#freshness.isFresh() &&
      claims.issuedAt > beganAt + this.#config.toleranceSeconds
  }

  #speaksFor(list: ListCopy, known: Known, standing: Standing): boolean {
    return this.#lists.isCurrent(list) && this.#isAbout(list, known, standing)
  }

  // Not from before a change, or before the token: its entry was somebody else's then, or nobody's.
  #isAbout(list: ListCopy, known: Known, standing: Standing): boolean {
    const isOwn = list.readAt >= known.shownAt // read because of it, so after its making
    if (list.revision < standing.revision && !(isOwn && standing.isMaking)) return false
    return isOwn || list.readAtWall > known.claims.issuedAt + this.#config.toleranceSeconds
  }

  #permit(known: Known, wanted: Requirement, isStale: boolean): Result | Need {
    const { claims, who } = known
    const scopes = wanted.scopes ?? kNoScopes
    const isElsewhere =
      wanted.project !== undefined && idOf(wanted.project) !== claims.project
    if (isElsewhere) {
      return refused('insufficient_scope', who, { scopes: claims.scopes, missingScopes: scopes })
    }
    if (scopes.length > 0) {
      const missing = missingOf(claims, scopes)
      if (missing.length > 0) {
        // The scopes of an access token are what holds on every resource, and never more.
        const mayBeMore = claims.kind === 'access' && this.#config.token !== undefined
        if (mayBeMore && !isStale) return 'authority'
        return refused('insufficient_scope', who, { scopes: claims.scopes, missingScopes: missing })
      }
    }
    return allowed(who, claims.scopes, isStale)
  }

  async #judgeAgain(
    token: string,
    known: Known,
    wanted: Requirement,
    first: Need,
  ): Promise<Result> {
    let need = first
    // While a list is read the stream may tell of a change, and then it must be read again.
    for (let count = 0; count < kReadingsMax && need !== 'authority'; ++count) {
      if (need === 'list') await this.#readList(known)
      else await this.#keys.refresh()
      // The key that signed it may have gone meanwhile, and then its signature proves nothing.
      if (!this.#keys.has(known.kid)) {
        this.#known.delete(token)
        return refused(this.#keys.hasFailed ? 'not_current' : 'unknown')
      }
      const now = this.#judge(known, wanted)
      if (typeof now !== 'string') return now
      need = now
    }
    return need === 'authority' ? this.#asked(token, known, wanted) : this.#stale(known, wanted)
  }

  #readList(known: Known): Promise<void> {
    const standing = this.#changes.standing(known.claims, known.kid, known.keyDigest)
    return this.#lists.refresh(known.claims.status!.uri, (copy) =>
      this.#speaksFor(copy, known, standing))
  }

  async #asked(token: string, known: Known, wanted: Requirement): Promise<Result> {
    const answer = await this.#authority.ask(token, wanted)
    if (answer.verdict !== 'not_current') {
      // What the token itself says about its project needs no list of projects.
      return answer.project === known.claims.project
        ? answer : { ...answer, project: known.claims.project }
    }
    return refused('not_current', known.who)
  }

  // The route decides; only what was confirmed once can be let through.
  #stale(known: Known, wanted: Requirement): Result {
    const isLenient = (wanted.onStale ?? this.#config.onStale) === 'allow'
    const { claims } = known
    const list = claims.status && this.#lists.copy(claims.status.uri)
    const standing = this.#changes.standing(claims, known.kid, known.keyDigest)
    const wasGood =
      standing.passing === undefined && !standing.mustAsk && !claims.needsProof &&
      (claims.kind === 'access' ||
        (list !== undefined && StatusLists.status(list, claims.status!.index) === 0 &&
          this.#isAbout(list, known, standing)))
    if (!isLenient || !wasGood) return refused('not_current', known.who)
    const result = this.#permit(known, wanted, true)
    return typeof result === 'string' ? refused('not_current', known.who) : result
  }

  #readAnew(): void {
    void this.#keys.readInRun()
    this.#lists.refreshAll()
  }

  #forget(): void {
    this.#changes.forget(this.#seconds() + this.#config.toleranceSeconds)
    this.#lists.forget()
    this.#authority.forget()
  }

  #seconds(): number {
    return Math.floor(this.#config.now() / 1000)
  }
}

// Either form of an id; what is none of them is the id of nothing.
function idOf(text: string): string {
  return uuidOf(text) ?? text
}

function missingOf(claims: TokenClaims, scopes: readonly string[]): string[] {
  const missing = missingScopes(claims.scopes, scopes)
  if (claims.requested === undefined) return missing
  const beyond = missingScopes(claims.requested, scopes)
  return scopes.filter((scope) => missing.includes(scope) || beyond.includes(scope))
}

function tellsOfKeys(facts: unknown): boolean {
  return Array.isArray(facts) && facts.some((fact) => isObject(fact) && fact.kind === 'key')
}

function identityOf(claims: TokenClaims): Known['who'] {
  return {
    tokenId: claims.tokenId,
    owner: claims.owner,
    kind: claims.kind === 'jwt' ? 'jwt' : 'key',
    project: claims.project,
    expiresAt: claims.expiresAt === undefined ? undefined : new Date(claims.expiresAt * 1000),
  }
}

export function createVerifier(options: VerifierOptions): Verifier {
  return new Verifier(options)
}
