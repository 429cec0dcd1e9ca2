// Server-sent events, as WHATWG HTML §9.2 reads them, from the bytes of an answer.

export interface SseFrame {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Feed it pieces of text as they come; it gives whole frames. Throws when one grows too large. */
export class SseParser {
  /** Of the line that has no end yet: its pieces, each looked at once however small they are. */
  #pieces: string[] = []
  #length = 0
  #endsInCr = false
  #id: string | undefined
  #event = ''
  #data: string[] = []
  #size = 0

  constructor(private readonly frameBytesMax: number) {}

  feed(text: string): SseFrame[] {
    const frames: SseFrame[] = []
    let begin = 0
    // A CR ended the line before; a LF now is its other half.
    if (this.#endsInCr && text.startsWith('\n')) begin = 1
    if (text !== '') this.#endsInCr = text.endsWith('\r')
    const ends = /\r\n|\n|\r/g
    ends.lastIndex = begin
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#keep(text.slice(begin, end.index))
      begin = ends.lastIndex
      const line = this.#pieces.join('')
      this.#pieces = []
      this.#length = 0
      this.#take(line, frames)
    }
    this.#keep(text.slice(begin))
    return frames
  }

  #keep(piece: string): void {
    if (piece === '') return
    this.#pieces.push(piece)
    this.#length += piece.length
    if (this.#length + this.#size > this.frameBytesMax) throw new RangeError('frame')
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
