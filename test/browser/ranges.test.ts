import type { Locator, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import type { SweepDocument } from '../../src/contract/documents/crc'
import { MORE_ACTIONS } from '../../src/contract/words/menu-words'
import { INSPECTOR_WORDS, RANGES_WORDS, SELECTION_WORDS } from '../../src/contract/words/ranges-words'
import { runToEnd } from '../../src/main/base/steps'
import { checkedSelection } from '../../src/main/crc/check/checked-selection'
import { createProject } from '../../src/main/project/create-project'
import { allowComplaint, expectAccessible, hoverCharts, it, showView } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { asPreview, comparedSweep } from '../fixtures/compared-sweeps'
import { LAYERS_4_11 } from '../fixtures/project-documents'
import { inspectRange, showTab, takeAction } from '../fixtures/ranges-view'
import { demoPrompts, sweptDemo } from '../fixtures/swept-project'

const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 1024, height: 700 }
/** A wide window at a zoom of 200 %. */
const ZOOMED = { width: 720, height: 450 }
const HEADLINE = /Layers 4–11: diversity 0\.458 → 0\.917 on first tokens, but base filtered by post does better/

/** Expects the parts of the Ranges view in sight at each width, and a triangle that can be read. Leaves the page wide. */
async function expectRangesInSight(page: Page): Promise<void> {
  // The plan takes room in the bar.
  await page.getByText(/^about \d.* MiB$/).waitFor()
  for (const viewport of [ZOOMED, NARROW, WIDE]) {
    await page.setViewportSize(viewport)
    // Charts follow the size of the window in a frame of their own.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    for (const part of ['Result', 'Heatmap', 'Trade-off']) {
      const box = await page.getByRole('region', { name: part }).boundingBox()
      expect((box?.y ?? NaN) + (box?.height ?? NaN), `${part} in ${viewport.height} px`).toBeLessThanOrEqual(
        viewport.height
      )
    }
    const tabs = await page.getByRole('group', { name: RANGES_WORDS.tabs }).boundingBox()
    expect(tabs?.height, `tabs in one line in ${viewport.width} px`).toBeLessThan(32)
    const triangle = await page.getByRole('region', { name: 'Heatmap' }).getByRole('grid').boundingBox()
    expect(triangle?.height, `triangle in ${viewport.height} px`).toBeGreaterThan(110)
    const overflow = await page.locator('.main.results').evaluate((main) => main.scrollWidth - main.clientWidth)
    expect(overflow, `sideways in ${viewport.width} px`).toBe(0)
  }
}

