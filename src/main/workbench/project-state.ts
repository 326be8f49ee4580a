import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { PairBrief, ProjectState } from '../../contract/documents/project'
import { unusableWords } from '../../contract/words/pair-words'
import type { Jobs } from '../jobs/jobs'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { samplePromptsOf } from '../project/project-prompts'
import type { OpenProjects } from './open-projects'

/** Everything that a window shows of one pair of a project at once. */
export async function projectState(
  own: ProjectPair,
  projects: OpenProjects,
  jobs: Jobs
): Promise<ProjectState> {
  const { project } = own
  // First what takes time: the rest is of one moment. The document may come to know the checkpoints by it.
  const pair = await projects.pairOf(own)
  const samplePrompts = await samplePromptsOf(own)
  const otherCheckpoints = await projects.othersOf(own)
  // Nobody waits for the other pairs: they are told of as they are seen.
  void projects.lookAround(project)
  return {
    path: project.path,
    name: project.name,
    notes: project.notes,
    revision: project.revision,
    pairs: pairBriefs(project, projects, jobs),
    document: own.document,
    prompts: own.prompts,
    ownPrompts: own.ownPrompts !== null,
    samplePrompts: project.samplePrompts ?? samplePrompts,
    sweeps: [...own.sweeps],
    sampleRuns: [...own.samples.runs],
    evaluations: [...own.evaluations.runs],
    history: own.history.state,
    ...pair,
    otherCheckpoints: otherCheckpoints(own.document),
    readOnly: project.readOnly,
    writer: project.writer,
    warnings: [...project.warnings],
    running: jobs.running(own),
    busyProject: jobs.busyFor(project)?.name ?? null,
    failed: jobs.failed(own),
    saved: own.saved
  }
}

/** The list of a project's pairs, from what is known of each without reading anything. */
export function pairBriefs({ pairs }: ProjectOfPair, projects: OpenProjects, jobs: Jobs): PairBrief[] {
  return pairs.map((own) => {
    const { id, name, location } = own.document
    const known = projects.knownPair(own)
    const post = known?.pair?.post
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
      unusable: known === null ? null : unusableWords(known),
      sweepCount: own.sweeps.length,
      answeringSweep: defaultSweepOf(own.sweeps) ?? null,
      running: jobs.running(own)
    }
  })
}
