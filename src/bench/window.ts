import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { builtScript } from '../main/base/built'
import { runningPackage } from '../main/base/resources'
import { type EntryConnection, FakeMessage, Fetched, loadPage } from './entry-page'
import { section } from './table'

/** Milliseconds of each start of the desktop window, on the tests' fake of Electron and in Chromium. */
export interface WindowStartTimes {
  /** Time from the start of the program until it shows its page. */
  readonly programMs: number[]
  /** Time from the page's navigation until its first contents. */
  readonly paintMs: number[]
  /** Time from the first contents until the demo is open and its sweep can be started. */
  readonly interactiveMs: number[]
  /** Time from the start of the sweep, with that of the engine, until the first cell of the heatmap has a score. */
  readonly firstCellMs: number[]
}

const WINDOW = { width: 1440, height: 900 }

/**
 * Starts the window several times, each time with a new folder of projects, where it creates the demo.
 *
 * @param folder receives the program's files
 * @param chromium path of the browser
 * @param starts number of starts
 */
export async function measureWindow(
  folder: string,
  chromium: string,
  starts: number
): Promise<WindowStartTimes> {
  const playwright = await import('playwright-core')
  // Chromium's sandbox does not work for root, and the page is the program's own.
  const browser = await playwright.chromium.launch({
    executablePath: chromium,
    args: ['--no-sandbox', '--disable-gpu']
  })
  const times: WindowStartTimes = { programMs: [], paintMs: [], interactiveMs: [], firstCellMs: [] }
  try {
    for (let start = 0; start < starts; start++) {
      await measureStart(join(folder, `start-${start}`), browser, times)
    }
    return times
  } finally {
    await browser.close()
  }
}

async function measureStart(home: string, browser: Browser, times: WindowStartTimes): Promise<void> {
  const startedMs = performance.now()
  const program = new Program(home)
  const context = await browser.newContext({ viewport: WINDOW })
  try {
    await program.until('loaded')
    times.programMs.push(performance.now() - startedMs)
    const page = await context.newPage()
    await loadPage(page, program, '')
    const ready = await page.waitForFunction(() => {
      const button = [...document.querySelectorAll('button')].find(({ textContent }) =>
        /Find the layers/.test(textContent)
      )
      return button !== undefined && !button.disabled && performance.now()
    })
    const paint = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN
    )
    times.paintMs.push(paint)
    times.interactiveMs.push(Number(await ready.jsonValue()) - paint)
    const pressedMs = await page.evaluate(() => performance.now())
    await page.getByRole('button', { name: 'Find the layers' }).click()
    const first = await page.waitForFunction(
      () =>
        document.querySelector('[data-range]:not([aria-label$="no score yet"])') !== null && performance.now()
    )
    times.firstCellMs.push(Number(await first.jsonValue()) - pressedMs)
  } finally {
    await context.close()
    await program.end()
  }
}

/** The built entry on the fake of Electron (test/fixtures/electron), and the connection to it. */
class Program implements EntryConnection {
  private readonly child: ChildProcess
  private readonly messages: FakeMessage[] = []
  private readonly events = new EventEmitter()
  private fetches = 0

  constructor(home: string) {
    const start = join(runningPackage(), 'test', 'fixtures', 'electron', 'start.mjs')
    this.child = fork(start, [builtScript('electron.js'), runningPackage(), '--demo'], {
      env: {
        ...process.env,
        SLR_NODE: process.execPath,
        SLR_CONFIG_DIR: join(home, 'config'),
        SLR_PROJECTS_DIR: join(home, 'projects')
      }
    })
    this.child.on('message', (message) => {
      const parsed = FakeMessage.parse(message)
      this.messages.push(parsed)
      this.events.emit(parsed.event, parsed)
    })
  }

  listen(event: string, listener: (message: FakeMessage) => void): void {
    for (const message of this.messages) if (message.event === event) listener(message)
    this.events.on(event, listener)
  }

  until(event: string, matches: (message: FakeMessage) => boolean = () => true): Promise<FakeMessage> {
    return new Promise((resolve) => {
      this.listen(event, (message) => {
        if (matches(message)) resolve(message)
      })
    })
  }

  order(order: string, details: Record<string, unknown>): void {
    this.child.send({ order, ...details })
  }

  async fetch(url: string): Promise<Fetched> {
    const id = this.fetches++
    this.order('fetch', { id, url })
    return Fetched.parse(await this.until('fetched', (message) => message['id'] === id))
  }

  async end(): Promise<void> {
    const exited = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exited
  }
}

export function describeWindows(windows: readonly WindowStartTimes[]): string {
  const list = (milliseconds: readonly number[]): string => milliseconds.map((ms) => ms.toFixed(0)).join(', ')
  return section(
    "Start of the desktop's window with the demo, on the fake of Electron, its page in Chromium (ms of each start)",
    ['program', 'first paint', 'then until the sweep can be started', 'first cell of the sweep'],
    windows.map((row) => [row.programMs, row.paintMs, row.interactiveMs, row.firstCellMs].map(list)),
    'Program: from its start until it shows its page. First paint: from the page’s navigation. ' +
      'The first start reads files from the disk.'
  )
}
