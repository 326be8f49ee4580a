import type { Device } from '../main/engine/device/device'
import { type LanguageHead, openLanguageHead, readSlice } from '../main/engine/forward/language-head'
import type { ModelWeights } from '../main/engine/weights/pair-weights'
import type { ReleasableWeights } from '../main/engine/weights/read-ahead'

/** Opens a language head that caches its weights as float32 during its first run. */
export function openCachedHead(device: Device, model: ModelWeights): Promise<LanguageHead> {
  const slices = new Map<number, Promise<ReleasableWeights>>()
  return openLanguageHead(device, model, (slice) => {
    const weights = slices.get(slice.first) ?? readSlice(model, slice)
    slices.set(slice.first, weights)
    return weights
  })
}