describe('the workbench in Chromium', () => {
  it('draws three colours, says what terms mean and where the pointer is, zooms, selects, and survives what goes wrong in a view', async ({
    open
  }) => {
    const page = await open((await sweptDemo()).project)
    await page.getByText(HEADLINE).waitFor()
    await expectRangesInSight(page)

    for (const reducedMotion of ['reduce', 'no-preference'] as const) {
      if (reducedMotion === 'no-preference') {
        await page.emulateMedia({ reducedMotion })
        await page.reload()
        await page.getByText(HEADLINE).waitFor()
      }
      await inspectRange(page, '4-11')
      for (const viewport of [NARROW, { width: 1200, height: 700 }, WIDE]) {
        await page.setViewportSize(viewport)
        const hidden = await page
          .locator('aside .scrolls')
          .evaluateAll((tables) => tables.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))
        expect(hidden, `scores and prompts in ${viewport.width} px`).toEqual([0, 0])
      }
      for (const model of ['base', 'post', 'hybrid']) await page.locator(`.chip.${model}`).first().waitFor()
      await page.locator('[role=img] canvas').nth(1).waitFor()
      await expect.poll(() => page.evaluate(COLORS_DRAWN), { message: reducedMotion }).toEqual(ALL_DRAWN)
    }

    // To the keyboard alone, until Esc.
    await page.getByRole('button', { name: RANGES_WORDS.limit }).press('Enter')
    const meaning = page.getByText('The validity, or precision, that a range must keep')
    await meaning.waitFor()
    await page.keyboard.press('Escape')
    await meaning.waitFor({ state: 'hidden' })

    // Pairs of layers are read by arrows; a combination of keys stays the browser's.
    await showTab(page, 'layers')
    await page.getByText('Pairs of layers', { exact: true }).click()
    const pairs = page.getByRole('grid', { name: /^What the two ends of a range add together/ })
    await pairs
      .getByRole('gridcell', { name: /^Layers 0 and 1:/ })
      .first()
      .focus()
    await page.keyboard.press('ArrowRight')
    const read = page.locator('b', { hasText: /^Layers 0 and 2:/ })
    await read.waitFor()
    await page.keyboard.press('Control+Home')
    expect(await read.count()).toBe(1)
    await showTab(page, 'result')

    // Heatmap and scatter point out alike what the pointer is on in one of them.
    const ring = page.locator('.ring')
    const outline = page.locator('rect.hovered')
    const cell = page.locator('[data-range="6-10"]')
    await cell.hover()
    await ring.waitFor()
    const box = await ring.boundingBox()
    if (box === null) throw new Error('the ring has gone')
    await page.mouse.move(0, 0)
    await ring.waitFor({ state: 'detached' })
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await ring.waitFor()
    expect(await ring.boundingBox()).toEqual(box)
    expect(await outline.getAttribute('x')).toBe(await cell.getAttribute('x'))
    expect(await outline.getAttribute('y')).toBe(await cell.getAttribute('y'))
    await hoverCharts(page, 2)
    // The pointer leaves the points for the axes of the same chart, and the view by its key.
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await ring.waitFor()
    const plot = await page.locator('.gestures').boundingBox()
    if (plot === null) throw new Error('the scatter has gone')
    await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height - 6)
    await ring.waitFor({ state: 'detached' })
    await cell.hover()
    await ring.waitFor()
    await page.keyboard.press('Alt+1')
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor()
    await page.mouse.move(0, 0)
    await page.goBack()
    await page.getByText(HEADLINE).waitFor()
    expect(await ring.count()).toBe(0)

    // A drag and the wheel zoom, until Esc.
    const cells = page.locator('[data-range]')
    const middle = async (range: string): Promise<{ x: number; y: number }> => {
      const at = await page.locator(`[data-range="${range}"]`).boundingBox()
      if (at === null) throw new Error('the cell has gone')
      return { x: at.x + at.width / 2, y: at.y + at.height / 2 }
    }
    const [from, to] = [await middle('2-6'), await middle('5-9')]
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(to.x, to.y, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => cells.count()).toBe(16)
    await page.keyboard.press('Escape')
    await expect.poll(() => cells.count()).toBe(78)
    await page.mouse.move(to.x, to.y)
    await page.mouse.wheel(0, -60)
    await expect.poll(() => cells.count()).toBeLessThan(78)
    await page.keyboard.press('Escape')
    await expect.poll(() => cells.count()).toBe(78)
    // Shift selects: with a drag, with arrows, and by numbers. The table has the selection too.
    const selection = page.getByRole('region', { name: SELECTION_WORDS.region })
    const [first, last] = [await middle('2-6'), await middle('3-7')]
    await page.keyboard.down('Shift')
    await page.mouse.move(first.x, first.y)
    await page.mouse.down()
    await page.mouse.move(last.x, last.y, { steps: 4 })
    await page.mouse.up()
    await page.keyboard.up('Shift')
    await selection.getByText('4 models in the selection').waitFor()
    await page.locator('[data-range="0-11"]').focus()
    await page.keyboard.press('Shift+PageDown')
    await selection.getByText('12 models in the selection').waitFor()
    await page.getByRole('button', { name: RANGES_WORDS.table }).click()
    await selection.getByRole('button', { name: SELECTION_WORDS.clear }).click()
    await selection.waitFor({ state: 'detached' })
    const names = page.getByRole('rowheader')
    await names.filter({ hasText: 'base filtered by post' }).first().waitFor()
    await page.setViewportSize(ZOOMED)
    const clipped = await names.evaluateAll((all) => all.filter((name) => name.scrollWidth > name.clientWidth).length)
    expect(clipped).toBe(0)
    await page.setViewportSize(WIDE)
    await page.getByRole('button', { name: RANGES_WORDS.table }).click()
    await page.getByRole('button', { name: `${MORE_ACTIONS}: trade-off` }).press('Enter')
    await page.locator('[role=menuitem]:focus').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByLabel('Diversity at least').fill('0.95')
    await page.keyboard.press('Enter')
    await selection.getByRole('button', { name: 'Keep' }).waitFor()
    await page.keyboard.press('Escape')
    await selection.waitFor({ state: 'detached' })

    allowComplaint(/provoked/)
    await page.evaluate(() => void Promise.reject(new Error('provoked by nobody')))
    await page.getByRole('alert').filter({ hasText: 'provoked by nobody' }).waitFor()
    await page.evaluate(() => {
      const { toFixed } = Number.prototype
      Number.prototype.toFixed = () => {
        Number.prototype.toFixed = toFixed
        throw new Error('provoked in a view')
      }
    })
    await page.getByRole('navigation').getByText('Models', { exact: true }).click()
    const broken = page.getByRole('alert').filter({ hasText: 'provoked in a view' })
    await broken.getByRole('button', { name: 'Show the view again' }).click()
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor()
    expect(await broken.count()).toBe(0)
  })

  it('leads Back and Forward through views, sweeps, ranges and comparisons, stays at a reload, and loses no text', async ({
    open
  }) => {
    const page = await open(await sweptFourTimes())
    const sweep = page.locator('footer').getByLabel('Sweep')
    // A sweep that is being read is chosen already, and its place is followed when it has been read.
    const isReading = (): Promise<boolean> => page.getByText('Reading the sweep…').isVisible()
    const shown = async (id: string): Promise<void> =>
      expect.poll(async () => [await sweep.inputValue(), await isReading()]).toEqual([id, false])
    const heading = (name: string): Locator => page.getByRole('heading', { name, exact: true, level: 1 })
    await shown('second')

    // A preview has cells that are estimated. A sweep of recipes has no cells.
    await sweep.selectOption('recipes')
    await page.getByText('1 recipe scored, and no ranges').waitFor()
    await sweep.selectOption('preview')
    await page.locator('[data-partial]').first().waitFor()
    await page.locator('[data-range="2-4"]').click()
    await page.getByRole('heading', { name: /^Scores, estimated from \d+ of \d+ prompts$/ }).waitFor()
    await expectAccessible(page, 'preview')

    await sweep.selectOption('first')
    await shown('first')
    await showView(page, 'prompts')
    // Escape leaves a field.
    await heading('Prompts').waitFor()
    const prompt = page.getByLabel('System prompt')
    await prompt.focus()
    await page.keyboard.press('Escape')
    expect(await prompt.evaluate((field) => field === document.activeElement)).toBe(false)
    await showView(page, 'export')
    await page.goBack()
    await heading('Prompts').waitFor()
    await page.goBack()
    await heading('Prompts').waitFor({ state: 'detached' })
    await shown('first')
    await page.reload()
    await shown('first')
    await page.goBack()
    await shown('preview')
    await page.goForward()
    await shown('first')
    await page.goForward()
    await heading('Prompts').waitFor()
    await page.goBack()
    await heading('Prompts').waitFor({ state: 'detached' })
    await shown('first')

    const inspected = page.getByRole('complementary', { name: 'Inspector' }).getByRole('heading').first()
    for (const [range, name] of [
      ['1-3', 'Layers 1–3'],
      ['2-2', 'Layer 2']
    ] as const) {
      await inspectRange(page, range)
      await inspected.filter({ hasText: name }).waitFor()
    }
    await page.getByText('Gain over post', { exact: true }).click()
    await takeAction(page, 'inspector', INSPECTOR_WORDS.edit)
    const name = page.getByRole('dialog').getByLabel('Name')
    await name.fill('Half a sen')
    await page.goBack()
    expect(await name.inputValue()).toBe('Half a sen')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.goBack()
    await expect.poll(() => page.getByLabel('Gain over post').isChecked()).toBe(false)
    await page.goBack()
    await inspected.filter({ hasText: 'Layers 1–3' }).waitFor()
    await page.goForward()
    await inspected.filter({ hasText: 'Layer 2' }).waitFor()

    await sweep.selectOption('second')
    await shown('second')
    const choice = page.getByRole('combobox', { name: 'Compare with' })
    await choice.selectOption('pair-1/first')
    const verdict = page.getByRole('heading', { name: /^A selects layers 0–5, B selects layers 6–11/ })
    await verdict.waitFor()
    // Cells without a difference are white, the middle of the colours. The others are on its two sides.
    expect(await colorOf(page, '0-5')).toBe('247 247 247')
    expect(await colorOf(page, '11-11')).toMatch(/^8\d [34]\d 13\d$/)
    await page.locator('[data-range="11-11"]').click()
    await page.getByRole('status').filter({ hasText: 'layer 11: diversity' }).waitFor()
    await expectAccessible(page, 'a comparison')
    await page.getByRole('button', { name: 'Leave comparison' }).click()
    await choice.waitFor()
    await page.goBack()
    await verdict.waitFor()
    await page.reload()
    await verdict.waitFor()
    await page.keyboard.press('Escape')
    await choice.waitFor()
    expect(page.url()).not.toContain('against')
  })
})

