import type { DeviceName } from '../../../contract/model/device'
import type { Model } from '../../../contract/model/model'
import { type Device, openDevice } from '../device/device'
import { closePairWeights, openPairWeights, type PairWeights } from '../weights/pair-weights'

/** Something that is open until it is closed. */
export interface Closable {
  close(): Promise<void>
}

/** What was opened for a piece of work, to be closed with it. */
export class OpenThings {
  private readonly opened: Closable[] = []

  /** Takes over the closing of something. */
  own<Thing extends Closable>(thing: Thing): Thing {
    this.opened.push(thing)
    return thing
  }

  /** Closes all, what was opened last first. @throws the first of the errors in closing, after all were closed */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const thing of this.opened.splice(0).reverse()) {
      try {
        await thing.close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** A request to the engine on its way: its pair and its device, open, and what it opens besides. Close it however it ends. */
export class OpenRun extends OpenThings {
  constructor(
    readonly pair: PairWeights,
    readonly device: Device
  ) {
    super()
    this.own({ close: () => closePairWeights(pair) })
    this.own(device)
  }
}

/**
 * @param models for which other checkpoints than the pair are opened
 * @throws WorkbenchError as `openPairWeights` and `openDevice`
 */
export async function openRun(
  { base, post, device }: { readonly base: string; readonly post: string; readonly device: DeviceName },
  models: readonly Model[]
): Promise<OpenRun> {
  const pair = await openPairWeights(base, post, models)
  try {
    return new OpenRun(pair, await openDevice(device))
  } catch (error) {
    await closePairWeights(pair)
    throw error
  }
}
