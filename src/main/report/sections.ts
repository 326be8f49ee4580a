import { formatUtc } from '../../contract/words/format'
import type { Report } from '../../contract/documents/report'
import { block, notesBlocks, type Section } from './blocks'
import { costSections } from './sections/cost'
import { evaluationsSection, mainComparisons } from './sections/evaluations'
import { otherSweepsAtAGlance, otherSweepsSections } from './sections/other-sweeps'
import { distancesSection, pairSection } from './sections/pair'
import { pairsSections } from './sections/pairs'
import { lineageAtAGlance, lineageSections } from './sections/lineage'
import { keptSection } from './sections/recipes'
import { reproductionSection } from './sections/reproduction'
import { checkSection, samplesSection } from './sections/samples'
import { searchSections } from './sections/search'
import { headlineBlocks, sweepSection } from './sections/sweep'

/* The order of a report's sections, and its title. Each section is written by a file in `sections`. */

export interface ReportHead {
  title: string
  subtitle: string
}

export const creationWords = ({ createdAt, programVersion }: Pick<Report, 'createdAt' | 'programVersion'>): string =>
  `Selective Layer Restoration · ${formatUtc(createdAt)} · SLR Workbench ${programVersion}`

export function reportHead({ project, pair, createdAt, programVersion }: Report): ReportHead {
  const models = pair === null ? '' : `${pair.base.name} restored into ${pair.post.name} · `
  return {
    title: project.name,
    subtitle: models + creationWords({ createdAt, programVersion })
  }
}

export function reportSections(report: Report): Section[] {
  return [
    glanceSection(report),
    ...pairsSections(report),
    pairSection(report),
    distancesSection(report),
    sweepSection(report),
    ...otherSweepsSections(report),
    ...lineageSections(report),
    ...searchSections(report),
    keptSection(report),
    samplesSection(report),
    checkSection(report),
    evaluationsSection(report),
    ...costSections(report),
    reproductionSection(report)
  ]
}

/** Writes the first section: warnings, the verdict and the most important comparisons. */
function glanceSection(report: Report): Section {
  const { project, sweep, evaluations, warnings } = report
  return {
    id: 'glance',
    title: 'At a glance',
    blocks: [
      ...warnings.map(block.warning),
      ...(sweep === null
        ? [block.paragraph('Nothing was swept yet, so no range is selected.')]
        : headlineBlocks(sweep)),
      ...otherSweepsAtAGlance(report),
      ...lineageAtAGlance(report),
      ...mainComparisons(evaluations),
      ...notesBlocks(project.notes)
    ]
  }
}
