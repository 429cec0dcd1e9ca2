// Addresses and blocks of them. What cannot be read matches nothing: a damaged list opens a token
// to nobody.

/** Whether `address` is in `block`, an address or a CIDR block. */
export function addressIsIn(block: string, address: string): boolean {
  const slash = block.indexOf('/')
  const host = slash < 0 ? block : block.slice(0, slash)
  const network = parseAddress(host)
  const given = parseAddress(address)
  if (network === undefined || given === undefined) return false
  let bits = 128
  if (slash >= 0) {
    const digits = block.slice(slash + 1)
    const most = host.includes(':') ? 128 : 32
    if (!/^\d{1,3}$/.test(digits) || Number(digits) > most) return false
    bits = 128 - most + Number(digits)
  }
  for (let i = 0; i < 16; ++i) {
    const rest = Math.min(8, Math.max(0, bits - i * 8))
    const mask = (0xff << (8 - rest)) & 0xff
    if (((network[i]! ^ given[i]!) & mask) !== 0) return false
  }
  return true
}

/** 16 bytes; IPv4 as ::ffff:a.b.c.d. */
function parseAddress(text: string): number[] | undefined {
  if (!text.includes(':')) {
    const four = parseIpv4(text)
    return four && [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...four]
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const front = parseGroups(halves[0]!, halves.length === 1)
  const back = halves.length === 2 ? parseGroups(halves[1]!, true) : []
  if (front === undefined || back === undefined) return undefined
  const missing = 16 - front.length - back.length
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined
  return [...front, ...new Array<number>(missing).fill(0), ...back]
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
      continue
    }
    const four = mayEndInIpv4 && i === groups.length - 1 ? parseIpv4(group) : undefined
    if (four === undefined) return undefined
    bytes.push(...four)
  }
  return bytes
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const isGood = parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  return isGood ? parts.map(Number) : undefined
}
