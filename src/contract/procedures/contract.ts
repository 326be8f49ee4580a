import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { AnswerCheck, CheckEvent } from '../documents/answer-check'
import { ChecksumsDocument, ChecksumsEvent } from '../documents/checksums'
import { CrcPrompts, PromptScore, RecipeScore, RenderedPrompt, Selection } from '../documents/crc'
import { ShownSweep } from '../documents/shown-sweep'
import { DeviceReport } from '../model/device'
import {
  EvaluatedPrompt,
  EvaluationEvent,
  EvaluationRun,
  EvaluationView,
  TaskEntry
} from '../documents/evaluation'
import { MAX_TASK_CHARACTERS, Task } from '../documents/task'
import { JudgeEvent, JudgeSettings } from '../documents/judge'
import { DistancesDocument, DistancesEvent } from '../documents/distances'
import { ExportEvent, ExportPlan } from './export'
import { LocalPairs } from '../documents/local-pairs'
import { FolderListing } from './folders'
import { ValuesEvent } from '../documents/non-finite'
import { WhatIf, WhatIfSweep } from '../documents/what-if'
import { OtherCheckpointReport, PairReport } from '../documents/pair'
import { PairsOverview } from '../documents/pairs-overview'
import { ChatEvent, ChatQuestion } from './chat'
import { ProbeEvent } from './probe'
import { Problem } from '../model/problem'
import { RunKey, RunMarkChanges } from '../documents/history'
import { KeptId } from '../model/kept'
import {
  KeptCheckpoint,
  KeptRecipe,
  PairBrief,
  PairChanges,
  PairId,
  PairName,
  ProjectChanges,
  ProjectState,
  RecentProject,
  RecipeSource
} from '../documents/project'
import { Recipe } from '../model/recipe'
import { ReportFormat } from '../documents/report'
import {
  SampledCrc,
  SAMPLE_EXPORT_FORMATS,
  SampleEvent,
  SampleRun,
  SampleRunMeasures,
  SampleSettings,
  ShownSample,
  Variant
} from '../documents/samples'
import {
  BlindComparison,
  PREFERENCE_EXPORT_FORMATS,
  PreferenceMark,
  PreferenceTally
} from '../documents/preferences'
import { SamplePrompt, SamplePrompts } from '../documents/task'
import { AnswerFileFacts } from '../model/outside-model'
import { ShellEvent, ThemeChoice } from './shell'
import { MAX_QUEUED, QueuedWork, QueueState } from '../documents/queue'
import { SearchDocument, SearchEvent, SearchSettings, UnfinishedSearch } from '../documents/search'
import { SweepComparison } from '../documents/sweep-comparison'
import { SweepEvent, SweepProgress } from '../documents/sweep-events'
import { KnownPart } from '../documents/known-part'
import { SweepPlan } from '../documents/sweep-plan'

/** Every procedure may fail with a Problem; anything else that escapes is a defect and arrives without detail. */
const procedure = oc.errors({ WORKBENCH: { data: Problem } })

const projectPath = z.object({ path: z.string().min(1).max(4096) })
/** A pair of a project: what is computed and kept is of one. */
const ofPair = projectPath.extend({ pair: PairId })
/** A change of whole values names the revision of the project that its caller has seen: `stale` when one has changed since. */
const seen = z.number().int().nonnegative()
const oneKept = ofPair.extend({ id: KeptId })
/** The project's pairs after a change of their list. */
const pairsOf = z.object({ pairs: z.array(PairBrief) })
/** Both undo a removal: at the place it had, unless it is there again. */
const place = z.number().int().nonnegative()

const ofQueue = projectPath.extend({ id: z.uuid() })

const folderPath = z.string().min(1).max(4096)

