import { type EvaluationView, MEASURES, MeasureId, type ProxyCorrelation } from './evaluation'
import { formatDelta } from './format'

/** A measure's value where measures of every scale stand side by side: three decimals, fewer for large ones. */
export const formatMeasure = (value: number): string =>
  (Math.abs(value) >= 100
    ? value.toFixed(0)
    : Math.abs(value) >= 10
      ? value.toFixed(1)
      : value.toFixed(3)
  ).replace('-', '−')

export const formatPValue = (value: number): string => (value < 0.001 ? '<0.001' : value.toFixed(3))

/** What a measure is called, with the better direction marked. */
export const measureLabel = (id: MeasureId): string => {
  const { label, better } = MEASURES[id]
  return better === null ? label : `${label} ${better === 'higher' ? '↑' : '↓'}`
}

/** The measures that any variant of an evaluation has, in their order. */
export const measuresOf = ({ variants }: Pick<EvaluationView['results'], 'variants'>): MeasureId[] =>
  MeasureId.options.filter((id) => variants.some(({ measures }) => measures[id] !== undefined))

export const withInterval = ({ mean, interval }: { mean: number; interval: readonly number[] }): string =>
  `${formatMeasure(mean)} [${interval.map(formatMeasure).join(', ')}]`

/** Whether the proxy predicts this task, in a sentence; empty without a sweep. */
export function proxySentence(proxy: readonly ProxyCorrelation[]): string {
  if (proxy.length === 0) return ''
  if (proxy.every(({ correlation }) => correlation === null)) {
    const count = Math.max(...proxy.map(({ variantCount }) => variantCount))
    return `Too few variants to say whether the character task predicts this one: ${count} that the newest sweep has scored, without sampler or prefix of their own. Add a spread of ranges.`
  }
  const parts = proxy.map(({ against, measure, correlation }) =>
    correlation === null
      ? `its ${against} has no rank correlation with ${MEASURES[measure].label.toLowerCase()} (all equal)`
      : `its ${against} orders them like ${MEASURES[measure].label.toLowerCase()} with a rank correlation of ${formatDelta(correlation, 2)}`
  )
  const count = Math.max(...proxy.map(({ variantCount }) => variantCount))
  const few = count < 6 ? ' With so few variants, that says little.' : ''
  return `How well does the character task predict this one? Over ${count} variants, ${parts.join(', and ')} (Spearman).${few}`
}
