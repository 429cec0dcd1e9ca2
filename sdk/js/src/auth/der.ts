// As much of DER as private keys are made of.

export interface DerValue {
  readonly tag: number
  readonly body: Uint8Array<ArrayBuffer>
}

export const kInteger = 0x02
export const kOctets = 0x04
export const kOid = 0x06
export const kSequence = 0x30

/** The values that stand one behind the other; throws RangeError when they do not fit. */
export function derValues(bytes: Uint8Array<ArrayBuffer>): DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!
    let length = bytes[at + 1] ?? NaN
    at += 2
    if (length > 0x80 && length <= 0x84) {
      const count = length - 0x80
      length = 0
      for (let i = 0; i < count; ++i) length = length * 256 + (bytes[at + i] ?? NaN)
      at += count
    }
    // NaN, the indefinite form, and what reaches past the end.
    if (!(length <= bytes.length - at) || bytes[at - 1] === 0x80) throw new RangeError('DER')
    values.push({ tag, body: bytes.slice(at, at + length) })
    at += length
  }
  return values
}

/** The one value that the bytes are, of that tag. */
export function derBody(value: DerValue | undefined, tag: number): Uint8Array<ArrayBuffer> {
  if (value === undefined || value.tag !== tag) throw new RangeError('DER')
  return value.body
}

export function derSequence(value: DerValue | undefined): DerValue[] {
  return derValues(derBody(value, kSequence))
}

export function derNumber(value: DerValue | undefined): number {
  const body = derBody(value, kInteger)
  if (body.length === 0 || body.length > 5 || body[0]! > 0x7f) throw new RangeError('DER')
  return body.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** An object identifier, its bytes in hexadecimal. */
export function derOid(value: DerValue | undefined): string {
  return [...derBody(value, kOid)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
