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
  #beganAt = Infinity

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

  /** When the run began, in seconds on our clock: what happened before, the stream has not told. */
  get beganAt(): number {
    return this.#beganAt
  }

  /** Everything before is forgotten; what is read from now on belongs to a new run. */
  begin(epoch: number, revision: number): void {
    ++this.#run
    this.#isRunning = true
    this.#epoch = epoch
    this.#revision = revision
    this.#beganAt = this.#config.now() / 1000
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
