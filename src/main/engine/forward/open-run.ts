import type { DeviceName } from '../../../contract/model/device'
import type { Model } from '../../../contract/model/model'
import { type Device, openDevice } from '../device/device'
import { closePairWeights, openPairWeights, type PairWeights } from '../weights/pair-weights'

export interface Closable {
  close(): Promise<void>
}

/** The resources opened for a piece of work, which are closed together. */
export class OpenResources {
  private readonly opened: Closable[] = []

  register<Thing extends Closable>(thing: Thing): Thing {
    this.opened.push(thing)
    return thing
  }

  /** Closes all resources in reverse order of opening. @throws the first error in closing, after all were closed */
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

/** The resources of a running engine request: its pair, its device, and all that it opens later. */
export class OpenRun extends OpenResources {
  constructor(
    readonly pair: PairWeights,
    readonly device: Device
  ) {
    super()
    this.register({ close: () => closePairWeights(pair) })
    this.register(device)
  }
}

/** Opens the pair and the device of a request, and other checkpoints of its models. */
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
