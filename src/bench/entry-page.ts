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

export interface EntryConnection {
  fetch(url: string): Promise<Fetched>
  order(order: string, details: Record<string, unknown>): void
  /** Calls back with all earlier and later messages about an event. */
  listen(event: string, listener: (message: FakeMessage) => void): void
}

/** The page's ends of the ports that the preload script passes to it. */
declare global {
  interface Window {
    sendToMain: (port: number, data: string) => Promise<void>
    portsOfPage: Map<number, MessagePort>
  }
}

/** A secure context, as the scheme of the window is. */
const ORIGIN = 'https://workbench'

/** Loads the page and passes its ports and their messages on. @param dropped folder of dropped files; '' for none */
export async function loadPage(page: Page, connection: EntryConnection, dropped: string): Promise<void> {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url())
    await route.fulfill(await connection.fetch(`slr://workbench${pathname}`))
  })
  await page.exposeBinding('sendToMain', (_source, port: number, data: string) =>
    connection.order('to-main', { port, data })
  )
  await page.addInitScript((folder) => {
    window.slrDesktop = { pathOf: (file) => folder + file.name }
    window.portsOfPage = new Map()
  }, dropped)
  await page.goto(`${ORIGIN}/`)
  connection.listen('port', ({ port }) => {
    void page.evaluate((id) => {
      const { port1, port2 } = new MessageChannel()
      window.portsOfPage.set(id, port1)
      port1.onmessage = ({ data }: MessageEvent<string>) => void window.sendToMain(id, data)
      window.postMessage('slr:port', location.origin, [port2])
    }, z.number().parse(port))
  })
  connection.listen('to-page', (message) => {
    const { port, data } = ToPage.parse(message)
    page
      .evaluate(([id, text]) => window.portsOfPage.get(id)?.postMessage(text), [port, data] as const)
      .catch(() => undefined)
  })
}
