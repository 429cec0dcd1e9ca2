// Server-sent events, as WHATWG HTML §9.2 reads them, from the bytes of an answer.

export interface SseFrame {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Feed it pieces of text as they come; it gives whole frames. Throws when one grows too large. */
export class SseParser {
  #rest = ''
  #id: string | undefined
  #event = ''
  #data: string[] = []
  #size = 0

  constructor(private readonly frameBytesMax: number) {}

  feed(text: string): SseFrame[] {
    const frames: SseFrame[] = []
    this.#rest += text
    // A lone CR at the end may be half of a CRLF: it waits for what comes next.
    for (;;) {
      const match = /\r\n|\n|\r(?!$)/.exec(this.#rest)
      if (match === null) break
      const line = this.#rest.slice(0, match.index)
      this.#rest = this.#rest.slice(match.index + match[0].length)
      this.#take(line, frames)
    }
    if (this.#rest.length + this.#size > this.frameBytesMax) throw new RangeError('frame')
    return frames
  }

  #take(line: string, frames: SseFrame[]): void {
    if (line === '') {
      if (this.#data.length > 0) {
        frames.push({
          id: this.#id,
          event: this.#event || 'message',
          data: this.#data.join('\n'),
        })
      }
      this.#event = ''
      this.#data = []
      this.#size = 0
      this.#id = undefined
      return
    }
    if (line.startsWith(':')) return
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    this.#size += line.length
    if (this.#size > this.frameBytesMax) throw new RangeError('frame')
    if (name === 'event') this.#event = value
    else if (name === 'data') this.#data.push(value)
    else if (name === 'id' && !value.includes('\0')) this.#id = value
  }
}
