// The entries that were used last, at most about `size` of them, none when it is 0. Two generations
// instead of a list: a hit costs one look-up, and the old half goes as a whole.

export class Recent<T> {
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  constructor(private readonly size: number) {}

  get(name: string): T | undefined {
    const young = this.#young.get(name)
    if (young !== undefined) return young
    const old = this.#old.get(name)
    if (old !== undefined) this.set(name, old)
    return old
  }

  set(name: string, value: T): void {
    if (this.size <= 0) return
    if (this.#young.size >= this.size / 2 && !this.#young.has(name)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(name, value)
  }

  delete(name: string): void {
    this.#young.delete(name)
    this.#old.delete(name)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
