import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Shares of a tensor's root mean square that the noise on its values has. */
const NOISE = [0, 0.05, 0.1, 0.2, 0.3, 0.4]

/** A stream of numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What pair `index` is: noise on the weights of both models, how many of the prompts, and the seed of a sweep of it. */
export function perturbation(index) {
  const random = randomOf(1000 + index)
  const pick = (values) => values[Math.floor(random() * values.length)]
  return {
    base: pick(NOISE),
    post: pick(NOISE),
    promptCount: 24 + Math.floor(17 * random()),
    seed: 1 + index
  }
}

/**
 * Makes a pair from the demo's in `folder`: noise on every matrix, and some of its prompts in another order.
 *
 * @returns folders of base and post, and the file of prompts
 */
export async function perturbedPair(resources, folder, index) {
  const { promptCount, ...noise } = perturbation(index)
  const random = randomOf(2000 + index)
  const made = {}
  for (const member of ['base', 'post']) {
    made[member] = join(folder, member)
    await mkdir(made[member], { recursive: true })
    await cp(join(resources, 'demo-pair', member), made[member], { recursive: true })
    const file = join(made[member], 'model.safetensors')
    await writeFile(file, withNoise(await readFile(file), noise[member], random))
  }
  const prompts = JSON.parse(await readFile(join(resources, 'prompts', 'demo-crc.json'), 'utf8'))
  const left = [...prompts]
  const taken = Array.from(
    { length: promptCount },
    () => left.splice(Math.floor(random() * left.length), 1)[0]
  )
  made.prompts = join(folder, 'prompts.json')
  await writeFile(made.prompts, JSON.stringify(taken))
  return made
}

/** The bytes of a safetensors file of BF16 with noise on its matrices. */
function withNoise(bytes, share, random) {
  if (share === 0) return bytes
  const headerLength = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength))
  const float = new DataView(new ArrayBuffer(4))
  for (const [name, tensor] of Object.entries(header)) {
    if (name === '__metadata__' || tensor.shape.length !== 2) continue
    const [start, end] = tensor.data_offsets.map((offset) => 8 + headerLength + offset)
    const values = []
    for (let at = start; at < end; at += 2) {
      float.setUint16(0, 0, true)
      float.setUint16(2, bytes.readUInt16LE(at), true)
      values.push(float.getFloat32(0, true))
    }
    const scale = share * Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
    for (const [index, value] of values.entries()) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
      float.setFloat32(0, value + scale * normal, true)
      bytes.writeUInt16LE(float.getUint16(2, true), start + 2 * index)
    }
  }
  return bytes
}
