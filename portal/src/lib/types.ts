// What the API answers, as spec/openapi.yaml has it. Members that a server may not have yet are
// optional, so that one portal serves through an upgrade.

export type TokenKind = 'jwt' | 'opaque' | 'key';
export type TokenState = 'active' | 'expired' | 'revoked' | 'suspended';

export interface TokenKey {
    kid: string;
    algorithm: string;
    thumbprint: string;
    createdAt: string;
}

export interface TokenSecret {
    id: string;
    generation: number;
    state: 'live' | 'ended' | 'revoked';
    createdAt: string;
    endsAt: string | null;
    untilSilentSeconds?: number | null;
    lastUsedAt: string | null;
    lastAddress?: string;
    lastAgent?: string;
    uses: number;
}

export interface RateLimit {
    requests: number;
    seconds: number;
}

export interface Token {
    id: string;
    jti?: string;
    name: string;
    description: string;
    kind: TokenKind;
    api: string;
    audience: string;
    owner: string;
    scopes: string[] | null;
    allowedIps: string[];
    state: TokenState;
    reason?: string;
    createdAt: string;
    updatedAt: string;
    expiresAt: string | null;
    notBefore?: string | null;
    source?: string; // the other system that it was imported from
    rateLimit?: RateLimit | null;
    revokedAt?: string;
    lastUsedAt: string | null;
    keys?: TokenKey[];
    generation: number;
    secrets?: TokenSecret[];
    uses7d?: number[];
}

export interface CreatedToken extends Token {
    token?: string;
    previous?: {id: string; endsAt: string | null; untilSilentSeconds?: number | null};
}

export interface TokenUsage {
    tokenId: string;
    lastUsedAt: string | null;
    lastAddress: string;
    lastAgent: string;
    uses: number;
    denials: number;
    days?: {date: string; uses: number; denials: number}[];
    denied?: {verdict: string; count: number; lastAt: string}[];
    generations?: {
        generation: number;
        uses: number;
        lastUsedAt: string | null;
        callers?: {address: string; agent: string; uses: number; lastUsedAt: string}[];
    }[];
    scopes?: {scope: string; uses: number; lastUsedAt: string}[];
}

export interface UnusedScopes {
    scopes: string[];
    used: string[];
    since: string;
    enough: boolean;
    usesWithoutScope?: number;
}

export interface Shrink {
    from: string[];
    to: string[];
    wouldHaveBeenDenied: {scope: string; uses: number}[];
    applied: boolean;
    token?: Token;
}

export interface User {
    id: string;
    kind: 'human' | 'machine';
    email: string | null;
    name: string;
    state: 'active' | 'disabled';
    roles: string[];
    verifies: string[];
    createdAt: string;
    invitedUntil?: string | null;
    secondFactor?: boolean;
}

export interface Me extends User {
    presented: 'session' | 'token';
    csrf?: string;
    permissions: string[];
}

export interface Session {
    id: string;
    kind: 'portal' | 'cli';
    agent: string;
    address: string;
    createdAt: string;
    lastSeenAt: string;
    expiresAt: string;
    current: boolean;
}

export interface Role {
    id: string;
    name: string;
    builtIn: boolean;
    patterns: Record<string, string[]>;
}

export interface Api {
    id: string;
    slug: string;
    audience: string;
    name: string;
    baseUrl: string | null;
    defaultScopes: string[];
    default: boolean;
    builtIn: boolean;
    createdAt: string;
}

export interface Scope {
    name: string;
    description?: string;
    group?: string;
    aliases?: string[];
}

export interface Project {
    id: string;
    name: string;
    description: string;
    api: string | null;
    role: string | null;
    createdAt: string;
    updatedAt: string;
}

export interface Principal {
    principalId: string;
    principalType: 'token' | 'user';
    name: string;
    owner: string | null;
    role?: string;
    hasPolicy: boolean;
    addedAt: string;
}

export interface Statement {
    effect: 'Allow' | 'Deny';
    action: string[];
    resource: string[];
    principal?: string[];
}

export interface Policy {
    version: string;
    statement: Statement[];
}

export interface TokenProject {
    id: string;
    name: string;
    description: string;
    policy: Policy | null;
    addedAt: string;
}

export interface SimulateAnswer {
    allowed: boolean;
    decision: string;
    statement: (Statement & {index: number}) | null;
    limits: {limit: string; allowed: boolean}[];
    reason: string;
}

export interface SigningKey {
    kid: string;
    algorithm: string;
    state: 'pending' | 'active' | 'verify_only' | 'retired';
    compromised: boolean;
    createdAt: string;
    activatedAt?: string;
    retiredAt?: string;
    liveSecrets: number;
}

export interface Settings {
    issuer: string;
    installationId: string;
    tokenPrefix: string;
    defaultApi: string;
    version: string;
    defaultKind?: TokenKind;
    defaultLifeDays?: number | null;
    maxLifeDays?: number | null;
    corsOrigins?: string[];
}

export interface TokenRules {
    maxLifeDays: number | null;
    requireExpiry: boolean;
    requireAddresses: boolean;
    kinds: TokenKind[];
}

export interface LogEvent {
    epoch: number;
    revision: number;
    at: string;
    type: string;
    actor: string;
    owner?: string;
    token?: string;
    data: Record<string, unknown>;
    hash: string;
    body: string;
}

export interface Checkpoint {
    epoch: number;
    revision: number;
    hash: string;
    at: string;
    checkpoint: string;
}

export interface DeviceRequest {
    userCode?: string;
    client: string;
    address: string;
    agent: string;
    host?: string;
    returnUrl?: string;
    redirectUri?: string; // of a command line on the person's machine, which waits there
    sameAddress?: boolean;
    requestedAt: string;
    state: string;
}
