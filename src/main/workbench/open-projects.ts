import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import type { PairReport } from '../../contract/documents/pair'
import type {
  OtherCheckpointState,
  PairDocument,
  PairId,
  PairLocation,
  PairState,
  ListedProject
} from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'
import { resultOf, resultWords } from '../../contract/words/pair-words'
import { inspectOther } from '../checkpoint/other-checkpoint'
import { builtinPromptSet } from '../crc/task/builtin-prompts'
import { createProject, type NewProject } from '../project/create-project'
import { demoPath, openOrCreateDemo, pairPaths } from '../project/demo'
import { isFile } from '../base/files/path-kinds'
import { absolutePath } from '../base/files/places'
import { openOrFollow } from '../project/open-project'
import { readPairState } from '../project/pair-state'
import type { Project } from '../project/project'
import { ProjectFollower } from '../project/project-follower'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { noteResults, recentProjects, rememberProject } from '../project/recents'
import { problemOf, reportDefect } from '../base/rpc-problems'
import { WorkbenchError } from '../../contract/model/problem'
import { SweepOutlines } from './sweep-outlines'

/** Time that a list of projects waits for their results. */
const RESULT_MS = 1_000

/**
 * The projects this process has open. Each is opened once, however many windows and tabs show it: they share its lock
 * and its unsaved state. A call about a project that is not open opens it, so a page survives a restart of the program.
 */
export class OpenProjects {
  private readonly opening = new Map<string, Promise<Project>>()
  /** Projects that are being closed, which the program's end waits for. */
  private readonly closing = new Set<Promise<void>>()
  private closed = false
  readonly outlines = new SweepOutlines()
  private readonly looking = new WeakSet<ProjectOfPair>()
  private readonly pairs = new WeakMap<ProjectPair, { location: PairLocation; state: PairState }>()
  /** Of projects that other programs have had to write. */
  private readonly followers = new WeakMap<Project, ProjectFollower>()
  /** What was seen of a pair's other checkpoints since then, by the folder and what was to lie in it. */
  private readonly others = new WeakMap<ProjectPair, Map<string, Promise<OtherCheckpointState>>>()

  /** @throws WorkbenchError as `openOrFollow` */
  async use(path: string): Promise<Project> {
    return this.share(await folderOf(path), () => openOrFollow(path))
  }

  /**
   * Opens a project for a user to see one of its pairs: notes it as recent and looks at the pair again. One that was followed is changed
   * here from now on, if nobody else writes it any more.
   *
   * @param id of the pair; undefined or removed: the first
   */
  async open(path: string, id: PairId | undefined): Promise<ProjectPair> {
    const project = await this.use(path)
    await this.followers.get(project)?.takeOver()
    return this.show(
      project,
      project.pairs.find((own) => own.id === id)
    )
  }

  async openDemo(): Promise<ProjectPair> {
    const open = async (): Promise<Project> => openOrCreateDemo(await builtinPromptSet('demo-crc'))
    return this.show(await this.share(await folderOf(await demoPath()), open))
  }

  /** @throws WorkbenchError as `createProject` */
  async create(newProject: NewProject): Promise<ProjectPair> {
    if (this.closed) throw new WorkbenchError('busy', 'The program is closing.')
    const project = await createProject(newProject)
    this.opening.set(project.path, Promise.resolve(project))
    return this.show(project)
  }

  /** Reading headers takes a moment for large models, so the pair is looked at when a project is opened, not at every change. */
  async pairOf(own: ProjectPair): Promise<PairState> {
    const known = this.knownPair(own)
    if (known !== null) return known
    const { location } = own.document
    const state = await readPairState(own)
    this.pairs.set(own, { location, state })
    if (state.pair !== null) await rememberFirstSeen(own, state.pair)
    return state
  }

  /** Looks, one after the other, at the pairs of a project that were not looked at yet, and tells when one was. */
  async lookAround(project: ProjectOfPair): Promise<void> {
    if (this.looking.has(project)) return
    this.looking.add(project)
    try {
      for (;;) {
        const unseen = project.pairs.find((own) => this.knownPair(own) === null)
        if (unseen === undefined || this.closed) return
        await this.pairOf(unseen)
        project.tell()
      }
    } catch (error) {
      reportDefect(error, 'looking at pairs')
    } finally {
      this.looking.delete(project)
    }
  }

  /** What is known of a pair without looking at it; null when nothing is. */
  knownPair(own: ProjectPair): PairState | null {
    const known = this.pairs.get(own)
    return known !== undefined && isDeepStrictEqual(known.location, own.document.location)
      ? known.state
      : null
  }

  /** Looks at a pair anew when it is asked for. */
  forget(own: ProjectPair): void {
    this.pairs.delete(own)
    this.others.delete(own)
  }