/** What the window may ask of main. The same router answers over Electron message ports and over a WebSocket. */
export const contract = {
  app: {
    info: procedure.output(
      z.object({
        version: z.string(),
        /** desktop: native dialogs exist. browser: pick folders with folders.list. */
        entry: z.enum(['desktop', 'browser']),
        /** Project to show first, such as the one named on the command line. */
        initialProject: z.string().nullable(),
        /** Of that; null for its first. */
        initialPair: PairId.nullable(),
        /** Where new projects go unless the user says otherwise. */
        projectsFolder: z.string(),
        /** What the program runs on; `electron` in the desktop window alone. */
        versions: z.object({ node: z.string(), onnxruntime: z.string(), electron: z.string().nullable() }),
        /** Where defects are written to; null where they go to the terminal. */
        logFolder: z.string().nullable()
      })
    ),
    /** What menus and other starts of the program ask of the page; a browser has none. */
    watch: procedure.output(eventIterator(ShellEvent)),
    /** Answers `settle`. `waits`: whether edits wait for the user to say what becomes of them. */
    settled: procedure.input(z.object({ waits: z.boolean() })).output(z.void()),
    /** The page's theme, for the frame around it. */
    theme: procedure.input(z.object({ choice: ThemeChoice })).output(z.void()),
    recent: procedure.output(z.array(RecentProject)),
    forget: procedure.input(projectPath).output(z.array(RecentProject)),
    /** Pairs of models in the Hugging Face cache and the folders that the user has added; found anew at each call. */
    localPairs: procedure.output(LocalPairs),
    /** Where the user has models looked for, besides the cache. */
    modelFolders: procedure.output(z.array(folderPath)),
    addModelFolder: procedure.input(z.object({ folder: folderPath })).output(z.array(folderPath)),
    removeModelFolder: procedure.input(z.object({ folder: folderPath })).output(z.array(folderPath))
  },
  folders: {
    /** Null lists the projects folder's parent, or the home folder when that does not exist. */
    list: procedure.input(z.object({ path: folderPath.nullable() })).output(FolderListing),
    /** The native folder dialog, in `start` or the folder above it; null when cancelled. Refused in the browser. */
    pick: procedure
      .input(z.object({ title: z.string().max(200), start: z.string().max(4096).default('') }))
      .output(z.string().nullable()),
    /** Shows a file or folder in the system's file manager. Refused in the browser. */
    show: procedure.input(z.object({ path: folderPath })).output(z.void())
  },
  devices: {
    /** What this machine can compute on; `again` tries it out once more. The first answer takes some seconds. */
    list: procedure.input(z.object({ again: z.boolean() })).output(z.array(DeviceReport))
  },
  pair: {
    inspect: procedure.input(z.object({ base: folderPath, post: folderPath })).output(PairReport),
    /** Looks at another checkpoint beside the project's pair. */
    inspectOther: procedure.input(ofPair.extend({ folder: folderPath })).output(OtherCheckpointReport)
  },
  projects: {
    /** Opens the demo project in the projects folder, creating it the first time. */
    openDemo: procedure.output(ProjectState),
    /** `folder` is the parent; the project becomes `folder/name.slr`. An existing one is refused. */
    create: procedure
      .input(
        z.object({ folder: folderPath, name: z.string().min(1).max(200), base: folderPath, post: folderPath })
      )
      .output(ProjectState),
    /** @param pair the first one when left out */
    open: procedure.input(projectPath.extend({ pair: PairId.optional() })).output(ProjectState),
    /**
     * The project with one of its pairs as it is, and again after every change, whoever made it; runs, results and the jobs
     * under way included. Watching never ends by itself, and keeps the project open; it fails with `not-found` once the pair
     * is removed.
     */
    watch: procedure.input(ofPair).output(eventIterator(ProjectState)),
    /** @param pair that the answer shows */
    update: procedure.input(ofPair.extend({ seen, changes: ProjectChanges })).output(ProjectState),
    /** The whole project as a page to save, with the newest sweep unless another is named. */
    report: procedure
      .input(ofPair.extend({ format: ReportFormat, sweepId: z.string().optional() }))
      .output(z.object({ fileName: z.string(), content: z.string() })),
    close: procedure.input(projectPath).output(z.void())
  },
  pairs: {
    /** Adds a pair at the end, called after its post. */
    add: procedure
      .input(projectPath.extend({ base: folderPath, post: folderPath, name: PairName.optional() }))
      .output(pairsOf.extend({ added: PairId })),
    /** Adds a pair with all that is set for another, behind it; results are of the one that they were computed for. */
    duplicate: procedure.input(ofPair).output(pairsOf.extend({ added: PairId })),
    /** A name that is taken gets a number. */
    rename: procedure.input(ofPair.extend({ name: PairName })).output(pairsOf),
    move: procedure.input(ofPair.extend({ place })).output(pairsOf),
    /**
     * Takes a pair off the list; what lies in its folder is deleted when the project is opened the next time. Refused for the
     * only pair, and while a job of the pair runs.
     */
    remove: procedure.input(ofPair).output(pairsOf),
    /** Puts a removed pair back; `not-found` once the project was closed. */
    restore: procedure.input(ofPair.extend({ place })).output(pairsOf),
    /**
     * The pairs side by side: at once as far as they are known, again with each sweep that was read, and after every change.
     *
     * @param scoring key of what they are compared by; null: what most of them were scored by
     */
    overview: procedure
      .input(projectPath.extend({ scoring: z.string().max(10_000).nullable() }))
      .output(eventIterator(PairsOverview)),
    /** Sets values of a pair. */
    update: procedure.input(ofPair.extend({ seen, changes: PairChanges })).output(ProjectState),
    /**
     * Names the folders of a pair anew, after they were moved. Other checkpoints are taken too: results keep
     * the fingerprints of theirs. Refused for the built-in pair, and while a job of the pair runs.
     */
    relocate: procedure.input(ofPair.extend({ base: folderPath, post: folderPath })).output(ProjectState)
  },
  queue: {
    /** Puts the same work for these pairs at the end of the line, but where it waits already; a line that was paused goes on. */
    add: procedure
      .input(projectPath.extend({ pairs: z.array(PairId).min(1).max(MAX_QUEUED), work: QueuedWork }))
      .output(z.void()),
    /** The line as it is, and again after every change. Watching never ends by itself. */
    watch: procedure.input(projectPath).output(eventIterator(QueueState)),
    /** @param place in the line without it */
    move: procedure.input(ofQueue.extend({ place })).output(z.void()),
    /** Takes a job out of the line; one that runs is stopped, and keeps what it has. */
    remove: procedure.input(ofQueue).output(z.void()),
    /** Has a job that failed wait again, and the line go on. */
    retry: procedure.input(ofQueue).output(z.void()),
    /** Whether another job may begin; the one that runs goes on. */
    pause: procedure.input(projectPath.extend({ paused: z.boolean() })).output(z.void())
  },
  distances: {
    /**
     * Starts comparing the project's base with its post; refused while that goes on. Distances of these very checkpoints
     * that the project has already are not computed again.
     */
    start: procedure.input(ofPair).output(z.void()),
    /** Follows the comparison; ends at once when none runs. Aborting stops the watching, not the comparison. */
    watch: procedure.input(ofPair).output(eventIterator(DistancesEvent)),
    cancel: procedure.input(ofPair).output(z.void()),
    /** The distances of the pair as it is now, or else the newest the project has, and which member has changed since. */
    get: procedure.input(ofPair).output(
      z.object({
        distances: DistancesDocument.nullable(),
        changed: z.array(z.enum(['base', 'post']))
      })
    )
  },
  checksums: {
    /** Starts hashing all weight files of the pair; refused while that goes on. */
    start: procedure.input(ofPair).output(z.void()),
    watch: procedure.input(ofPair).output(eventIterator(ChecksumsEvent)),
    cancel: procedure.input(ofPair).output(z.void()),
    /** What was hashed of the checkpoints as they are now. */
    get: procedure
      .input(ofPair)
      .output(z.object({ base: ChecksumsDocument.nullable(), post: ChecksumsDocument.nullable() }))
  },
  values: {
    /** Starts looking for NaN and infinity in the weights of the pair; refused while that goes on. */
    start: procedure.input(ofPair).output(z.void()),
    watch: procedure.input(ofPair).output(eventIterator(ValuesEvent)),
    cancel: procedure.input(ofPair).output(z.void())
  },
  prompts: {
    /** The built-in prompt sets. */
    builtin: procedure.output(z.array(z.object({ id: z.string(), name: z.string(), prompts: CrcPrompts }))),
    /** Saves the set that the pair uses: its own where it has one, else the one that the project's pairs share. */
    save: procedure.input(ofPair.extend({ seen, prompts: CrcPrompts })).output(ProjectState),
    /** Gives a pair a set of its own; null has it use the one that the project's pairs share. */
    own: procedure.input(ofPair.extend({ prompts: CrcPrompts.nullable() })).output(ProjectState),
    /** The exact text and tokens each prompt becomes under the project's rendering. */
    render: procedure
      .input(ofPair)
      .output(z.object({ prompts: z.array(RenderedPrompt), notices: z.array(z.string()) }))
  },
  sweeps: {
    /** Starts the project's sweep of all ranges and kept recipes; refused while one runs. It outlives the window. */
    start: procedure
      .input(
        ofPair.extend({
          /** Whether to compute also what an interrupted or the last sweep has computed. */
          fresh: z.boolean().default(false),
          /** Whether ranges that cannot be selected are scored on a few prompts only. */
          preview: z.boolean().default(false)
        })
      )
      .output(z.object({ sweepId: z.string() })),
    /** How much of the project's sweep need not be computed, because an interrupted or the last one did. */
    known: procedure.input(ofPair).output(
      z.object({
        known: KnownPart,
        /** Whether a sweep of them was stopped before its end; otherwise the last finished one knows them. */
        interrupted: z.boolean()
      })
    ),
    /**
     * What the project's next sweep would do of what is not known, how much memory and about how long it would take, tried
     * out in a moment; null when nothing is left to compute. Refused while a job of the project runs, and cancelled by
     * one that starts.
     */
    plan: procedure.input(ofPair).output(SweepPlan.nullable()),
    /** Follows the running sweep; ends at once when none runs. Aborting stops the watching, not the sweep. */
    watch: procedure.input(ofPair).output(eventIterator(SweepEvent)),
    cancel: procedure.input(ofPair).output(z.void()),
    /** Without what each prompt has of its models. */
    get: procedure.input(ofPair.extend({ sweepId: z.string() })).output(ShownSweep),
    /** What each prompt has of one model, in their order. @param model its key, in the sweep or in the search from it */
    scores: procedure
      .input(ofPair.extend({ sweepId: z.string(), model: z.string().max(100_000) }))
      .output(z.array(PromptScore)),
    /** Selects again with another rho, and with what a check has found; the stored document keeps what it was saved with. */
    select: procedure
      .input(ofPair.extend({ sweepId: z.string(), rho: z.number().min(0).max(1) }))
      .output(Selection),
    /** The sweep under another limit, sampler or number of draws, from what it has kept; nothing of it is stored. */
    whatIf: procedure.input(ofPair.extend({ sweepId: z.string(), asked: WhatIf })).output(WhatIfSweep),
    /** The sweep beside another of the project, both selecting with this rho; nothing of it is stored. */
    compare: procedure
      .input(
        ofPair.extend({
          sweepId: z.string(),
          /** What names the other, apart from the project. */
          other: z.object({ pair: PairId, sweepId: z.string() }),
          rho: z.number().min(0).max(1)
        })
      )
      .output(SweepComparison),
    /** Scores a recipe as the sweep scored its ranges, and adds it to the sweep; a stream that ends with the score. */
    scoreRecipe: procedure
      .input(ofPair.extend({ sweepId: z.string(), recipe: Recipe }))
      .output(
        eventIterator(
          z.discriminatedUnion('type', [
            z.object({ type: z.literal('progress'), progress: SweepProgress }),
            z.object({ type: z.literal('scored'), score: RecipeScore })
          ])
        )
      )
  },
  checks: {
    /**
     * Starts checking recipes on whole answers to a sweep's prompts, or without any the best ranges that were not checked yet;
     * refused while a job of the project runs. It outlives the window.
     */
    start: procedure
      .input(
        ofPair.extend({
          sweepId: z.string(),
          rho: z.number().min(0).max(1),
          recipes: z.array(Recipe).max(100)
        })
      )
      .output(z.void()),
    /** Follows the running check; ends at once when none runs. Aborting stops the watching, not the check. */
    watch: procedure.input(ofPair).output(eventIterator(CheckEvent)),
    cancel: procedure.input(ofPair).output(z.void()),
    /** What was checked of a sweep; null when nothing was. */
    get: procedure.input(ofPair.extend({ sweepId: z.string() })).output(AnswerCheck.nullable())
  },
  searches: {
    /** Starts growing recipes from a sweep's best ranges; refused while a job of the project runs. It outlives the window. */
    start: procedure
      .input(
        ofPair.extend({
          sweepId: z.string(),
          rho: z.number().min(0).max(1),
          settings: SearchSettings,
          /** Whether to compute also what an interrupted search has computed. */
          fresh: z.boolean().default(false)
        })
      )
      .output(z.void()),
    /** The search from a sweep that was stopped before its end; null when there is none. */
    unfinished: procedure.input(ofPair.extend({ sweepId: z.string() })).output(UnfinishedSearch.nullable()),
    /** Follows the running search; ends at once when none runs. Aborting stops the watching, not the search. */
    watch: procedure.input(ofPair).output(eventIterator(SearchEvent)),
    cancel: procedure.input(ofPair).output(z.void()),
    /** A search from a sweep, or the latest where none is named; null when there is none. */
    get: procedure
      .input(ofPair.extend({ sweepId: z.string(), id: z.string().optional() }))
      .output(SearchDocument.nullable())
  },
  history: {
    /** Names, notes or pins a run. */
    mark: procedure.input(ofPair.extend({ seen, run: RunKey, changes: RunMarkChanges })).output(ProjectState),
    /** Deletes a run, which can be restored. Refused while a job of the pair runs. */
    delete: procedure
      .input(ofPair.extend({ run: RunKey }))
      .output(z.object({ deletion: z.uuid(), project: ProjectState })),
    /** Brings back what was deleted. */
    restore: procedure.input(ofPair.extend({ deletion: z.uuid() })).output(ProjectState),
    /** Deletes what was deleted for good. */
    destroy: procedure.input(ofPair.extend({ deletion: z.uuid() })).output(ProjectState)
  },
  probes: {
    /**
     * What post, a recipe and base would say next after a prompt in the project's rendering, one model after the other.
     * Refused while a job of the project runs, and cancelled by one that starts.
     */
    next: procedure
      .input(ofPair.extend({ recipe: Recipe, prompt: z.string().min(1).max(100_000) }))
      .output(eventIterator(ProbeEvent))
  },
  chat: {
    /**
     * The next answers of some models, each to its own conversation, as they are written; stored nowhere. Refused while a job of
     * the project runs, and cancelled by one that starts.
     */
    answer: procedure.input(ofPair.extend(ChatQuestion.shape)).output(eventIterator(ChatEvent))
  },
  recipes: {
    /** Keeps a recipe; a name that is taken gets a number, since sweeps and samples report recipes by name. */
    keep: procedure
      .input(ofPair.extend({ recipe: Recipe, source: RecipeSource }))
      .output(z.object({ id: KeptId, project: ProjectState })),
    /** Puts another recipe in the place of a kept one, which stays who it is. */
    edit: procedure
      .input(oneKept.extend({ seen, recipe: Recipe, source: RecipeSource }))
      .output(ProjectState),
    rename: procedure.input(oneKept.extend({ name: Recipe.options[0].shape.name })).output(ProjectState),
    remove: procedure.input(oneKept).output(ProjectState),
    putBack: procedure.input(ofPair.extend({ kept: KeptRecipe, place })).output(ProjectState),
    /** Reads the text of a mergekit file over the project's two models; refused where it says more than a recipe can. */
    readMergekit: procedure
      .input(ofPair.extend({ fileName: z.string().min(1).max(1000), content: z.string().max(5_000_000) }))
      .output(Recipe)
  },
  checkpoints: {
    /** Adds what lies in a folder, under its name, or takes it as it is now where the project has that folder already. */
    add: procedure.input(ofPair.extend({ folder: folderPath })).output(ProjectState),
    /** Names the folder where a checkpoint is now, and takes what lies there for it. */
    relocate: procedure.input(oneKept.extend({ folder: folderPath })).output(ProjectState),
    rename: procedure.input(oneKept.extend({ name: KeptCheckpoint.shape.name })).output(ProjectState),
    remove: procedure.input(oneKept).output(ProjectState),
    putBack: procedure.input(ofPair.extend({ kept: KeptCheckpoint, place })).output(ProjectState)
  },
  exports: {
    /** What an export would write, file by file, and whether it can be written at `target`. */
    plan: procedure
      .input(ofPair.extend({ recipe: Recipe, target: folderPath.nullable() }))
      .output(ExportPlan),
    /** Starts writing; refused while the project is being exported already. It outlives the window. */
    start: procedure
      .input(ofPair.extend({ recipe: Recipe, target: folderPath, overwrite: z.boolean() }))
      .output(z.object({ exportId: z.string() })),
    /** Follows the running export; ends at once when none runs. Aborting stops the watching, not the export. */
    watch: procedure.input(ofPair).output(eventIterator(ExportEvent)),
    cancel: procedure.input(ofPair).output(z.void())
  },
  samples: {
    /** The built-in open prompts. */
    builtinPrompts: procedure.output(SamplePrompts),
    /** Reads prompts from the text of a file: .txt a line each, .jsonl and .csv with a `text` (or `prompt`, `question`) field. */
    readPrompts: procedure
      .input(z.object({ fileName: z.string().max(1000), content: z.string().max(MAX_TASK_CHARACTERS) }))
      .output(SamplePrompts),
    /** What a file of answers holds, and whose they are: a variant can be answered by it. */
    answerFile: procedure.input(z.object({ path: folderPath })).output(AnswerFileFacts),
    savePrompts: procedure.input(ofPair.extend({ seen, prompts: SamplePrompts })).output(ProjectState),
    /** The exact text and tokens a prompt becomes. */
    render: procedure
      .input(ofPair.extend({ prompt: SamplePrompt }))
      .output(
        z.object({ rendered: z.string(), tokens: z.array(z.number().int()), notices: z.array(z.string()) })
      ),
    /** The sampler settings that post's generation config asks for, or the paper's where it has none. */
    defaults: procedure.input(ofPair).output(SampleSettings),
    /** Starts a run over the project's sample prompts; refused while a job of the project runs. It outlives the window. */
    start: procedure
      .input(ofPair.extend({ settings: SampleSettings, variants: z.array(Variant).min(1).max(20) }))
      .output(z.object({ runId: z.string() })),
    /** Goes on with a stored run until every prompt and variant has `sampleCount` answers; finished ones stay. */
    more: procedure
      .input(ofPair.extend({ runId: z.string(), sampleCount: z.number().int().min(1).max(100_000) }))
      .output(z.object({ runId: z.string() })),
    watch: procedure.input(ofPair).output(eventIterator(SampleEvent)),
    cancel: procedure.input(ofPair).output(z.void()),
    get: procedure
      .input(ofPair.extend({ runId: z.string() }))
      .output(z.object({ run: SampleRun, samples: z.array(ShownSample), measures: SampleRunMeasures })),
    /** Decides blind comparisons of a run, and takes decisions back. */
    mark: procedure
      .input(
        ofPair.extend({
          runId: z.string(),
          decided: z.array(PreferenceMark),
          undecided: z.array(BlindComparison)
        })
      )
      .output(ProjectState),
    /** What the blind comparisons of a run came to, for each size of sets; empty when there were none. */
    preferences: procedure.input(ofPair.extend({ runId: z.string() })).output(z.array(PreferenceTally)),
    /** The blind comparisons of a run as a file. */
    exportPreferences: procedure
      .input(ofPair.extend({ runId: z.string(), format: z.enum(PREFERENCE_EXPORT_FORMATS) }))
      .output(z.object({ fileName: z.string(), content: z.string() })),
    export: procedure
      .input(ofPair.extend({ runId: z.string(), format: z.enum(SAMPLE_EXPORT_FORMATS) }))
      .output(z.object({ fileName: z.string(), content: z.string() })),
    /** The latest scores of the project's CRC prompts from whole answers; null when there are none. */
    crcScores: procedure.input(ofPair).output(SampledCrc.nullable()),
    /** Scores the project's CRC prompts from whole generated answers; a stream that ends with the kept scores. */
    scoreCrc: procedure
      .input(ofPair.extend({ settings: SampleSettings, variants: z.array(Variant).min(1).max(20) }))
      .output(
        eventIterator(
          z.discriminatedUnion('type', [
            z.object({ type: z.literal('progress'), done: z.number().int(), total: z.number().int() }),
            z.object({ type: z.literal('scores'), result: SampledCrc })
          ])
        )
      )
  },
  evaluations: {
    /** Tasks that ship with the program, and the project's own. */
    tasks: procedure.input(ofPair).output(z.array(TaskEntry)),
    /** Reads the text of a file as a task: one that was exported, or prompts with answers (.json, .jsonl, .csv, .txt). */
    readTask: procedure
      .input(z.object({ fileName: z.string().max(1000), content: z.string().max(MAX_TASK_CHARACTERS) }))
      .output(Task),
    /** Adds a task to the project, or replaces the one of its id. */
    saveTask: procedure.input(ofPair.extend({ task: Task })).output(z.array(TaskEntry)),
    /** Starts a run of a task; refused while a job of the project runs. It outlives the window. */
    start: procedure
      .input(
        ofPair.extend({
          task: Task,
          variants: EvaluationRun.shape.variants,
          /** Folder of a sentence-embedding model; left out: answers are compared by post's own states. */
          embeddingModel: z.string().min(1).max(4096).optional()
        })
      )
      .output(z.object({ evaluationId: z.string() })),
    /** Goes on with a run that was stopped; what is stored is not computed again. */
    resume: procedure
      .input(ofPair.extend({ evaluationId: z.string() }))
      .output(z.object({ evaluationId: z.string() })),
    watch: procedure.input(ofPair).output(eventIterator(EvaluationEvent)),
    cancel: procedure.input(ofPair).output(z.void()),
    /** What the answers so far say; variants against the one named `against`: post, or else the first, when left out. */
    get: procedure
      .input(ofPair.extend({ evaluationId: z.string(), against: z.string().max(1000).optional() }))
      .output(EvaluationView),
    /**
     * Has the answers marked by the endpoint that the settings name; a stream, and its end ends the work. Prompts and answers
     * leave the program. The key is used for this time and stored nowhere.
     */
    judge: procedure
      .input(
        ofPair.extend({
          evaluationId: z.string(),
          settings: JudgeSettings,
          apiKey: z.string().max(10_000).optional()
        })
      )
      .output(eventIterator(JudgeEvent)),
    /** The answers to one prompt, and how they lie. */
    prompt: procedure
      .input(ofPair.extend({ evaluationId: z.string(), prompt: z.number().int().min(0) }))
      .output(EvaluatedPrompt)
  }
}
export type Contract = typeof contract
