// A secret that does not show: not in util.inspect, JSON, a template string or a debugger's
// property list. What must have it calls expose().

const kInspect = Symbol.for('nodejs.util.inspect.custom')

export class Hidden {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  expose(): string {
    return this.#value
  }

  toString(): string {
    return '[hidden]'
  }

  toJSON(): string {
    return '[hidden]'
  }

  [kInspect](): string {
    return '[hidden]'
  }
}

/** The text without the secret, should somebody have quoted it back to us. */
export function without(secret: string | undefined, text: string): string {
  return secret === undefined || secret.length < 8 ? text : text.split(secret).join('[hidden]')
}

/** Whether a text can stand behind "Bearer ". Anything else would end up in a fetch's own error
 * message, with the secret in it. */
export function isCredential(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]{1,16384}$/.test(text)
}