/** A project of the demo with stored sweeps of made-up scores: one of recipes, a preview, and two sweeps of all ranges. */
async function sweptFourTimes(): Promise<string> {
  const project = await createProject({
    folder: await temporaryFolder(),
    name: 'Often',
    pair: { kind: 'demo', pair: 'blend' },
    prompts: await demoPrompts()
  })
  const first = comparedSweep({ id: 'first', layerCount: 12 })
  const sweeps: SweepDocument[] = [
    {
      ...first,
      id: 'recipes',
      ranges: [],
      recipes: first.ranges.slice(0, 1).map(({ start: _, end: __, ...score }) => ({ ...score, recipe: LAYERS_4_11 }))
    },
    { ...asPreview(first, ({ start }) => start > 5), id: 'preview' },
    first,
    {
      ...comparedSweep({ id: 'second', layerCount: 12, diversity: (start) => -0.05 * start }),
      device: 'webgpu'
    }
  ]
  for (const [index, sweep] of sweeps.entries()) {
    const selection = runToEnd(checkedSelection(sweep, null, 0.9))
    const createdAt = `2026-01-0${index + 1}T00:00:00.000Z`
    await project.firstPair.saveSweep({
      ...sweep,
      createdAt,
      selection,
      selected: selection?.selected ?? null
    })
  }
  await project.close()
  return project.path
}

