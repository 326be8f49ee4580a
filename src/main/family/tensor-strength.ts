import { WorkbenchError } from '../../contract/model/problem'
import type { Component, LayerStrength } from '../../contract/model/recipe'
import { componentName, componentStrengths, HALVES } from '../../contract/model/strengths'
import type { DecoderSpec } from './decoder-spec'
import { expertTensors, sharedTensors, type LayerTensorSpec } from './tensors'
import { elementAt } from '../../contract/model/look-up'

/** How much of base a tensor of a layer takes; for a fused one of which {@link requireComponents} has shown that its components agree. */
export function tensorStrength({ half, components }: LayerTensorSpec, layer: LayerStrength): number {
  const own = layer[half]
  if (typeof own === 'number') return own
  const found = componentStrengths(layer, half).find(({ component }) => components.includes(component))
  if (found === undefined) throw new Error(`no strength for ${components.join(' and ')}`)
  return found.strength
}

/**
 * That a family can have a recipe: each component that it takes from base is a tensor of its own, or agrees with those that
 * share its tensor.
 *
 * @throws WorkbenchError `unsupported` naming the component, and the tensor
 */
export function requireComponents(spec: DecoderSpec, layers: readonly LayerStrength[]): void {
  const { label } = spec.family
  for (const [index, layer] of layers.entries()) {
    if (HALVES.every((half) => typeof layer[half] === 'number')) continue
    // Experts have the components of any other MLP.
    const { experts } = elementAt(spec.layers, index, 'layer')
    const tensors = [
      ...sharedTensors(spec, index),
      ...(experts === null ? [] : expertTensors(spec, index, 0))
    ]
    for (const half of HALVES) {
      if (typeof layer[half] === 'number') continue
      const own = tensors.filter((tensor) => tensor.half === half)
      const strengths = componentStrengths(layer, half)
      const strengthOf = (wanted: Component): number | undefined =>
        strengths.find(({ component }) => component === wanted)?.strength
      const missing = strengths.find(
        ({ component, strength }) =>
          strength !== 0 && !own.some(({ components }) => components.includes(component))
      )
      if (missing !== undefined) {
        throw new WorkbenchError(
          'unsupported',
          `Layers of ${label} models have no ${componentName(half, missing.component)}, of which the recipe restores ${missing.strength} in layer ${index}.`,
          'Leave it at 0, or give the whole half of the layer one strength.'
        )
      }
      const torn = own.find(({ components }) => new Set(components.map(strengthOf)).size > 1)
      if (torn === undefined) continue
      throw new WorkbenchError(
        'unsupported',
        `${label} models store ${torn.components.join(', ')} as one tensor, ${torn.name.split('.').slice(3).join('.')}, but the recipe ` +
          `gives them different strengths in layer ${index}.`,
        `Give ${torn.components.join(', ')} of a layer the same strength.`
      )
    }
  }
}
