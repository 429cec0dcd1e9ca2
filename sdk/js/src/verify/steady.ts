// The clock for ages. performance.now() is not set by anybody, but stands still while the machine
// or the worker sleeps, and what was read before the sleep would seem fresh after it. So what the
// wall clock has gone ahead of it counts too; a wall clock that is put forward only makes things
// look older than they are, and one that is put back does nothing.

const kJumpMs = 1_000

export function steadyClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): () => number {
  let lastWall = wall()
  let last = monotonic()
  let slept = 0
  return () => {
    const nowWall = wall()
    const now = monotonic()
    const ahead = nowWall - lastWall - (now - last)
    if (ahead > kJumpMs) slept += ahead
    lastWall = nowWall
    last = now
    return now + slept
  }
}
