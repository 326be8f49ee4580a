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
      /** Returns the path of a dropped file or folder; empty in a browser, which hides paths. */
      pathOf: (file: File) => string
    }
  }
}

export type Client = ContractRouterClient<Contract>

/** A connection to main. `closed` resolves when it ends. */
export interface Connection {
  client: Client
  closed: Promise<void>
}

/** Opens a connection. Call again after `closed` to reconnect. */
export type Connect = () => Promise<Connection>

/** Chooses how to connect to main. Call once while the page loads: the desktop's port arrives right after. */
export function openConnections(): Connect {
  return window.slrDesktop !== undefined ? desktopConnections() : browserConnection
}

function desktopConnections(): Connect {
  // A port may arrive before a request for it, and a new one after a lost one, so both sides queue.
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
    const client: Client = createORPCClient(new MessagePortLink({ port, interceptors: [confirming(() => client)] }))
    const closed = closing(port)
    port.start()
    return { client, closed }
  }
}

async function browserConnection(): Promise<Connection> {
  // A path below the page's own, to which the session's cookie is bound.
  const address = new URL('rpc', window.location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const websocket = new WebSocket(address)
  await new Promise<void>((resolve, reject) => {
    websocket.addEventListener('open', () => resolve(), { once: true })
    websocket.addEventListener('close', () => reject(new Error('the server does not answer')), { once: true })
  })
  const client: Client = createORPCClient(new WebSocketLink({ websocket, interceptors: [confirming(() => client)] }))
  return { client, closed: closing(websocket) }
}

const confirming = (client: () => Client) =>
  repeatOnceConfirmed(addressQuestion, (addresses) => client().app.confirmAddresses({ addresses }))

/** Resolves when a connection closes. The client must listen first, so that it ends its calls before this resolves. */
const closing = (target: EventTarget): Promise<void> =>
  new Promise((resolve) => target.addEventListener('close', () => resolve(), { once: true }))
