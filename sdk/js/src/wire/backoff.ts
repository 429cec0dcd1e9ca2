// How long to wait before trying again: full jitter, so that many callers do not come back at once.

export function backoffMs(attempt: number, firstMs = 250, mostMs = 8_000): number {
  return Math.random() * Math.min(mostMs, firstMs * 2 ** attempt)
}

/** Rejects with the signal's reason when it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** Seconds that a Retry-After asks for, as a number or as a date; undefined when there is none. */
export function retryAfterSeconds(headers: Headers): number | undefined {
  const written = headers.get('retry-after')
  if (written === null) return undefined
  if (/^\d{1,9}$/.test(written)) return Number(written)
  const moment = Date.parse(written)
  return Number.isNaN(moment) ? undefined : Math.max(0, Math.ceil((moment - Date.now()) / 1000))
}
