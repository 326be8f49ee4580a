import { defaultSweepOf } from '../../contract/documents/default-sweep'
import type { PairBrief, ProjectState } from '../../contract/documents/project'
import { unusableWords } from '../../contract/words/pair-words'
import type { ProjectJobs } from '../jobs/jobs'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { samplePromptsOf } from '../project/project-prompts'
import type { OpenProjects } from './open-projects'

/** Collects everything that a window shows of one pair of a project. @param change revision for undo, or null */
export async function projectState(
  pair: ProjectPair,
  change: number | null,
  projects: OpenProjects,
  jobs: ProjectJobs
): Promise<ProjectState> {
  const { project } = pair
  // Slow reads come first, so that all other values are of one moment. The first read may change the document.
  const pairState = await projects.pairOf(pair)
  const samplePrompts = await samplePromptsOf(pair)
  const otherCheckpoints = await projects.othersOf(pair)
  // The other pairs are not awaited. Each is reported after its inspection.
  void projects.inspectOtherPairs(project)
  return {
    path: project.path,
    name: project.name,
    notes: project.notes,
    revision: project.revision,
    change,
    pairs: pairBriefs(project, projects, jobs),
    document: pair.document,
    prompts: pair.prompts,
    separatePrompts: pair.separatePrompts !== null,
    samplePrompts: project.samplePrompts ?? samplePrompts,
    sweeps: [...pair.sweeps],
    sampleRuns: [...pair.samples.runs],
    evaluations: [...pair.evaluations.runs],
    history: pair.history.state,
    ...pairState,
    otherCheckpoints: otherCheckpoints(pair.document),
    readOnly: project.readOnly,
    writer: project.writer,
    warnings: [...project.warnings],
    running: jobs.turns.running(pair),
    busyProject: jobs.turns.busyFor(project)?.name ?? null,
    failed: jobs.turns.failed(pair),
    saved: pair.saved
  }
}

/** Lists a project's pairs with their known states, without reading a file. */
function pairBriefs({ pairs }: ProjectOfPair, projects: OpenProjects, jobs: ProjectJobs): PairBrief[] {
  return pairs.map((pair) => {
    const { id, name, location } = pair.document
    const state = projects.knownPair(pair)
    const post = state?.pair?.post
    const model = post && {
      family: post.modelType,
      layerCount: post.layerCount,
      parameterCount: post.parameterCount
    }
    return {
      id,
      name,
      location,
      model: model ?? null,
      unusable: state === null ? null : unusableWords(state),
      sweepCount: pair.sweeps.length,
      defaultSweep: defaultSweepOf(pair.sweeps) ?? null,
      running: jobs.turns.running(pair)
    }
  })
}
