// Many callers, one request: who asks while one is under way gets its answer.

export class SingleFlight<T> {
  #flight: Promise<T> | undefined

  run(start: () => Promise<T>): Promise<T> {
    if (this.#flight !== undefined) return this.#flight
    const flight = start().finally(() => {
      if (this.#flight === flight) this.#flight = undefined
    })
    this.#flight = flight
    return flight
  }

  /** The request under way, to wait for before a new one is begun. */
  get current(): Promise<T> | undefined {
    return this.#flight
  }
}
