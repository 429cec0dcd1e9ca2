// A page, or a worker of one. Workers at the edge look like those of browsers and are none: their
// fetch shows redirects and sends every header, so what tells them apart is that only a browser's
// own workers have its `location`.

export function isBrowser(): boolean {
  return 'window' in globalThis || ('WorkerGlobalScope' in globalThis && 'location' in globalThis)
}
