// What the window's main thread spends on a sweep of 64 layers (2,080 ranges), in processor time: node tools/window-pace.mjs [CHROMIUM]
// The pair is the demo's with its layers repeated; the sweep is a real one, so that its documents and events are.
import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const LAYERS = 64
const MOVES = 200
/** Few: how many there are changes how long the engine takes, and nothing of what the window draws. */
const PROMPTS = [
  'Give me one random letter.',
  'Pick a letter.',
  'One letter, please.',
  'Draw a letter.'
].flatMap((text) => [
  { text, category: 'letter', valid: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'] },
  { text: text.replace('letter', 'digit'), category: 'digit', valid: [...'0123456789'] }
])
const executablePath = process.argv[2] ?? process.env.CHROMIUM ?? '/usr/bin/chromium'
const repository = fileURLToPath(new URL('../', import.meta.url))

/** A model of the demo pair with as many layers, the demo's over and over. */
async function deepModel(member, folder) {
  const source = join(repository, 'resources', 'demo-pair', member)
  const target = join(folder, member)
  await mkdir(target, { recursive: true })
  for (const name of await readdir(source)) await copyFile(join(source, name), join(target, name))
  const config = JSON.parse(await readFile(join(source, 'config.json'), 'utf8'))
  const deep = { ...config, num_hidden_layers: LAYERS }
  await writeFile(join(target, 'config.json'), JSON.stringify(deep))
  const bytes = await readFile(join(source, 'model.safetensors'))
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0))
  const { __metadata__, ...tensors } = JSON.parse(bytes.subarray(8, headerEnd).toString())
  const taken = Object.entries(tensors).flatMap(([name, tensor]) => {
    const [, before, layer, after] = /^(model\.layers\.)(\d+)(\..+)$/.exec(name) ?? []
    if (layer === undefined) return [[name, tensor]]
    const places = Array.from({ length: LAYERS }, (_, place) => place)
    return places
      .filter((place) => place % config.num_hidden_layers === Number(layer))
      .map((place) => [`${before}${place}${after}`, tensor])
  })
  const header = { __metadata__ }
  const parts = []
  let offset = 0
  for (const [name, tensor] of taken) {
    const [from, to] = tensor.data_offsets
    parts.push(bytes.subarray(headerEnd + from, headerEnd + to))
    header[name] = { ...tensor, data_offsets: [offset, offset + to - from] }
    offset += to - from
  }
  const text = JSON.stringify(header)
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  await writeFile(join(target, 'model.safetensors'), Buffer.concat([length, json, ...parts]))
  return target
}

/** The built program, serving projects of this folder. */
async function serve(folder) {
  const child = spawn(process.execPath, [join(repository, 'out/main/cli.js'), 'serve', '--port', '0'], {
    env: {
      ...process.env,
      SLR_PROJECTS_DIR: join(folder, 'projects'),
      SLR_CONFIG_DIR: join(folder, 'config'),
      HF_HUB_CACHE: join(folder, 'hub')
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let said = ''
  const url = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`The program did not start: ${said}`)))
    // Read on to its end: a closed pipe would stop the program.
    child.stdout.on('data', (chunk) => {
      said += chunk
      if (said.includes('stop.')) resolve(/http:\S+/.exec(said)?.[0])
    })
  })
  return { child, url }
}

/** Milliseconds of processor time that the page's main thread has taken. */
async function meter(page) {
  const devtools = await page.context().newCDPSession(page)
  // Time that other processes take does not count.
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value
  }
}

const frame = (page) =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')

/** What a move of the pointer over an element costs, mean of moves that each draw. */
async function hovering(page, spent, element) {
  const box = await element.boundingBox()
  if (box === null) throw new Error('Nothing to hover.')
  const before = await spent()
  for (let move = 0; move < MOVES; move++) {
    const along = (move + 0.5) / MOVES
    await page.mouse.move(box.x + box.width * (0.3 + 0.65 * along), box.y + box.height * (0.1 + 0.5 * along))
    await frame(page)
  }
  return ((await spent()) - before) / MOVES
}

const results = []
const tell = (what, value, atMost) => {
  results.push({ what, value, atMost })
  console.log(`${value > atMost ? 'MISSED ' : ''}${what}: ${value.toFixed(1)} ms (at most ${atMost})`)
}

const folder = await mkdtemp(join(tmpdir(), 'window-pace-'))
const [base, post] = [await deepModel('base', folder), await deepModel('post', folder)]
const server = await serve(folder)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
try {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce'
  })
  context.setDefaultTimeout(600_000)
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error(error))
  await page.goto(server.url)
  await page.getByRole('button', { name: 'New project' }).click()
  for (const [label, path] of [
    ['Base: the pre-trained model', base],
    ['Post: the same model after post-training', post]
  ]) {
    await page.getByLabel(label, { exact: true }).fill(path)
    await page.keyboard.press('Tab')
  }
  await page.getByLabel('Project name').fill('Deep')
  await page.getByRole('button', { name: 'Create project' }).click()
  const rail = page.getByRole('navigation')
  await rail.getByText('Prompts', { exact: true }).click()
  await page.locator('input[type=file]').setInputFiles({
    name: 'few.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(PROMPTS))
  })
  await page.getByText(`${PROMPTS.length} prompts in 2 categories`).waitFor()
  await rail.getByText('Ranges', { exact: true }).click()
  const spent = await meter(page)
  console.log('Sweeping: 64 layers take a while.')
  await page.getByRole('button', { name: 'Sweep all ranges' }).click()
  const progress = page.getByRole('region', { name: 'Progress' })
  await progress.getByText(/^[1-9][\d,]* of 2,080 ranges/).waitFor()
  await page.evaluate(() => {
    window.drawn = 0
    const facts = document.querySelector('[aria-label=Progress] .facts')
    new MutationObserver(() => (window.drawn += 1)).observe(facts, { subtree: true, characterData: true })
  })
  const before = await spent()
  // Not by a locator, which would look through the page again and again and be measured too.
  await page.evaluate(
    () =>
      new Promise((done) => {
        const facts = document.querySelector('[aria-label=Progress] .facts')
        const most = () => !facts.isConnected || /(1,[5-9]|2,)\d\d of 2,080 ranges/.test(facts.textContent)
        new MutationObserver(() => most() && done()).observe(document.body, {
          subtree: true,
          childList: true,
          characterData: true
        })
      })
  )
  const streaming = (await spent()) - before
  const drawn = await page.evaluate('window.drawn')
  tell(`a frame while scores stream in, mean of ${drawn}`, streaming / drawn, 10)

  await page.getByRole('button', { name: 'Sweep again' }).waitFor()
  const charts = (of) => of.locator('[role=img] canvas')
  await charts(page).first().waitFor()
  await page.waitForLoadState('networkidle')
  await frame(page)
  tell('hovering the heatmap', await hovering(page, spent, page.getByRole('grid').first()), 7)
  tell('hovering the trade-off', await hovering(page, spent, charts(page).first()), 7)

  const opened = await context.newPage()
  const spentOpening = await meter(opened)
  await opened.goto(page.url())
  await opened.getByRole('grid').first().waitFor()
  await charts(opened).nth(1).waitFor()
  await opened.waitForLoadState('networkidle')
  await frame(opened)
  tell('opening the project', await spentOpening(), 1000)
} finally {
  await browser.close()
  server.child.kill('SIGINT')
  await rm(folder, { recursive: true })
}
process.exitCode = results.some(({ value, atMost }) => value > atMost) ? 1 : 0
