type Labels = Readonly<Record<string, string>>

/** Metrics of the API server, in the text format of Prometheus. */
export class ServerMetrics {
  readonly requests = new Counter('slr_requests_total', 'Requests by path and status.')
  readonly promptTokens = new Counter('slr_prompt_tokens_total', 'Tokens of prompts by model.')
  readonly generatedTokens = new Counter('slr_generated_tokens_total', 'Tokens of answers by model.')
  readonly firstToken = new Summary('slr_first_token_seconds', 'Time from a request to its first token.')
  /** Number of answers that run or wait. */
  answers = 0
  private readonly startedMs = performance.now()

  get text(): string {
    const uptime = (performance.now() - this.startedMs) / 1000
    return [
      ...[this.requests, this.promptTokens, this.generatedTokens, this.firstToken].flatMap(({ lines }) => lines),
      ...gauge('slr_answers_in_progress', 'Answers that run or wait.', this.answers),
      ...gauge('slr_uptime_seconds', 'Time since the start.', uptime),
      ''
    ].join('\n')
  }
}

const header = (name: string, help: string, type: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`
]

const gauge = (name: string, help: string, value: number): string[] => [
  ...header(name, help, 'gauge'),
  `${name} ${value}`
]

/** A number that only grows, one for each combination of labels. */
class Counter {
  private readonly values = new Map<string, number>()

  constructor(
    private readonly name: string,
    private readonly help: string
  ) {}

  add(labels: Labels, value = 1): void {
    const key = Object.entries(labels)
      .map(([label, text]) => `${label}="${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
      .join()
    const before = this.values.get(key)
    this.values.set(key, before === undefined ? value : before + value)
  }

  get total(): number {
    return [...this.values.values()].reduce((sum, value) => sum + value, 0)
  }

  get lines(): string[] {
    const samples = [...this.values].map(([key, value]) => `${this.name}{${key}} ${value}`)
    return [...header(this.name, this.help, 'counter'), ...samples]
  }
}

/** Count and sum of observed values. */
class Summary {
  private count = 0
  private sum = 0

  constructor(
    private readonly name: string,
    private readonly help: string
  ) {}

  observe(value: number): void {
    this.count++
    this.sum += value
  }

  get lines(): string[] {
    return [
      ...header(this.name, this.help, 'summary'),
      `${this.name}_sum ${this.sum}`,
      `${this.name}_count ${this.count}`
    ]
  }
}
