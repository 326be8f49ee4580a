import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { WorkbenchServer } from '../../../src/main/serve/server'
import type { Client } from '../../../src/renderer/app/connection'
import { OwnWorkbench } from '../../fixtures/own-workbench'
import { soakProject } from '../../fixtures/project-soak'
import { demoPrompts, shortPair, shortProject } from '../../fixtures/swept-project'

/*
 * Three windows of one served project, at random against a model. SLR_SOAK_SECONDS=120 goes on for that long and prints what was
 * done; SLR_SOAK_SEED chooses what is drawn.
 */
const SECONDS = Number(process.env['SLR_SOAK_SECONDS'] ?? 0)
const SEED = Number(process.env['SLR_SOAK_SEED'] ?? 2)
const SHORT_ROUNDS = 30

let own: OwnWorkbench
let server: WorkbenchServer
const sockets: WebSocket[] = []

beforeAll(async () => {
  own = await OwnWorkbench.open()
  server = await own.serve()
})

afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  await own.close()
})

/** A browser that was let in, as far as main can tell. */
async function connect(): Promise<Client> {
  const entry = new URL(server.newUrl())
  const letIn = await fetch(entry, { redirect: 'manual' })
  const home = String(letIn.headers.get('location')).replace(/\/$/, '')
  const Cookie = String(letIn.headers.get('set-cookie')).split(';')[0] ?? ''
  const websocket = new WebSocket(`ws://${entry.host}${home}/rpc`, {
    headers: { Cookie, Origin: entry.origin }
  })
  sockets.push(websocket)
  await new Promise((resolve, reject) => websocket.once('open', resolve).once('error', reject))
  return createORPCClient(new RPCLink({ websocket }))
}

it(
  'is the same to three windows and on the disk, whatever they do at once',
  { timeout: (SECONDS + 60) * 1000 },
  async () => {
    const clients = await Promise.all([connect(), connect(), connect()])
    const path = await shortProject(await demoPrompts(20))
    const { base, post } = await shortPair()
    const folders = await Promise.all(
      [base, post, base, post].map(async (member, place) => {
        const copy = join(own.folder, `member-${place}`)
        await cp(member, copy, { recursive: true })
        return copy
      })
    )
    const startedMs = performance.now()
    const done = await soakProject({
      clients,
      path,
      folders,
      seed: SEED,
      sweepOneIn: 30,
      continues: (round) => (SECONDS > 0 ? performance.now() - startedMs < SECONDS * 1000 : round < SHORT_ROUNDS)
    })
    if (SECONDS > 0) console.log(`soak with seed ${SEED}: ${JSON.stringify(done)}`)
    for (const what of [
      'keep',
      'rename',
      'remove',
      'undo',
      'add checkpoint',
      'set rho',
      'save prompts',
      'stale',
      'sweep',
      'set notes',
      'note a sweep',
      'queue a sweep',
      'ask in the chat',
      'queue is empty'
    ])
      expect(done[what], what).toBeGreaterThan(0)
  }
)