  /**
   * What now lies in the folders of a pair's other checkpoints; each is looked at once.
   *
   * @returns it for the checkpoints of a document of the pair, in their order
   */
  async othersOf(own: ProjectPair): Promise<(document: PairDocument) => OtherCheckpointState[]> {
    const known = this.others.get(own) ?? new Map<string, Promise<OtherCheckpointState>>()
    this.others.set(own, known)
    const keyOf = ({ path, fingerprint }: OtherCheckpoint): string => `${fingerprint} ${path}`
    const seen = new Map<string, OtherCheckpointState>()
    for (;;) {
      const { location, otherCheckpoints } = own.document
      const folders = pairPaths(location)
      // Another may be added while these are looked at.
      const unseen = otherCheckpoints.filter((checkpoint) => !seen.has(keyOf(checkpoint)))
      if (unseen.length === 0) break
      for (const checkpoint of unseen) {
        const key = keyOf(checkpoint)
        const state = known.get(key) ?? lookAtOther(folders, checkpoint.path)
        known.set(key, state)
        seen.set(key, await state)
      }
    }
    return ({ otherCheckpoints }) =>
      otherCheckpoints.flatMap((checkpoint) => seen.get(keyOf(checkpoint)) ?? [])
  }

  /** Lets other programs write the project; harmless when it is not open. */
  async close(path: string): Promise<void> {
    const opened = this.opening.get(await folderOf(path))
    if (opened === undefined) return
    for (const [key, value] of this.opening) if (value === opened) this.opening.delete(key)
    const closing = this.end(opened)
    this.closing.add(closing)
    await closing.finally(() => this.closing.delete(closing))
  }

  private async end(opened: Promise<Project>): Promise<void> {
    const project = await opened
    await this.noteResultsOf([project])
    await project.close()
  }

  /** From here on none is opened: a late call would take the lock of a project anew. */
  async closeAll(): Promise<void> {
    this.closed = true
    await Promise.all(Array.from(this.opening.keys(), (path) => this.close(path)))
    // What another call has begun to close meanwhile.
    await Promise.all(this.closing)
  }

  /**
   * The projects opened last, with what those that are open have found by now.
   *
   * @param runningOf what a pair's jobs are now
   */
  async recent(runningOf: (own: ProjectPair) => JobKind[]): Promise<ListedProject[]> {
    const opened = await Promise.allSettled(new Set(this.opening.values()))
    const projects = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await this.noteResultsOf(projects)
    const running = new Map(projects.map(({ path, pairs }) => [path, pairs.flatMap(runningOf)]))
    return (await recentProjects()).map((recent) => ({ ...recent, running: running.get(recent.path) ?? [] }))
  }

  private async share(folder: string, open: () => Promise<Project>): Promise<Project> {
    if (this.closed) throw new WorkbenchError('busy', 'The program is closing.')
    const shared = this.opening.get(folder)
    if (shared !== undefined) return shared
    const opened = open()
    this.opening.set(folder, opened)
    try {
      const project = await opened
      if (project.writer !== null) this.followers.set(project, new ProjectFollower(project))
      // A project that was only just created had no real path before.
      this.opening.set(project.path, opened)
      return project
    } catch (error) {
      this.opening.delete(folder)
      throw error
    }
  }

  private async show(project: Project, own = project.firstPair): Promise<ProjectPair> {
    this.forget(own)
    const { path, name } = project
    await rememberProject({ path, name })
    return own
  }

  /** Notes the results of projects for the list. It does not wait for an evaluation that takes long to measure: its verdict comes next time. */
  private async noteResultsOf(projects: readonly Project[]): Promise<void> {
    const read = Promise.all(projects.map((project) => this.readResult(project)))
    await Promise.race([read, delay(RESULT_MS, undefined, { ref: false })])
    await noteResults(new Map(projects.flatMap((project) => this.knownResult(project))))
  }

  private async readResult({ pairs }: Project): Promise<void> {
    const result = resultOf(pairs)
    if (result !== null && this.outlines.current(result.pair, result.sweep) === null)
      await this.outlines.read(result.pair, result.sweep)
  }

  /** The path of a project and its result with all evidence, unless a part of that was not read yet. */
  private knownResult({ path, pairs }: Project): [string, string | null][] {
    const result = resultOf(pairs)
    if (result === null) return [[path, null]]
    const outline = this.outlines.current(result.pair, result.sweep)
    return outline?.state === 'read' ? [[path, resultWords(pairs, outline.outlined.outline.verdict)]] : []
  }
}

async function lookAtOther(
  pair: { base: string; post: string },
  path: string
): Promise<OtherCheckpointState> {
  try {
    return { report: await inspectOther(pair, path), problem: null }
  } catch (error) {
    const problem = problemOf(error)
    if (problem === null) throw error
    return { report: null, problem }
  }
}

/** From then on the project notices when a checkpoint has changed. */
async function rememberFirstSeen(own: ProjectPair, { base, post }: PairReport): Promise<void> {
  const { location, checkpoints } = own.document
  if (location.kind === 'demo' || checkpoints !== null || own.readOnly !== null) return
  const seen = {
    base: { fingerprint: base.fingerprint, files: base.files },
    post: { fingerprint: post.fingerprint, files: post.files }
  }
  // On a full disk, say, the project can still be looked at; the next opening tries again.
  await own.rememberCheckpoints(seen).catch((error: unknown) => {
    if (problemOf(error) === null) throw error
  })
}

/**
 * One name for each project, whichever way its path was written: its folder, without links. A project may be named by
 * its project.json too. Of a path that leads nowhere, the path as it is.
 */
async function folderOf(path: string): Promise<string> {
  const absolute = absolutePath(path)
  return realpath((await isFile(absolute)) ? dirname(absolute) : absolute).catch(() => absolute)
}
