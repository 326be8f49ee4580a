import type { RankTable } from '../../../contract/documents/rank-table'
import { formatPercent, plural } from '../../../contract/words/format'
import { bytes, decimal, printable, style, table } from './output'

/** Describes the adapters of a recipe, by rank. */
export function describeRanks({
  recipe,
  promptCount,
  post,
  complete,
  fullRank,
  ranks,
  notes
}: RankTable): string {
  const scores = ({ validity, diversity }: RankTable['post']): string[] => [
    decimal(validity),
    decimal(diversity)
  ]
  return [
    style('bold', printable(`${recipe} as an adapter on post, by rank`)),
    table(
      [
        ['Rank', 'Validity', 'Diversity', 'Size', 'Norm kept'],
        ['post', ...scores(post), '', ''],
        ...ranks.map((adapter) => [
          String(adapter.rank),
          ...scores(adapter),
          bytes(adapter.bytes),
          formatPercent(adapter.normShare)
        ]),
        ['complete', ...scores(complete), '', '']
      ],
      'LRRRR'
    ),
    `Scored on ${plural(promptCount, 'prompt')}. Rank ${fullRank} loses nothing of the linear weights.`,
    ...notes
  ].join('\n')
}
