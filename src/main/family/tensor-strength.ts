import { unsupportedError } from '../../contract/model/problem'
import type { Component, LayerStrength } from '../../contract/model/recipe'
import { componentName, componentStrengths, HALVES } from '../../contract/model/strengths'
import type { DecoderSpec } from './decoder-spec'
import { layerTensors, type LayerTensorSpec } from './tensors'

/**
 * Gives the strength of a tensor, which is base's share in its blend with post. A recipe states strengths for a half of
 * a layer (attention or MLP), or for the half's components. A tensor's components agree by {@link requireComponents}.
 */
export function tensorStrength({ half, components }: LayerTensorSpec, layer: LayerStrength): number {
  const halfStrength = layer[half]
  if (typeof halfStrength === 'number') return halfStrength
  const match = componentStrengths(layer, half).find(({ component }) => components.includes(component))
  if (match === undefined) throw new Error(`no strength for ${components.join(' and ')}`)
  return match.strength
}

/**
 * Requires that components which share a stored tensor have the same strength, and that layers have the components.
 * @throws WorkbenchError `unsupported` naming the components and the layer
 */
export function requireComponents(spec: DecoderSpec, layers: readonly LayerStrength[]): void {
  const { label } = spec.family
  for (const [index, layer] of layers.entries()) {
    if (HALVES.every((half) => typeof layer[half] === 'number')) continue
    // Experts have the same components as other MLPs.
    const tensors = layerTensors(spec, index).filter(({ expert }) => expert === null || expert === 0)
    for (const half of HALVES) {
      if (typeof layer[half] === 'number') continue
      const halfTensors = tensors.filter((tensor) => tensor.half === half)
      const strengths = componentStrengths(layer, half)
      const strengthOf = (wanted: Component): number | undefined =>
        strengths.find(({ component }) => component === wanted)?.strength
      const missing = strengths.find(
        ({ component, strength }) =>
          strength !== 0 && !halfTensors.some(({ components }) => components.includes(component))
      )
      if (missing !== undefined) {
        throw unsupportedError(
          `Layers of ${label} models have no ${componentName(half, missing.component)}, of which the recipe ` +
            `restores ${missing.strength} in layer ${index}.`,
          'Leave it at 0, or give the whole half of the layer one strength.'
        )
      }
      const conflicting = halfTensors.find(({ components }) => new Set(components.map(strengthOf)).size > 1)
      if (conflicting === undefined) continue
      throw unsupportedError(
        `${label} models store ${conflicting.components.join(', ')} as one tensor, ` +
          `${conflicting.name.split('.').slice(3).join('.')}, but the recipe ` +
          `gives them different strengths in layer ${index}.`,
        `Give ${conflicting.components.join(', ')} of a layer the same strength.`
      )
    }
  }
}
