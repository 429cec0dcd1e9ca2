// A network that answers what a test says, without a socket, and remembers what was asked.
export class Network {
  answers = {}
  requests = []
  #stream
  #isOpen = true

  /** The frames of an open event stream; nobody can open it a second time. */
  frames(list) {
    this.#stream ??= makeStream()
    for (const { id, event, data } of list) {
      const head = id === undefined ? '' : `id: ${id}\n`
      this.#stream.write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  }

  fetch = async (url, init = {}) => {
    this.requests.push({ url, method: init.method ?? 'GET', headers: init.headers, body: init.body })
    const answer = this.answers[url]
    if (answer === undefined && url.endsWith('/v1/events/stream')) return this.#openStream()
    if (answer === undefined) throw new TypeError('fetch failed')
    return typeof answer === 'function' ? answer(init) : respond(answer)
  }

  #openStream() {
    if (!this.#isOpen || this.#stream === undefined) throw new TypeError('fetch failed')
    this.#isOpen = false
    return new Response(this.#stream.body, { headers: { 'content-type': 'text/event-stream' } })
  }
}

export function respond({ status = 200, body = '', json, headers = {} }) {
  const text = json === undefined ? body : JSON.stringify(json)
  // Response refuses to be made with a redirect's body; what counts is the status.
  const type = json === undefined ? {} : { 'content-type': 'application/json' }
  return new Response(text === '' ? null : text, { status, headers: { ...type, ...headers } })
}

function makeStream() {
  let controller
  const body = new ReadableStream({ start: (given) => void (controller = given) })
  const write = (text) => {
    try {
      controller.enqueue(new TextEncoder().encode(text))
    } catch {
      // The reader hung up.
    }
  }
  return { body, write }
}

/** Lets everything that is ready run, and more of it until `isDone`, if that can be expected. */
export async function settle(isDone) {
  for (let turn = 0; turn < 200; ++turn) {
    if (turn > 20 && isDone()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}
