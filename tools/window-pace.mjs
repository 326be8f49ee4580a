#!/usr/bin/env node
/*
 * What looking around in a finished sweep costs the window, and what a sweep sends to it:
 *
 *   node tools/window-pace.mjs PROJECT.slr [--sweep]
 *
 * Opens the project with the built program in Chromium (CHROMIUM, or /usr/bin/chromium) and prints main-thread milliseconds, the time
 * that a busy machine does not add to: of opening Ranges, of moving the pointer from cell to cell, and of choosing a cell, with the
 * bytes that came over the socket. With --sweep it sweeps again and says what a drawing of the scores under way takes.
 */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { chromium } from 'playwright-core'

const [project, flag] = process.argv.slice(2)
if (project === undefined)
  throw new Error('Name a project that has a sweep: node tools/window-pace.mjs PROJECT.slr')
const HOVERS = 60
const CHOICES = 10
const DRAWINGS = 20

const program = spawn(
  process.execPath,
  [resolve(import.meta.dirname, '../out/main/cli.js'), 'serve', resolve(project), '--json'],
  { stdio: ['ignore', 'pipe', 'inherit'] }
)
const url = await new Promise((found, lost) => {
  let said = ''
  program.stdout.on('data', (chunk) => {
    said += chunk
    const [address] = /http:[^"\s]+/.exec(said) ?? []
    if (address !== undefined) found(address)
  })
  program.once('exit', () => lost(new Error('slr serve ended. Was the program built?')))
})
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu']
})
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  await devtools.send('Network.enable')
  let bytes = 0
  devtools.on('Network.webSocketFrameReceived', ({ response }) => (bytes += response.payloadData.length))
  const busyMs = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN)
  }
  const drawn = () =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  const row = (what, ms, note = '') =>
    console.log(`${what.padEnd(34)} ${ms.toFixed(1).padStart(8)} ms  ${note}`)
  /** Milliseconds of one of many like deeds. */
  const each = async (count, deed) => {
    const before = await busyMs()
    for (let index = 0; index < count; index++) {
      await deed(index)
      await drawn()
    }
    return ((await busyMs()) - before) / count
  }

  const began = performance.now()
  await page.goto(url)
  await page.locator('[role=gridcell][data-range]').first().waitFor()
  await page.locator('canvas').first().waitFor()
  await drawn()
  row('opening, main thread', await busyMs(), `${(bytes / 1e6).toFixed(2)} MB over the socket`)
  row('opening, by the clock', performance.now() - began)

  const cells = await page.locator('[data-range]').evaluateAll((all) =>
    all.map((cell) => {
      const { left, top, width, height } = cell.getBoundingClientRect()
      return { x: left + width / 2, y: top + height / 2 }
    })
  )
  const at = (index, of) => cells[Math.floor(((index * 7919) % of) * (cells.length / of))]
  await drawn()
  row(
    `pointer to another cell, of ${HOVERS}`,
    await each(HOVERS, (index) => page.mouse.move(at(index, HOVERS).x, at(index, HOVERS).y)),
    `${cells.length} ranges`
  )
  bytes = 0
  row(
    `choosing a cell, of ${CHOICES}`,
    await each(CHOICES, (index) => page.mouse.click(at(index, CHOICES).x, at(index, CHOICES).y)),
    `${(bytes / 1e3 / CHOICES).toFixed(1)} kB each`
  )

  if (flag === '--sweep') {
    await page.mouse.move(0, 0)
    await page
      .getByRole('button', { name: /^(Sweep again|Compute everything anew)/ })
      .last()
      .click()
    await page.locator('[aria-label=Progress]').waitFor()
    // The scores are drawn when cells change: what happens between is the progress alone.
    const untilDrawn = (count) =>
      page.evaluate(
        (wanted) =>
          new Promise((done) => {
            let seen = 0
            const changes = new MutationObserver(() => {
              seen += 1
              if (seen < wanted && document.querySelector('[aria-label=Progress]') !== null) return
              changes.disconnect()
              done(seen)
            })
            const what = { subtree: true, attributes: true, attributeFilter: ['aria-label'] }
            changes.observe(document.querySelector('[role=grid]'), what)
          }),
        count
      )
    await untilDrawn(1)
    const before = await busyMs()
    const seen = await untilDrawn(DRAWINGS)
    row(
      'drawing scores under way',
      ((await busyMs()) - before) / Math.max(1, seen),
      `${seen} drawings, with the progress between them`
    )
    await page.getByRole('button', { name: 'Cancel' }).click()
  }
} finally {
  await browser.close()
  program.kill()
}
