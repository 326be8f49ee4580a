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
import { createProject, type NewProjectOptions } from '../project/create-project'
import type { DemoPair } from '../../contract/model/demo-pair'
import { demoPath, openOrCreateDemo, pairPaths } from '../project/demo'
import { isFile } from '../base/files/path-kinds'
import { absolutePath } from '../base/files/paths'
import { isProject } from '../project/documents/project-file'
import { openOrFollow } from '../project/open-project'
import { readPairState } from '../project/pair-state'
import type { Project } from '../project/project'
import { ProjectFollower } from '../project/project-follower'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { noteResults, recentProjects, rememberProject } from '../project/recents'
import { problemOf, reportDefect } from '../base/rpc-problems'
import { WorkbenchError } from '../../contract/model/problem'
import { SweepOutlines } from './sweep-outlines'

/** Milliseconds that a list of projects waits for their results. */
const RESULT_MS = 1_000

/** The open projects of this process, which all windows share. A project that is not open is opened when it is used. */
export class OpenProjects {
  /** Open projects, and those being opened, by their folder. */
  private readonly opening = new Map<string, Promise<Project>>()
  /** Projects that are being closed. The end of the program waits for them. */
  private readonly closing = new Set<Promise<void>>()
  private closed = false
  readonly outlines = new SweepOutlines()
  /** Projects whose other pairs are being inspected. */
  private readonly inspecting = new WeakSet<ProjectOfPair>()
  /** States of the models of pairs, with the folders that they were read from. */
  private readonly pairStates = new WeakMap<ProjectPair, { location: PairLocation; state: PairState }>()
  private readonly followers = new WeakMap<Project, ProjectFollower>()
  /** States of a pair's other checkpoints since the pair was opened, by fingerprint and folder. */
  private readonly checkpointStates = new WeakMap<ProjectPair, Map<string, Promise<OtherCheckpointState>>>()

  async use(path: string): Promise<Project> {
    return this.share(await folderOf(path), () => openOrFollow(path))
  }

  /** Returns a project if it is open, also if its folder is gone; else null. */
  async ifOpen(path: string): Promise<Project | null> {
    return (await this.opening.get(await folderOf(path))) ?? null
  }

  /** Opens a project in a window: it becomes recent and, if possible, writable. @param id the first pair by default */
  async open(path: string, id: PairId | undefined): Promise<ProjectPair> {
    const project = await this.use(path)
    await this.followers.get(project)?.takeOver()
    return this.show(
      project,
      project.pairs.find((pair) => pair.id === id)
    )
  }

  async openDemo(pair: DemoPair): Promise<ProjectPair> {
    const open = async (): Promise<Project> => openOrCreateDemo(pair, await builtinPromptSet('demo-crc'))
    return this.show(await this.share(await folderOf(await demoPath(pair)), open))
  }

  async create(newProject: NewProjectOptions): Promise<ProjectPair> {
    if (this.closed) throw new WorkbenchError('busy', 'The program is closing.')
    const project = await createProject(newProject)
    this.opening.set(project.path, Promise.resolve(project))
    return this.show(project)
  }

  /** Returns the state of a pair's models, which are read once. */
  async pairOf(pair: ProjectPair): Promise<PairState> {
    const knownState = this.knownPair(pair)
    if (knownState !== null) return knownState
    const { location } = pair.document
    const state = await readPairState(pair)
    this.pairStates.set(pair, { location, state })
    if (state.pair !== null) await rememberFirstSeen(pair, state.pair)
    return state
  }

  /** Reads the models of a project's pairs that were not read yet, and notifies the windows after each pair. */
  async inspectOtherPairs(project: ProjectOfPair): Promise<void> {
    if (this.inspecting.has(project)) return
    this.inspecting.add(project)
    try {
      for (;;) {
        const unseen = project.pairs.find((pair) => this.knownPair(pair) === null)
        if (unseen === undefined || this.closed) return
        await this.pairOf(unseen)
        project.notifySubscribers()
      }
    } catch (error) {
      reportDefect(error, 'inspecting pairs')
    } finally {
      this.inspecting.delete(project)
    }
  }

  /** Returns the state of a pair's models without reading them; null if the state is unknown. */
  knownPair(pair: ProjectPair): PairState | null {
    const entry = this.pairStates.get(pair)
    return entry !== undefined && isDeepStrictEqual(entry.location, pair.document.location) ? entry.state : null
  }

  /** Discards the state of a pair, so that the next request inspects it again. */
  forget(pair: ProjectPair): void {
    this.pairStates.delete(pair)
    this.checkpointStates.delete(pair)
  }

  /**
   * Inspects the folders of a pair's other checkpoints, each once.
   *
   * @returns a function that lists the states in the order of a document, which may have changed meanwhile
   */
  async othersOf(pair: ProjectPair): Promise<(document: PairDocument) => OtherCheckpointState[]> {
    const states = this.checkpointStates.get(pair) ?? new Map<string, Promise<OtherCheckpointState>>()
    this.checkpointStates.set(pair, states)
    const keyOf = ({ path, fingerprint }: OtherCheckpoint): string => `${fingerprint} ${path}`
    const seen = new Map<string, OtherCheckpointState>()
    for (;;) {
      const { location, otherCheckpoints } = pair.document
      const folders = pairPaths(location)
      // Checkpoints may be added while others are inspected.
      const unseen = otherCheckpoints.filter((checkpoint) => !seen.has(keyOf(checkpoint)))
      if (unseen.length === 0) break
      for (const checkpoint of unseen) {
        const key = keyOf(checkpoint)
        const state = states.get(key) ?? readOtherState(folders, checkpoint.path)
        states.set(key, state)
        seen.set(key, await state)
      }
    }
    return ({ otherCheckpoints }) => otherCheckpoints.flatMap((checkpoint) => seen.get(keyOf(checkpoint)) ?? [])
  }

