// What the holder of a key token and of a second factor makes by himself.
import { createHmac, generateKeyPairSync, type KeyPairKeyObjectResult, randomUUID, sign } from 'node:crypto'
import { url } from './client.js'

export const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const second = generateKeyPairSync('ec', { namedCurve: 'P-256' })

export function jwkOf({ publicKey }: KeyPairKeyObjectResult) {
  const { x, y } = publicKey.export({ format: 'jwk' })
  return { kty: 'EC' as const, crv: 'P-256' as const, x: x!, y: y!, alg: 'ES256' as const }
}

/** RFC 7523: who the token is, for an access token. */
export function assertionOf(tokenId: string): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: tokenId, sub: tokenId, aud: url, jti: randomUUID(), iat: now, exp: now + 60 }
  const text = [{ alg: 'ES256', typ: 'client-authentication+jwt' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const key = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

/** RFC 6238, of a secret in base32. */
export function codeOf(secret: string, moment = Date.now()): string {
  const bits = [...secret.replace(/[ =]/g, '').toUpperCase()]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(moment / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const begin = mac[19]! & 15
  return String((mac.readUInt32BE(begin) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
