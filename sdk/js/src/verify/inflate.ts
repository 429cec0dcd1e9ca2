// zlib with an end: a small text must not fill the memory.

/** Undefined when the bytes are no zlib stream, or would be more than `bytesMax`. */
export async function inflate(
  packed: Uint8Array<ArrayBuffer>,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const unpacking = new DecompressionStream('deflate')
  const writer = unpacking.writable.getWriter()
  // Errors come out of the reading end; here they would be nobody's.
  writer.write(packed).catch(() => {})
  writer.close().catch(() => {})
  const reader = unpacking.readable.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      length += value.length
      if (length > bytesMax) {
        void reader.cancel().catch(() => {})
        return undefined
      }
      parts.push(value)
    }
  } catch {
    return undefined
  }
  const whole = new Uint8Array(length)
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0)
  return whole
}
