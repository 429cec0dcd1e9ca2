// Since when it is known that nothing was missed. A run is a time in which the event stream told
// of every change, without a gap; what was read in it stays true until the stream says otherwise.
import type { Config } from './options.js'

export class Freshness {
  readonly #config: Config
  #run = 0
  #isRunning = false
  #provenAt = -Infinity
  #epoch = 0
  #revision = 0

  constructor(config: Config) {
    this.#config = config
  }

  /** The present run; undefined when there is none. */
  get run(): number | undefined {
    return this.#isRunning ? this.#run : undefined
  }

  get epoch(): number {
    return this.#epoch
  }

  get revision(): number {
    return this.#revision
  }

  /** Everything before is forgotten; what is read from now on belongs to a new run. */
  begin(epoch: number, revision: number): void {
    ++this.#run
    this.#isRunning = true
    this.#epoch = epoch
    this.#revision = revision
  }

  end(): void {
    this.#isRunning = false
  }

  advance(revision: number): void {
    this.#revision = revision
  }

  /** Nothing was missed up to this moment of the steady clock. */
  prove(at: number): void {
    this.#provenAt = Math.max(this.#provenAt, at)
  }

  isFresh(): boolean {
    return this.#isRunning && this.#config.steady() - this.#provenAt <= this.#config.boundMs
  }

  /** Whether what was read in that run still stands. */
  covers(run: number | undefined): boolean {
    return run !== undefined && run === this.#run && this.isFresh()
  }
}
