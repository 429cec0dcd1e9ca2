// Base64url, UTF-8 and ids, as the token formats have them.

const kDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const kValues = new Int8Array(128).fill(-1)
for (let i = 0; i < kDigits.length; ++i) kValues[kDigits.charCodeAt(i)] = i

const utf8Encoder = new TextEncoder()
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return utf8Encoder.encode(text)
}

/** Undefined when the bytes are no UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8Decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Undefined unless the text is base64url without padding and without left-over bits: bytes have
 * one spelling only, so that nobody shows the same token twice as two. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let at = 0
  let bits = 0
  let pending = 0
  for (let i = 0; i < text.length; ++i) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? kValues[code]! : -1
    if (value < 0) return undefined
    pending = (pending << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (pending >> bits) & 0xff
      pending &= (1 << bits) - 1
    }
  }
  return pending === 0 ? bytes : undefined
}

export function toBase64url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += kDigits[word >> 18]! + kDigits[(word >> 12) & 63]!
    if (left > 1) text += kDigits[(word >> 6) & 63]!
    if (left > 2) text += kDigits[word & 63]!
  }
  return text
}

/** The bytes of ordinary base64, as PEM has it; undefined when it is none. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const plain = text.replace(/[\r\n\t ]/g, '').replace(/={0,2}$/, '')
  return fromBase64url(plain.replace(/\+/g, '-').replace(/\//g, '_'))
}

export function concatenate(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const kBase57 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const kUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && kUuid.test(text)
}

/** The UUID that a text is, or whose 22 digits of base57 it is; undefined for anything else. */
export function uuidOf(text: unknown): string | undefined {
  if (isUuid(text)) return text.toLowerCase()
  if (typeof text !== 'string' || text.length !== 22) return undefined
  let value = 0n
  for (const letter of text) {
    const digit = kBase57.indexOf(letter)
    if (digit < 0) return undefined
    value = value * 57n + BigInt(digit)
  }
  if (value >> 128n) return undefined
  const hex = value.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join('-')
}

/** 128 bits that nobody guesses. Not crypto.randomUUID: a page on plain http has none. */
export function randomId(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(16)))
}
