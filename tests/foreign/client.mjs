// A client of the daemon in JavaScript with a DEALER socket: what it saw, as one line of JSON.
//
//     node client.mjs ipc:///path/of/requests.sock

import { randomUUID } from "node:crypto"

import { decode, encode } from "@msgpack/msgpack"
import { Dealer, Subscriber } from "zeromq"

const TIMEOUT_MS = 20_000
const NUMBERS = [0.25, -1.0, 1.5]

class Refused extends Error {}

/** Asks many things at once; answers come in any order. */
class Requests {
  #socket = new Dealer({ sendTimeout: TIMEOUT_MS, receiveTimeout: TIMEOUT_MS, linger: 0 })
  #unanswered = new Map()
  #sent = Promise.resolve()
  #lastId = 0

  constructor(endpoint) {
    this.#socket.connect(endpoint)
    this.#receive()
  }

  async #receive() {
    try {
      for await (const [, message] of this.#socket) {
        const reply = decode(message)
        const { resolve, reject } = this.#unanswered.get(reply.id)
        this.#unanswered.delete(reply.id)
        if (reply.error) reject(new Refused(reply.error.code))
        else resolve(reply.result)
      }
    } catch (problem) {
      for (const { reject } of this.#unanswered.values()) reject(problem)
    }
  }

  ask(method, params = {}, options = {}) {
    const id = ++this.#lastId
    const request = encode({ v: 1, id, method, params }, options)
    return new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject })
      // A socket sends one message at a time; the empty frame is what a REQ socket would send.
      this.#sent = this.#sent.then(() => this.#socket.send(["", request])).catch(reject)
    })
  }

  close() {
    this.#socket.close()
  }
}

/** An event with an id of its own; a UUIDv7 is better, and any unique text will do. */
const newEvent = (name, args) => ({ id: randomUUID(), name, args })

/** A float32 vector as it travels: a view on the numbers' own bytes, not a copy of each number. */
const vector = (numbers) => {
  const f32 = new Float32Array(numbers)
  return Buffer.from(f32.buffer, f32.byteOffset, f32.byteLength)
}

/** The numbers of a vector; `slice` because a Float32Array begins at a multiple of four bytes only. */
const numbersOf = (bytes) =>
  Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)))

/** The rows after a live update. */
const applied = (rows, update) => {
  if (update.rows) return update.rows
  const after = [...rows]
  for (const [kind, position, ...rest] of update.changes ?? []) {
    if (kind === "insert") after.splice(position, 0, rest[0])
    else if (kind === "update") after[position] = rest[0]
    else if (kind === "delete") after.splice(position, 1)
    else if (kind === "move") {
      after.splice(position, 1)
      after.splice(rest[0], 0, rest[1])
    }
  }
  return after
}

const requests = new Requests(process.argv[2])
const hello = await requests.ask("hello", { versions: { min: 1, max: 1 }, client: "foreign javascript" })

const persona = randomUUID()
const memory = randomUUID()
const name = `JavaScript ${persona}`
const created = [
  newEvent("v1.PersonaCreated", { id: persona, name }),
  newEvent("v1.MemoryEntityCreated", {
    id: memory,
    personaId: persona,
    type: "concept",
    name: "Bread",
    tags: ["baking"],
    embedding: vector(NUMBERS),
    embeddingModel: "example-3",
    at: 1_750_000_000_000,
  }),
]
const receipt = await requests.ask("commit", { events: created })
// Every integer as a float64, as some encoders send them.
const again = await requests.ask("commit", { events: created }, { forceIntegerToFloat: true })

const query = {
  table: "memories",
  where: [["personaId", "=", persona], ["tags", "contains", "baking"]],
  select: ["id", "name", "createdAt", "embedding"],
}
const [found, counted] = await Promise.all([
  requests.ask("query", query, { forceIntegerToFloat: true }),
  requests.ask("count", { table: "memories", where: query.where }),
])
const row = Object.fromEntries(found.columns.map((column, index) => [column, found.rows[0][index]]))

const watched = { table: "personas", where: [["id", "=", persona]], select: ["name", "isActive"] }
const snapshot = await requests.ask("watch", { query: watched, label: "foreign" })
const changes = new Subscriber({ receiveTimeout: TIMEOUT_MS, linger: 0 })
changes.connect(hello.endpoints.changes)
changes.subscribe(snapshot.topic)
const first = decode((await changes.receive())[1])

const activated = await requests.ask("commit", { events: [newEvent("v1.PersonaActivated", { id: persona })] })
let rows = applied(snapshot.rows, first)
let seq = first.seq
let gaps = Number(first.prev !== snapshot.seq)
while (seq < activated.seq) {
  const update = decode((await changes.receive())[1])
  if (update.seq <= seq) continue
  gaps += Number(update.prev !== seq)
  rows = applied(rows, update)
  seq = update.seq
}

// What changes nothing of it comes with the pulse alone.
changes.subscribe(snapshot.pulse)
const preferred = newEvent("v1.UserPreferenceSet", { id: name, value: "dark" })
const elsewhere = await requests.ask("commit", { events: [preferred] })
while (seq < elsewhere.seq) {
  const [topic, message] = await changes.receive()
  const told = decode(message)
  if (topic.toString() === snapshot.pulse && !told.behind?.includes(snapshot.topic)) seq = Math.max(seq, told.seq)
}
await requests.ask("unwatch", { topic: snapshot.topic })

const refused = await requests
  .ask("query", { table: "personas", where: [["nmae", "=", "Ada"]] })
  .catch((problem) => (problem instanceof Refused ? problem.message : Promise.reject(problem)))
changes.close()
requests.close()

console.log(
  JSON.stringify({
    version: hello.version,
    repeated: again.repeated && again.seq === receipt.seq,
    persona: name,
    counted: counted.count,
    row: { ...row, embedding: numbersOf(row.embedding) },
    before: snapshot.rows,
    after: rows,
    pulsed: seq >= elsewhere.seq,
    gaps,
    refused,
  }),
)
