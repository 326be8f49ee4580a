import type { Page } from 'playwright-core'
import { z } from 'zod'

/*
 * The page of the desktop entry in Chromium. The entry runs on the tests' fake of Electron (test/fixtures/electron).
 * The page gets its files and ports as from Electron and the preload script.
 */

/** Messages that the fake sends about the program. */
export const FakeMessage = z.looseObject({ event: z.string() })
export type FakeMessage = z.infer<typeof FakeMessage>

/** The program's answer to its page at an address. */
export const Fetched = z
  .object({
    id: z.number(),
    status: z.number(),
    headers: z.record(z.string(), z.string()),
    body: z.string()
  })
  .transform(({ status, headers, body }) => ({ status, headers, body: Buffer.from(body, 'base64') }))
export type Fetched = z.infer<typeof Fetched>

const ToPage = z.object({ port: z.number(), data: z.string() })

/** The line to a program on the fake. */
export interface EntryLine {
  /** Fetches the program's answer to its page at an address. */
  fetch(url: string): Promise<Fetched>
  order(order: string, details: Record<string, unknown>): void
  /** Calls back with all that was and will be told of an event. */
  hear(event: string, listener: (told: FakeMessage) => void): void
}

/** Ports that the preload hands to the page, at the page's ends. */
declare global {
  interface Window {
    sendToMain: (port: number, data: string) => Promise<void>
    portsOfPage: Map<number, MessagePort>
  }
}

/** In a secure context, as the scheme of the window is. */
const ORIGIN = 'https://workbench'

/**
 * Loads the page, and hands it its ports and what comes through them.
 *
 * @param dropped where the files lie that are dropped on it: `''` or a folder with a slash at its end
 */
export async function loadPage(page: Page, line: EntryLine, dropped: string): Promise<void> {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url())
    await route.fulfill(await line.fetch(`slr://workbench${pathname}`))
  })
  await page.exposeBinding('sendToMain', (_source, port: number, data: string) =>
    line.order('to-main', { port, data })
  )
  await page.addInitScript((folder) => {
    window.slrDesktop = { pathOf: (file) => folder + file.name }
    window.portsOfPage = new Map()
  }, dropped)
  await page.goto(`${ORIGIN}/`)
  line.hear('port', ({ port }) => {
    void page.evaluate((id) => {
      const { port1, port2 } = new MessageChannel()
      window.portsOfPage.set(id, port1)
      port1.onmessage = ({ data }: MessageEvent<string>) => void window.sendToMain(id, data)
      window.postMessage('slr:port', location.origin, [port2])
    }, z.number().parse(port))
  })
  line.hear('to-page', (told) => {
    const { port, data } = ToPage.parse(told)
    page
      .evaluate(([id, text]) => window.portsOfPage.get(id)?.postMessage(text), [port, data] as const)
      .catch(() => undefined)
  })
}
