// Measures the processor time of the window's main thread: node tools/window-pace.mjs [CHROMIUM]
// The window shows a sweep of 64 layers (2,080 ranges), 10,000 answers and a queue of 50 jobs.
// The deep pair repeats the layers of the demo pair. The engine computes all results, so their documents and events are real.
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { json, resource, serve, workFolder } from './attacks/served.mjs'

const LAYERS = 64
const MOVES = 200
/** Few prompts: their number changes the time of the engine, and nothing that the window draws. */
const PROMPTS = ['Give me one random letter.', 'Pick a letter.', 'One letter, please.', 'Draw a letter.'].flatMap(
  (text) => [
    { text, category: 'letter', valid: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'] },
    { text: text.replace('letter', 'digit'), category: 'digit', valid: [...'0123456789'] }
  ]
)
/** 40 answers of base and of post to each prompt are 10,000 answers. */
const OPEN_PROMPTS = Array.from({ length: 125 }, (_, number) => `Name a colour, number ${number + 1}.`)
/** Jobs in the queue, and the time for which the page is measured while the first job runs. */
const JOBS = 50
const QUEUE_SECONDS = 10
const executablePath = process.argv[2] ?? process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Writes a model of the demo pair with its layers repeated. @returns its folder */
async function deepModel(member, folder) {
  const source = resource(`blend-pair/${member}`)
  const target = join(folder, member)
  await mkdir(target, { recursive: true })
  for (const name of await readdir(source)) await copyFile(join(source, name), join(target, name))
  const config = json(join(source, 'config.json'))
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
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  await writeFile(join(target, 'model.safetensors'), Buffer.concat([length, padded, ...parts]))
  return target
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

const frame = (page) => page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')

/** Measures the mean time of a pointer move over an element, for moves that draw. */
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

/** Creates a project of two models, which the window shows at Ranges. */
async function createProject(page, name, base, post) {
  await page.goto(server.firstUrl)
  for (const [label, path] of [
    ['Base: the pre-trained model', base],
    ['Post: the same model after post-training', post]
  ]) {
    await page.getByLabel(label, { exact: true }).fill(path)
    await page.keyboard.press('Tab')
  }
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Create project' }).click()
  await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
}

/**
 * Measures the mean cost of a frame while a job runs, from the first count in its panel until a count that matches `most`.
 * The page itself observes the panel: a locator polls, and the measurement would include the polls.
 *
 * @param all the end of the count, as "10 answers" @param most the pattern of the number before it
 */
async function streaming(page, spent, all, most) {
  await page.evaluate(
    (from) =>
      new Promise((done) => {
        const begin = () => {
          const facts = document.querySelector('[aria-label=Progress] .facts')
          if (facts === null || !new RegExp(from).test(facts.textContent)) return
          waiting.disconnect()
          window.drawn = 0
          new MutationObserver(() => (window.drawn += 1)).observe(facts, {
            subtree: true,
            characterData: true
          })
          done()
        }
        const waiting = new MutationObserver(begin)
        waiting.observe(document.body, { subtree: true, childList: true, characterData: true })
        begin()
      }),
    `[1-9][\\d,]* of ${all}`
  )
  const before = await spent()
  await page.evaluate(
    (until) =>
      new Promise((done) => {
        const facts = document.querySelector('[aria-label=Progress] .facts')
        const over = () => facts === null || !facts.isConnected || new RegExp(until).test(facts.textContent)
        const waiting = new MutationObserver(() => over() && done())
        waiting.observe(document.body, { subtree: true, childList: true, characterData: true })
        if (over()) done()
      }),
    `${most} of ${all}`
  )
  const took = (await spent()) - before
  const drawn = await page.evaluate('window.drawn')
  return { drawn, each: took / drawn }
}

/** Measures the time to open an address in a new page, until its content is shown. */
async function opening(page, shows) {
  const opened = await page.context().newPage()
  const spent = await meter(opened)
  await opened.goto(page.url())
  await shows(opened)
  await opened.waitForLoadState('networkidle')
  await frame(opened)
  const took = await spent()
  await opened.close()
  return took
}

const results = []
const tell = (what, value, atMost) => {
  results.push({ what, value, atMost })
  console.log(`${value > atMost ? 'MISSED ' : ''}${what}: ${value.toFixed(1)} ms (at most ${atMost})`)
}

const folder = workFolder('window-pace')
const [base, post] = [await deepModel('base', folder), await deepModel('post', folder)]
// The browser first: without one, no program is left running.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const server = await serve(folder, { environment: { HF_HUB_CACHE: join(folder, 'hub') } })
try {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce'
  })
  // The longest wait is for the sweep.
  context.setDefaultTimeout(180_000)
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error(error))
  await createProject(page, 'Deep', base, post)
  const rail = page.getByRole('navigation')
  await page
    .getByRole('link', { name: /^\d+ prompts…$/ })
    .first()
    .click()
  await page.getByLabel('Prompt file to import').setInputFiles({
    name: 'few.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(PROMPTS))
  })
  await page.getByText(`${PROMPTS.length} prompts in 2 categories`).waitFor()
  await page.getByRole('button', { name: 'Close the prompts' }).click()
  const spent = await meter(page)
  console.log('Sweeping: 64 layers take a while.')
  await page.getByRole('button', { name: 'Sweep all ranges' }).click()
  const scores = await streaming(page, spent, '2,080 ranges', '(1,[5-9]|2,)\\d\\d')
  tell(`a frame while scores stream in, mean of ${scores.drawn}`, scores.each, 10)

  await page.getByRole('button', { name: 'Sweep again' }).waitFor()
  // The check of the best ranges follows, and would count as hovering.
  await page.getByText('Check: ended').waitFor({ state: 'attached' })
  const charts = (of) => of.locator('[role=img] canvas')
  await charts(page).first().waitFor()
  await page.waitForLoadState('networkidle')
  await frame(page)
  tell('hovering the heatmap', await hovering(page, spent, page.getByRole('grid').first()), 7)
  tell('hovering the trade-off', await hovering(page, spent, charts(page).first()), 7)

  const openingSweep = await opening(page, async (opened) => {
    await opened.getByRole('grid').first().waitFor()
    await charts(opened).first().waitFor()
  })
  tell('opening the project', openingSweep, 1000)

  await createProject(page, 'Answers', resource('blend-pair/base'), resource('blend-pair/post'))
  await rail.getByText('Answers', { exact: true }).click()
  await page.getByRole('group', { name: 'Answers', exact: true }).getByText('Samples', { exact: true }).click()
  await page.getByRole('button', { name: /^\d+ prompts…$/ }).click()
  await page.getByLabel('Prompt file to import').setInputFiles({
    name: 'prompts.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(OPEN_PROMPTS.join('\n'))
  })
  await page.getByText(`${OPEN_PROMPTS.length} prompts`).first().waitFor()
  await page.getByRole('button', { name: 'Back to results' }).click()
  await page.getByRole('button', { name: 'Sampler', exact: true }).click()
  await page.getByLabel('Answers per prompt', { exact: true }).fill('40')
  await page.getByLabel('Most tokens', { exact: true }).fill('48')
  await page.keyboard.press('Escape')
  await page.getByText('125 prompts × 2 variants × 40 = 10,000 answers').first().waitFor()
  const generate = page.getByRole('button', { name: /^Generate/ }).first()
  await generate.click()
  const answers = await streaming(page, spent, '10,000 answers', '(9,\\d\\d\\d|10,000)')
  tell(`a frame while answers stream in, mean of ${answers.drawn}`, answers.each, 25)

  await page.getByRole('button', { name: 'More samples' }).waitFor()
  await page.waitForLoadState('networkidle')
  const table = page.getByRole('table', { name: 'Answers', exact: true })
  const box = await table.boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + 200)
  const beforeScrolling = await spent()
  for (let turn = 0; turn < 60; turn++) {
    await page.mouse.wheel(0, 120)
    await frame(page)
  }
  // Each turn of the wheel has two.
  tell('a frame while 10,000 answers scroll', ((await spent()) - beforeScrolling) / 120, 16)
  const search = page.getByLabel('Search answers', { exact: true })
  const beforeSearch = await spent()
  for (const key of 'blue') {
    await search.press(key)
    await frame(page)
  }
  tell('searching 10,000 answers, a key', ((await spent()) - beforeSearch) / 4, 100)
  const openingAnswers = await opening(page, async (opened) => {
    await opened.getByRole('table', { name: 'Answers', exact: true }).getByRole('row').nth(3).waitFor()
  })
  tell('opening 10,000 answers', openingAnswers, 1000)

  await createProject(page, 'Queue', base, post)
  await rail.getByText('Models', { exact: true }).click()
  const queue = page.getByRole('region', { name: 'Queue' })
  const jobs = queue.getByRole('listitem')
  for (let pair = 1; pair < JOBS; pair++) {
    await page.getByRole('button', { name: 'Manage pairs…' }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Duplicate/ })
      .first()
      .click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // The window shows the new pair, whose view closes every dialog of the view before.
    await page
      .getByLabel('Pair', { exact: true })
      .locator('option:checked', { hasText: `(${pair + 1})` })
      .waitFor({ state: 'attached' })
  }
  await page.getByRole('heading', { name: 'Queue', exact: true }).click()
  await queue.getByRole('button', { name: 'Sweep all pairs' }).click()
  await jobs.nth(JOBS - 1).waitFor()
  await queue.getByText(/^Running, [1-9]/).waitFor()
  const beforeQueue = await spent()
  await page.waitForTimeout(QUEUE_SECONDS * 1000)
  tell(`a second while one of ${JOBS} jobs in the queue runs`, ((await spent()) - beforeQueue) / QUEUE_SECONDS, 100)
} finally {
  await browser.close()
  await server.stop()
}
process.exitCode = results.some(({ value, atMost }) => value > atMost) ? 1 : 0