/** The colour that is seen in the middle of a range's cell: red, green and blue. */
const colorOf = (page: Page, range: string): Promise<string> =>
  page.evaluate<string>(`(() => {
    const cell = document.querySelector('[data-range="${range}"]').getBoundingClientRect()
    const canvas = document.querySelector('[aria-hidden] + [role=grid]').previousElementSibling
    const { left, top } = canvas.getBoundingClientRect()
    const [x, y] = [cell.left + cell.width / 2 - left, cell.top + cell.height / 2 - top]
    const read = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    read.drawImage(canvas, -x, -y)
    return read.getImageData(0, 0, 1, 1).data.slice(0, 3).join(' ')
  })()`)

/** The scatter, and the bars of the inspector. */
const ALL_DRAWN = [
  { base: true, post: true, hybrid: true },
  { base: true, post: true, hybrid: true }
]

/** Tells for each chart of the page if it has pixels in the colour of each model's chip. It runs in the page. */
const COLORS_DRAWN = `[...document.querySelectorAll('[role=img] canvas')].map((canvas) => {
  const { width, height } = canvas
  const copy = Object.assign(document.createElement('canvas'), { width, height })
  const read = copy.getContext('2d', { willReadFrequently: true })
  read.drawImage(canvas, 0, 0)
  const { data } = read.getImageData(0, 0, width, height)
  const holds = (model) => {
    const color = getComputedStyle(document.querySelector('.chip.' + model)).color.match(/[0-9]+/g).map(Number)
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 200 && color.every((part, c) => Math.abs(data[i + c] - part) < 24)) return true
    }
    return false
  }
  return { base: holds('base'), post: holds('post'), hybrid: holds('hybrid') }
})`
