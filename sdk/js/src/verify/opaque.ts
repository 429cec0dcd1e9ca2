// Tokens that say nothing to us but whether they can be any: their form and their checksum. What
// fails here is refused without a request.
import { fromBase64url, fromUtf8, isUuid } from '../wire/encoding.js'
import { parseStrictObject } from '../wire/json.js'

const kOpaque = /^[a-z][a-z0-9]{1,15}_([0-9A-Za-z]{34})([0-9A-Za-z]{6})$/
const kBase62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const kCrcTable = new Uint32Array(256)
for (let n = 0; n < 256; ++n) {
  let value = n
  for (let k = 0; k < 8; ++k) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  kCrcTable[n] = value >>> 0
}

function checksumOf(random: string): string {
  let crc = 0xffffffff
  for (let i = 0; i < random.length; ++i) {
    crc = kCrcTable[(crc ^ random.charCodeAt(i)) & 0xff]! ^ (crc >>> 8)
  }
  let value = (crc ^ 0xffffffff) >>> 0
  let text = ''
  for (let i = 0; i < 6; ++i) {
    text = kBase62[value % 62]! + text
    value = Math.floor(value / 62)
  }
  return text
}

export function isOpaqueToken(text: string): boolean {
  const parts = kOpaque.exec(text)
  return parts !== null && checksumOf(parts[1]!) === parts[2]
}

const kFirstPartLengthMax = 512

/** base64url({"TokenID","ProjectID"}) "." base64url(48 random bytes) */
export function isProjectToken(text: string): boolean {
  const [head, random, ...more] = text.split('.', 3)
  if (head === undefined || random === undefined || more.length > 0) return false
  if (head.length > kFirstPartLengthMax) return false
  const bytes = fromBase64url(head)
  if (bytes === undefined || fromBase64url(random)?.length !== 48) return false
  const names = parseStrictObject(fromUtf8(bytes) ?? '')
  return names !== undefined && isUuid(names.TokenID) && isUuid(names.ProjectID)
}
