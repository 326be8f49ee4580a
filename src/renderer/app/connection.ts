import { createORPCClient } from '@orpc/client'
import { RPCLink as MessagePortLink } from '@orpc/client/message-port'
import { RPCLink as WebSocketLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import type { Contract } from '../../contract/procedures/contract'
import { addressQuestion, repeatOnceConfirmed } from './address-question.svelte'

declare global {
  interface Window {
    /** Set by the desktop preload, which then posts `slr:port` with a message port to main. */
    slrDesktop?: {
      /** Where a dropped file or folder lies; empty when that is nowhere. */ pathOf: (file: File) => string
    }
  }
}

export type Client = ContractRouterClient<Contract>

/** A live line to main; `closed` resolves once it is gone. */
export interface Connection {
  client: Client
  closed: Promise<void>
}

/** Opens one connection per call; call again after `closed` to reconnect. */
export type Connect = () => Promise<Connection>

/** Chooses the way to main. Call once, before the page has loaded: the desktop's port arrives right after. */
export function openConnections(): Connect {
  return window.slrDesktop !== undefined ? desktopConnections() : browserConnection
}

function desktopConnections(): Connect {
  // A port may arrive before anyone asks for one, and a new one after a lost one, so ports queue on both sides.
  const arrived: MessagePort[] = []
  const waiting: ((port: MessagePort) => void)[] = []
  window.addEventListener('message', (event) => {
    const port = event.ports[0]
    if (event.source !== window || event.data !== 'slr:port' || port === undefined) return
    const next = waiting.shift()
    if (next === undefined) arrived.push(port)
    else next(port)
  })
  return async () => {
    const port = arrived.shift() ?? (await new Promise<MessagePort>((resolve) => waiting.push(resolve)))
    const client: Client = createORPCClient(
      new MessagePortLink({ port, interceptors: [confirming(() => client)] })
    )
    const closed = closing(port)
    port.start()
    return { client, closed }
  }
}

async function browserConnection(): Promise<Connection> {
  // Below the page's own path, which the session's cookie is bound to.
  const address = new URL('rpc', window.location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const websocket = new WebSocket(address)
  await new Promise<void>((resolve, reject) => {
    websocket.addEventListener('open', () => resolve(), { once: true })
    websocket.addEventListener('close', () => reject(new Error('the server does not answer')), { once: true })
  })
  const client: Client = createORPCClient(
    new WebSocketLink({ websocket, interceptors: [confirming(() => client)] })
  )
  return { client, closed: closing(websocket) }
}

const confirming = (client: () => Client) =>
  repeatOnceConfirmed(addressQuestion, (addresses) => client().app.confirmAddresses({ addresses }))

/** Resolves when a line closes. Asked for once the client listens: it ends its own calls first, and none is aborted on a closed line. */
const closing = (line: EventTarget): Promise<void> =>
  new Promise((resolve) => line.addEventListener('close', () => resolve(), { once: true }))