  /** Closes a project, so that other programs can write it. A project that is not open is ignored. */
  async close(path: string): Promise<void> {
    const opened = this.opening.get(await folderOf(path))
    if (opened === undefined) return
    for (const [key, value] of this.opening) if (value === opened) this.opening.delete(key)
    const closing = this.closeNow(opened)
    this.closing.add(closing)
    await closing.finally(() => this.closing.delete(closing))
  }

  private async closeNow(opened: Promise<Project>): Promise<void> {
    const project = await opened
    await this.noteResultsOf([project])
    await project.close()
  }

  async closeAll(): Promise<void> {
    this.closed = true
    await Promise.all(Array.from(this.opening.keys(), (path) => this.close(path)))
    // Other calls may have begun to close projects meanwhile.
    await Promise.all(this.closing)
  }

  /** Lists the recent projects, with the current results of open ones. @param runningOf returns running jobs */
  async recent(runningOf: (pair: ProjectPair) => JobKind[]): Promise<ListedProject[]> {
    const opened = await Promise.allSettled(new Set(this.opening.values()))
    const projects = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    await this.noteResultsOf(projects)
    const running = new Map(projects.map(({ path, pairs }) => [path, pairs.flatMap(runningOf)]))
    return (await recentProjects()).map((recent) => ({ ...recent, running: running.get(recent.path) ?? [] }))
  }

  /**
   * Returns the project of a folder, which all callers share.
   *
   * @param open opens it if it is not open, or if another folder took the place of the opened one
   */
  private async share(folder: string, open: () => Promise<Project>): Promise<Project> {
    if (this.closed) throw new WorkbenchError('busy', 'The program is closing.')
    const shared = this.opening.get(folder)
    if (shared !== undefined) {
      const project = await shared
      if ((await isProject(project.path)) && project.isInPlace) return project
      // Another caller may have opened the new folder meanwhile.
      if (this.opening.get(folder) !== shared) return this.share(folder, open)
    }
    const opened = open()
    this.opening.set(folder, opened)
    try {
      const project = await opened
      if (project.writer !== null) this.followers.set(project, new ProjectFollower(project))
      // A new project has no real path before.
      this.opening.set(project.path, opened)
      return project
    } catch (error) {
      // A folder that was moved away may come back, and work for it may be running.
      if (shared === undefined) this.opening.delete(folder)
      else this.opening.set(folder, shared)
      throw error
    }
  }

  /** Prepares a project for a window: its models are read again, and it becomes recent. */
  private async show(project: Project, pair = project.firstPair): Promise<ProjectPair> {
    this.forget(pair)
    const { path, name } = project
    await rememberProject({ path, name })
    return pair
  }

  /** Stores a sentence on each project's result for the list. A result that takes long to read is stored next time. */
  private async noteResultsOf(projects: readonly Project[]): Promise<void> {
    const read = Promise.all(projects.map((project) => this.readResult(project)))
    await Promise.race([read, delay(RESULT_MS, undefined, { ref: false })])
    await noteResults(new Map(projects.flatMap((project) => this.knownResult(project))))
  }

  /** Reads the outline of the sweep that the project's result comes from, unless it is known. */
  private async readResult({ pairs }: Project): Promise<void> {
    const result = resultOf(pairs)
    if (result !== null && this.outlines.current(result.pair, result.sweep) === null)
      await this.outlines.read(result.pair, result.sweep)
  }

  /** Returns the path of a project and its result; an empty list if the evidence was not read yet. */
  private knownResult({ path, pairs }: Project): [string, string | null][] {
    const result = resultOf(pairs)
    if (result === null) return [[path, null]]
    const outline = this.outlines.current(result.pair, result.sweep)
    return outline?.state === 'read' ? [[path, resultWords(pairs, outline.outlined.outline.verdict)]] : []
  }
}

/** Describes another checkpoint, or the problem of its folder. */
async function readOtherState(pair: { base: string; post: string }, path: string): Promise<OtherCheckpointState> {
  try {
    return { report: await inspectOther(pair, path), problem: null }
  } catch (error) {
    const problem = problemOf(error)
    if (problem === null) throw error
    return { report: null, problem }
  }
}

/** Stores the fingerprints of a pair's checkpoints, so that later changes are noticed. */
async function rememberFirstSeen(pair: ProjectPair, { base, post }: PairReport): Promise<void> {
  const { location, checkpoints } = pair.document
  if (location.kind === 'demo' || checkpoints !== null || pair.readOnly !== null) return
  const seen = {
    base: { fingerprint: base.fingerprint, files: base.files },
    post: { fingerprint: post.fingerprint, files: post.files }
  }
  // The project opens even if this fails, such as on a full disk. The next opening tries again.
  await pair.rememberCheckpoints(seen).catch((error: unknown) => {
    if (problemOf(error) === null) throw error
  })
}

/** Returns the real folder of a project. @param path the folder or a file in it */
async function folderOf(path: string): Promise<string> {
  const absolute = absolutePath(path)
  return realpath((await isFile(absolute)) ? dirname(absolute) : absolute).catch(() => absolute)
}
