// Writes icon.png, icon.ico and icon.icns beside resources/icon/icon.svg: `node tools/icon/draw.mjs /usr/bin/chromium`.
// Chromium draws each size from the vector; the two containers are written here.
import { readFile, writeFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'

const [executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'] = process.argv.slice(2)
const folder = new URL('../../resources/icon/', import.meta.url)
const svg = await readFile(new URL('icon.svg', folder), 'utf8')

const WINDOW_SIZE = 512
/** Windows takes what lies closest; those below 256 as plain bitmaps, which every tool reads. */
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256]
/** Types of an ICNS whose data is a PNG, and its size. */
const ICNS_TYPES = { ic11: 32, ic12: 64, ic07: 128, ic13: 256, ic08: 256, ic14: 512, ic09: 512, ic10: 1024 }
/** Margin around an icon in Apple's template. */
const ICNS_MARGIN = 100 / 1024

/**
 * The icon at a size, as a PNG and, below 256, as rows of RGBA from the top.
 *
 * @param {number} size in pixels @param {number} margin free on each side, as a share of the size
 */
async function draw(page, size, margin = 0) {
  const drawn = await page.evaluate(
    async ({ svg, size, margin }) => {
      const image = new Image()
      image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`
      await image.decode()
      const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size })
      const context = canvas.getContext('2d')
      context.drawImage(image, size * margin, size * margin, size * (1 - 2 * margin), size * (1 - 2 * margin))
      // A plain array, as it comes out of a page, is slow: only where it is asked for.
      const pixels = size < 256 ? Array.from(context.getImageData(0, 0, size, size).data) : []
      return { png: canvas.toDataURL('image/png').split(',')[1], pixels }
    },
    { svg, size, margin }
  )
  return { size, png: Buffer.from(drawn.png, 'base64'), pixels: Buffer.from(drawn.pixels) }
}

/** A bitmap as an ICO has it: a header that counts the mask as further rows, BGRA from the bottom, and an empty mask. */
function bitmap({ size, pixels }) {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40, 0)
  header.writeInt32LE(size, 4)
  header.writeInt32LE(2 * size, 8)
  header.writeUInt16LE(1, 12)
  header.writeUInt16LE(32, 14)
  const rows = Buffer.alloc(4 * size * size)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [from, to] = [4 * (y * size + x), 4 * ((size - 1 - y) * size + x)]
      const [red, green, blue, alpha] = pixels.subarray(from, from + 4)
      rows.set([blue, green, red, alpha], to)
    }
  }
  return Buffer.concat([header, rows, Buffer.alloc(Math.ceil(size / 32) * 4 * size)])
}

function ico(drawings) {
  const contents = drawings.map((drawing) => (drawing.size === 256 ? drawing.png : bitmap(drawing)))
  const head = Buffer.alloc(6 + 16 * drawings.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(drawings.length, 4)
  let offset = head.length
  for (const [index, { size }] of drawings.entries()) {
    const entry = 6 + 16 * index
    // 0 stands for 256.
    head[entry] = head[entry + 1] = size % 256
    head.writeUInt16LE(1, entry + 4)
    head.writeUInt16LE(32, entry + 6)
    head.writeUInt32LE(contents[index].length, entry + 8)
    head.writeUInt32LE(offset, entry + 12)
    offset += contents[index].length
  }
  return Buffer.concat([head, ...contents])
}

function icns(entries) {
  const part = (type, data) => {
    const head = Buffer.alloc(8)
    head.write(type, 'latin1')
    head.writeUInt32BE(8 + data.length, 4)
    return Buffer.concat([head, data])
  }
  return part('icns', Buffer.concat(entries.map(([type, { png }]) => part(type, png))))
}

// Chromium's sandbox does not work for root; what is drawn is this project's.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await browser.newPage()
  const forWindows = []
  for (const size of ICO_SIZES) forWindows.push(await draw(page, size))
  const forMac = []
  for (const [type, size] of Object.entries(ICNS_TYPES)) forMac.push([type, await draw(page, size, ICNS_MARGIN)])
  await writeFile(new URL('icon.png', folder), (await draw(page, WINDOW_SIZE)).png)
  await writeFile(new URL('icon.ico', folder), ico(forWindows))
  await writeFile(new URL('icon.icns', folder), icns(forMac))
} finally {
  await browser.close()
}
